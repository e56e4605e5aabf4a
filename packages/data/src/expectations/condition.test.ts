import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  closeEngine,
  type Expectation,
  expectations,
  float,
  int,
  type Relation,
  relationOf,
  rowSchema,
  string,
  timestamp,
} from '../index.ts'
import type { RowCondition } from './condition.ts'
import { parseCondition } from './conditionText.ts'

type Row = { id: number; x: number | null; 'my "col"': string | null; when: string }
let data: Relation<Row>
beforeAll(async () => {
  data = (await relationOf(
    [
      { id: 1, x: 1, 'my "col"': 'a', when: '2020-01-01T00:00:00Z' },
      { id: 2, x: null, 'my "col"': "b'c", when: '2020-01-02T00:00:00Z' },
      { id: 3, x: 5, 'my "col"': null, when: '2020-01-03T00:00:00Z' },
      { id: 4, x: 7, 'my "col"': 'a', when: '2020-01-04T00:00:00Z' },
    ],
    {
      schema: rowSchema({
        id: int(),
        x: float({ nullable: true }),
        'my "col"': string({ nullable: true }),
        when: timestamp(),
      }),
    },
  )) as unknown as Relation<Row>
})
afterAll(closeEngine)

/** The rows that a condition looks at. */
async function looked(where: Expectation['where']): Promise<number[] | string> {
  const [{ status, message, sample }] = await expectations(data as unknown as Relation, [
    { type: 'null', column: 'id', where },
  ])
  return status === 'error' ? message! : (sample as number[])
}

test('conditions as text are read as those of Great Expectations and of pandas', async () => {
  expect(parseCondition('col("x") > 5 and not (y == "a" or `z z` <= -1.5e3)')).toEqual({
    and: [
      { column: 'x', operator: '>', value: 5 },
      {
        not: {
          or: [
            { column: 'y', operator: '==', value: 'a' },
            { column: 'z z', operator: '<=', value: -1500 },
          ],
        },
      },
    ],
  })
  expect(parseCondition('1 < x <= 5')).toEqual({
    and: [
      { column: 'x', operator: '>', value: 1 },
      { column: 'x', operator: '<=', value: 5 },
    ],
  })
  expect(parseCondition('(x > 1) & (y in ["a", "b"]) | z.isnull()')).toEqual({
    or: [
      {
        and: [
          { column: 'x', operator: '>', value: 1 },
          { column: 'y', operator: 'in', value: ['a', 'b'] },
        ],
      },
      { column: 'z', operator: 'isNull' },
    ],
  })
  expect(parseCondition('col("d") >= date("2020-01-01")')).toEqual({ column: 'd', operator: '>=', value: '2020-01-01' })
  expect(parseCondition('col("x").notnull()')).toEqual({ column: 'x', operator: 'notNull' })
  expect(parseCondition('x not in (1, 2)')).toEqual({ column: 'x', operator: 'notIn', value: [1, 2] })
  expect(parseCondition('flag == True')).toEqual({ column: 'flag', operator: '==', value: true })
  expect(parseCondition('x == [1, 2]')).toEqual({ column: 'x', operator: 'in', value: [1, 2] })
})

test('text, plain data and trees look at the same rows; a missing value compares with nothing', async () => {
  expect(await looked('x > 1')).toEqual([3, 4])
  expect(await looked({ column: 'x', operator: '>', value: 1 })).toEqual([3, 4])
  expect(await looked(({ gt, literal }) => gt('x', literal(1)))).toEqual([3, 4])
  expect(await looked('x != 5')).toEqual([1, 4])
  expect(await looked('not x == 5')).toEqual([1, 4])
  expect(await looked('x.isnull()')).toEqual([2])
  expect(await looked('x.isnull() or `my "col"` is null')).toEqual([2, 3])
  expect(await looked(`\`my "col"\` == "b'c"`)).toEqual([2])
  expect(await looked('when >= date("2020-01-03")')).toEqual([3, 4])
  expect(await looked('x < id')).toEqual([])
  expect(await looked('x > id')).toEqual([3, 4])
  expect(await looked({ not: { column: 'id', operator: 'in', value: [1, 2] } })).toEqual([3, 4])
})

test('what does not compare is the error of that expectation alone', async () => {
  expect(await looked('y > 1')).toMatch(/no column "y"/)
  expect(await looked('x > "a"')).toBe('the column "x" is DOUBLE and cannot be compared with "a"')
  expect(await looked('when > "soon"')).toMatch(/cannot be compared/)
})

test('a condition is parsed and never passed on', () => {
  for (const text of [
    'x > 1; DROP TABLE y',
    'x > 1) OR (1 = 1',
    '1 == 1',
    'x > (SELECT 1)',
    "x == 'a' -- ",
    '',
    'x',
    'x >',
    'f(x) > 1',
    'x.str.len() > 1',
    '@y > 1',
  ])
    expect(() => parseCondition(text), text).toThrow(expect.objectContaining({ code: 'EXPECTATION_INVALID' }))
})

test('conditions that make no sense are refused when they are stated', async () => {
  const refused = async (where: unknown) =>
    await expect(
      expectations(data as unknown as Relation, [{ type: 'notNull', column: 'id', where: where as RowCondition }]),
    ).rejects.toThrow(expect.objectContaining({ code: 'EXPECTATION_INVALID' }))
  await refused({ column: 'x', operator: '~', value: 1 })
  await refused({ column: 'x', operator: '==', value: null })
  await refused({ column: 'x', operator: 'in', value: 1 })
  await refused({ and: [] })
  await refused({ or: Array.from({ length: 101 }, (_, i) => ({ column: 'x', operator: '==', value: i })) })
})
