import { afterAll, expect, test } from 'vitest'
import {
  closeEngine,
  float,
  fromGreatExpectations,
  parameter,
  type Relation,
  relationOf,
  rowSchema,
  type SuiteResult,
  type SuiteWindow,
  suite,
  toGreatExpectations,
} from '../index.ts'

afterAll(closeEngine)
const table = async (...x: (number | null)[]) =>
  (await relationOf({ x }, { schema: rowSchema({ x: float({ nullable: true }) }) })) as unknown as Relation
const window = (parameter: string, more: Partial<SuiteWindow> = {}): SuiteWindow => ({
  constraint: 'mean',
  parameter,
  range: 3,
  offset: { positive: 0.1, negative: 0.2 },
  ...more,
})
const meanFollows = (more: Partial<SuiteWindow> = {}) =>
  suite('s', [
    {
      expectation: { type: 'meanBetween', column: 'x', min: parameter('low'), max: parameter('high') },
      windows: [window('low', more), window('high', more)],
    },
  ])

test('a threshold follows what was measured, lowered or raised by its share', async () => {
  const follows = meanFollows()
  const history: SuiteResult[] = []
  for (const x of [1, 10, 20, 30]) {
    const result = await follows.run(await table(x, x), { history })
    history.push({ ...result, ok: true })
  }
  expect(history[0].results[0]).toMatchObject({ status: 'pass', vacuous: true, observed: 1 })
  // the mean of 1 and 10 is 5.5, of 10, 20 and 30 it is 20
  expect(history[2].results[0]).toMatchObject({
    status: 'fail',
    expectation: { min: expect.closeTo(4.4, 12), max: expect.closeTo(6.05, 12) },
  })
  const [next] = (await follows.run(await table(21), { history })).results
  expect(next).toMatchObject({ status: 'pass', vacuous: false, expectation: { min: 16, max: 22 } })
})

test('a strict window wants its whole past, and one that is not known is an error', async () => {
  const first = await meanFollows().run(await table(1))
  const [strict] = (await meanFollows({ strict: true }).run(await table(1), { history: [first, first] })).results
  expect(strict).toMatchObject({ status: 'error', observed: 1, message: expect.stringMatching(/3 past runs.* are 2/) })
  const enough = await meanFollows({ strict: true }).run(await table(1), { history: [first, first, first] })
  expect(enough.ok).toBe(true)
  const [unknown] = (await meanFollows({ constraint: 'forecast' }).run(await table(1), { history: [first] })).results
  expect(unknown).toMatchObject({ status: 'error', message: expect.stringMatching(/forecast.*median/) })
  expect(() => meanFollows({ range: 0 })).toThrow(/0 past runs/)
})

test('rows follow the share that was as expected, found by the id of the expectation', async () => {
  const complete = suite('s', [
    {
      id: 'a',
      expectation: { type: 'notNull', column: 'x', mostly: parameter('share') },
      windows: [window('share', { constraint: 'min' })],
    },
  ])
  const before = await complete.run(await table(1, 2, 3, null, 5))
  expect(before.results[0]).toMatchObject({ status: 'pass', vacuous: true })
  const [now] = (await complete.run(await table(1, null, null), { history: [before] })).results
  expect(now).toMatchObject({ status: 'fail', expectation: { mostly: expect.closeTo(0.64, 12) } })
})

test('windows of Great Expectations are read and written', () => {
  const json = {
    name: 's',
    expectations: [
      {
        type: 'expect_column_mean_to_be_between',
        kwargs: {
          column: 'x',
          min_value: { $PARAMETER: 'low' },
          windows: [
            {
              constraint_fn: 'mean',
              parameter_name: 'low',
              range: 5,
              offset: { positive: 0.1, negative: 0.2 },
              strict: false,
            },
          ],
        },
        meta: {},
      },
    ],
    meta: {},
    notes: null,
  }
  const read = fromGreatExpectations(json)
  expect(read.items[0].windows?.[0]).toMatchObject({ constraint: 'mean', parameter: 'low', range: 5 })
  expect(toGreatExpectations(read)).toEqual(json)
})
