import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { closeEngine, type Expectation, expectations, float, type Relation, relationOf, rowSchema } from '../index.ts'

afterAll(closeEngine)

type Value = number | null
const value: fc.Arbitrary<Value> = fc.option(fc.integer({ min: -3, max: 3 }), { nil: null })
const table = fc.array(fc.record({ a: value, b: value }), { maxLength: 25 })
const schema = rowSchema({ a: float({ nullable: true }), b: float({ nullable: true }) })

type Row = { a: Value; b: Value }
interface Law {
  readonly expectation: Expectation
  readonly ignored: (row: Row) => boolean
  /** Whether row i of those that are looked at is unexpected. */
  readonly bad: (row: Row, looked: readonly Row[], i: number) => boolean
}
const noA = ({ a }: Row) => a === null
const noBoth = ({ a, b }: Row) => a === null && b === null
const times = (rows: readonly Row[], test: (row: Row) => boolean) => rows.filter(test).length

const laws: readonly Law[] = [
  {
    expectation: { type: 'between', column: 'a', min: -1, strictMin: true, max: 2 },
    ignored: noA,
    bad: ({ a }) => !(a! > -1 && a! <= 2),
  },
  { expectation: { type: 'inSet', column: 'a', values: [0, 2] }, ignored: noA, bad: ({ a }) => ![0, 2].includes(a!) },
  { expectation: { type: 'notNull', column: 'a' }, ignored: () => false, bad: noA },
  {
    expectation: { type: 'unique', column: 'a' },
    ignored: noA,
    bad: (row, rows) => times(rows, ({ a }) => a === row.a) > 1,
  },
  {
    expectation: { type: 'increasing', column: 'a' },
    ignored: noA,
    bad: ({ a }, rows, i) => i > 0 && a! < rows[i - 1].a!,
  },
  {
    expectation: { type: 'decreasing', column: 'a', strictly: true },
    ignored: noA,
    bad: ({ a }, rows, i) => i > 0 && a! >= rows[i - 1].a!,
  },
  {
    expectation: { type: 'compoundUnique', columns: ['a', 'b'] },
    ignored: noBoth,
    bad: (row, rows) => times(rows, ({ a, b }) => a === row.a && b === row.b) > 1,
  },
  {
    expectation: { type: 'columnPairEqual', columns: ['a', 'b'], ignoreRowIf: 'never' },
    ignored: () => false,
    bad: ({ a, b }) => a === null || a !== b,
  },
  {
    expectation: { type: 'multicolumnEqual', columns: ['a', 'b'], ignoreRowIf: 'never' },
    ignored: () => false,
    bad: ({ a, b }) => a !== b,
  },
  { expectation: { type: 'uniqueWithinRecord', columns: ['a', 'b'] }, ignored: noBoth, bad: ({ a, b }) => a === b },
  {
    expectation: { type: 'columnPairGreater', columns: ['a', 'b'] },
    ignored: noBoth,
    bad: ({ a, b }) => a === null || b === null || !(a > b),
  },
  {
    expectation: { type: 'multicolumnSumEqual', columns: ['a', 'b'], total: 1 },
    ignored: noBoth,
    bad: ({ a, b }) => (a ?? 0) + (b ?? 0) !== 1,
  },
  {
    expectation: {
      type: 'columnPairInSet',
      columns: ['a', 'b'],
      pairs: [
        [0, null],
        [1, 1],
      ],
    },
    ignored: noBoth,
    bad: ({ a, b }) => !((a === 0 && b === null) || (a === 1 && b === 1)),
  },
]

test('counts, places and verdicts are those of a look at every row, with and without a condition', async () => {
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.boolean(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (rows, filtered, mostly) => {
        const data = (await relationOf(rows, { schema })) as unknown as Relation
        const kept = rows.map((row, i) => ({ ...row, i })).filter(({ b }) => !filtered || (b !== null && b >= 0))
        const results = await expectations(
          data,
          laws.map(
            ({ expectation }) => ({ ...expectation, mostly, ...(filtered ? { where: 'b >= 0' } : {}) }) as Expectation,
          ),
          { samples: 100 },
        )
        laws.forEach(({ expectation, ignored, bad }, k) => {
          const looked = kept.filter((row) => !ignored(row))
          const wrong = looked.filter((row, i) => bad(row, looked, i))
          const holds = looked.length === 0 || (looked.length - wrong.length) / looked.length >= mostly
          const { elements, missing, unexpected, status, rows: places } = results[k]
          expect({ type: expectation.type, elements, missing, unexpected, status }).toEqual({
            type: expectation.type,
            elements: kept.length,
            missing: kept.length - looked.length,
            unexpected: wrong.length,
            status: holds ? 'pass' : 'fail',
          })
          if (!holds) expect(places).toEqual(wrong.map(({ i }) => i))
        })
      },
    ),
    { numRuns: 40, seed: 5 },
  )
}, 60_000)

test('what is drawn or learned is the same from run to run', async () => {
  const data = (await relationOf(
    Array.from({ length: 300 }, (_, i) => ({ a: Math.sin(i) * 10, b: i % 7 })),
    { schema },
  )) as unknown as Relation
  const list: Expectation[] = [
    { type: 'klDivergenceLess', column: 'a', threshold: 0 },
    { type: 'klDivergenceLess', column: 'b', bucketize: false, threshold: 0 },
    { type: 'bootstrappedKsAbove', column: 'a', partition: { bins: [-10, 0, 10], weights: [0.5, 0.5] }, samples: 50 },
  ]
  const [first, second] = [await expectations(data, list), await expectations(data, list)]
  expect(first).toEqual(second)
  expect(first.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass'])
  const { observed_partition: learned } = first[0].details as {
    observed_partition: { bins: number[]; weights: number[] }
  }
  expect(learned.weights.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
  expect(learned.bins).toHaveLength(learned.weights.length + 1)
})
