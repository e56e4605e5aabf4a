import fc from 'fast-check'
import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { date, float, rowSchema, string } from '../schema.ts'
import { compareProfiles, mergeProfiles, profile } from './index.ts'

const schema = rowSchema({
  x: float({ nullable: true }),
  s: string({ nullable: true }),
  d: date({ nullable: true }),
})
interface Row {
  readonly x: number | null
  readonly s: string | null
  readonly d: string | null
}
const described = async (rows: readonly Row[]) => profile(await relationOf(rows, { schema }), { minimal: true })

const day = (n: number): string => new Date(Date.UTC(1969, 0, 1) + n * 86_400_000).toISOString().slice(0, 10)
const row = fc.record({
  x: fc.oneof(
    fc.constant(null),
    fc.integer({ min: -20, max: 20 }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((v) => v + 0),
  ),
  s: fc.oneof(fc.constant(null), fc.string({ maxLength: 6 }), fc.constantFrom('a', 'b', 'c')),
  d: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 2000 }).map(day)),
})

/** Relative to the size of what is added up. */
const near = (a: number | null, b: number | null, size = 1): void => {
  if (a === null || b === null) expect(a).toBe(b)
  else expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, size, Math.abs(b)))
}

test('the profile of all rows is the merge of the parts: exact where it says so, within its errors else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(row, { maxLength: 120 }), { minLength: 2, maxLength: 4 }), async (parts) => {
      const whole = await described(parts.flat())
      const merged = mergeProfiles(...(await Promise.all(parts.map(described))))
      expect(merged.rows).toBe(whole.table.rows)
      for (const [i, column] of merged.columns.entries()) {
        const truth = whole.columns[i].sketch!
        const { sketch } = column
        for (const key of ['rows', 'missing', 'nan', 'infinite', 'zeros', 'negative'] as const)
          expect([key, sketch[key]]).toEqual([key, truth[key]])
        const [m, t] = [sketch.moments, truth.moments]
        expect(m === null).toBe(t === null)
        if (m && t) {
          expect([m.n, m.min, m.max]).toEqual([t.n, t.min, t.max])
          const scale = Math.max(Math.abs(t.min), Math.abs(t.max))
          near(m.mean, t.mean, scale)
          near(m.m2, t.m2, t.n * scale ** 2)
          near(m.m3, t.m3, t.n * scale ** 3)
          near(m.m4, t.m4, t.n * scale ** 4)
        }
        if (column.distinctError === 0) expect(column.distinct).toBe(truth.distinct)
        else
          expect(Math.abs(column.distinct - truth.distinct)).toBeLessThanOrEqual(
            3 + 5 * column.distinctError * truth.distinct,
          )
        // the bounds of frequent values
        const values = parts
          .flat()
          .map((r) => [r.x, r.s, r.d][i])
          .filter((v) => v !== null)
        const times = (value: unknown): number => values.filter((v) => v === value).length
        for (const { value, count, more = 0 } of sketch.top.values) {
          expect(times(value)).toBeGreaterThanOrEqual(count)
          expect(times(value)).toBeLessThanOrEqual(count + more)
        }
        const listed = new Set<unknown>(sketch.top.values.map(({ value }) => value))
        for (const value of new Set(values))
          if (!listed.has(value)) expect(times(value)).toBeLessThanOrEqual(sketch.top.unlisted)
        // the true rank of a quantile
        if (column.quantiles && i === 0) {
          const numbers = (values as number[]).sort((a, b) => a - b)
          for (const [k, q] of column.quantiles.entries()) {
            const below = numbers.filter((v) => v < q!).length / numbers.length
            const upTo = numbers.filter((v) => v <= q!).length / numbers.length
            const p = [0.05, 0.25, 0.5, 0.75, 0.95][k]
            const slack = column.rankError! + 1 / numbers.length + 1e-9
            expect(below).toBeLessThanOrEqual(p + slack)
            expect(upTo).toBeGreaterThanOrEqual(p - slack)
          }
        }
      }
    }),
    { numRuns: 25 },
  )
}, 60_000)

test('a sketch takes at most 4 KB a column, whatever the column', async () => {
  const rows = Array.from({ length: 5000 }, (_, i) => ({
    x: Math.sin(i * 12.9898) * 43758.5453,
    s: `a rather long text, number ${(i * 7919) % 5003}`.slice(0, 40),
    d: day((i * 31) % 20_000),
  }))
  for (const { sketch } of mergeProfiles(await described(rows), await described(rows)).columns)
    expect(JSON.stringify(sketch).length).toBeLessThanOrEqual(4096)
})

test('365 days: merged distinct counts and ranks stay within what they say', async () => {
  const days = await Promise.all(
    Array.from({ length: 365 }, (_, k) =>
      described(
        Array.from({ length: 40 }, (_, i) => ({
          x: Math.sin(k * 40 + i) * 100,
          s: `user ${(k * 40 + i) % 3000}`,
          d: day(k),
        })),
      ),
    ),
  )
  const { columns, rows } = mergeProfiles(...days)
  expect(rows).toBe(14_600)
  const [x, s, d] = columns
  expect(Math.abs(x.distinct - 14_600) / 14_600).toBeLessThan(4 * x.distinctError)
  expect(Math.abs(s.distinct - 3000) / 3000).toBeLessThan(4 * s.distinctError)
  expect([d.min, d.max]).toEqual([day(0), day(364)])
  // of the sine of evenly spread angles, the quantile at p is -cos(pi p)
  expect(x.rankError).toBeLessThan(0.05)
  for (const [k, p] of [0.05, 0.25, 0.5, 0.75, 0.95].entries())
    expect(Math.abs(Math.acos(-x.quantiles![k]! / 100) / Math.PI - p)).toBeLessThan(x.rankError! + 0.01)
})

test('profiles that do not go together are refused by name', async () => {
  const one = await described([{ x: 1, s: 'a', d: null }])
  const other = await profile(await relationOf([{ y: 1 }], { schema: rowSchema({ y: float() }) }), { minimal: true })
  expect(() => mergeProfiles(one, other)).toThrow(/profile 2 has no column "x"/)
  const text = await profile(
    await relationOf([{ x: 'a', s: 'a', d: 'a' }], { schema: rowSchema({ x: string(), s: string(), d: string() }) }),
    { minimal: true },
  )
  expect(() => mergeProfiles(one, text)).toThrow(/"x" is number in profile 1 and text in profile 2/)
  expect(() => mergeProfiles()).toThrow(/no profile/)
  const hidden = await profile(await relationOf([{ x: 1, s: 'a', d: null }], { schema }), { sensitive: true })
  expect(() => mergeProfiles(hidden)).toThrow(/without values/)
})

test('two profiles are compared without a table', async () => {
  const rows = (shift: number, share: number) =>
    Array.from({ length: 400 }, (_, i) => ({
      x: (i % 100) + shift,
      s: i < 400 * share ? 'a' : 'b',
      d: i % 2 ? day(i) : null,
    }))
  const [a, b] = [await described(rows(0, 0.5)), await described(rows(50, 0.9))]
  const { columns, changed } = compareProfiles(a, b)
  expect(changed).toEqual(['x', 's'])
  const [x, s, d] = columns
  expect(x.distance!.value).toBeCloseTo(0.5, 1)
  expect(x.standardized).toBeCloseTo(50 / 28.9, 1)
  expect(s.changes.join()).toMatch(/"a" was 50 %, now 90 %/)
  expect(d.changes).toEqual([])
  expect(compareProfiles(a, a).changed).toEqual([])
})
