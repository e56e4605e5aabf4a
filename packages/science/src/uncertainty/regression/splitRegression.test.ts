import { tensor } from '@mlpod/contract'
import { closeEngine, float, relationOf, rowSchema, string, untyped } from '@mlpod/data'
import { compile, input, openSession } from '@mlpod/graph'
import { random } from '@mlpod/math'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { intervalValues } from './intervalValues.ts'
import { type RegressionPart, type RegressionScore, regressionScores, stdScore } from './scores.ts'
import { calibrateRegression, intervalSql, type RegressionColumns, regressionIntervals } from './splitRegression.ts'

afterAll(closeEngine)

const scores: readonly RegressionScore[] = [...Object.values(regressionScores), stdScore(), stdScore({ power: 2 })]

/** Rows whose noise grows with x, and a model that says something of them. */
function draw(seed: number, n: number) {
  const { normal, uniform } = random({ seed, path: 'rows' })
  const x = Float64Array.from({ length: n }, (_, i) => uniform(2 * i))
  const y = x.map((v, i) => Math.exp(1 + v + 0.3 * (0.3 + v) * normal(2 * i + 1)))
  const prediction = x.map((v) => Math.exp(1.05 + v))
  const parts = {
    prediction,
    sigma: x.map((v) => 0.5 + v),
    lower: prediction.map((p) => 0.7 * p),
    median: prediction,
    upper: prediction.map((p) => 1.2 * p),
  }
  return { y, parts, groups: Array.from(x, (v) => (v > 0.6 ? 'high' : 'low')) }
}

const take = (parts: RegressionColumns, from: number, to: number): RegressionColumns =>
  Object.fromEntries(Object.entries(parts).map(([name, values]) => [name, (values as Float64Array).slice(from, to)]))

const covered = (y: ArrayLike<number>, { lower, upper }: { lower: Float64Array; upper: Float64Array }): number => {
  let count = 0
  for (let i = 0; i < y.length; i++) if (lower[i] <= y[i] && y[i] <= upper[i]) count++
  return count
}

test.each(scores.flatMap((score) => [true, false].map((symmetric) => [score.name, symmetric, score] as const)))(
  'intervals by %s (symmetric: %s) cover k / (n + 1) of new rows on average',
  (_, symmetric, score) => {
    const [n, m, repeats, level] = [39, 25, 400, 0.8]
    let count = 0
    for (let r = 0; r < repeats; r++) {
      const { y, parts } = draw(r, n + m)
      const conformal = calibrateRegression(y.slice(0, n), take(parts, 0, n), { score, symmetric, level })
      count += covered(y.slice(n), regressionIntervals(conformal, take(parts, n, n + m)))
    }
    // (n + 1) 0.8 = 32 and (n + 1) 0.9 = 36 are whole: coverage is exact
    const spread = Math.sqrt(((level * (1 - level)) / (repeats * m)) * (1 + m / (n + 2)))
    expect(Math.abs(count / (repeats * m) - level)).toBeLessThan(4 * spread)
  },
)

test('columns and SQL give the same doubles, the graph the same rounded outward, for every score, with and without groups', async () => {
  const n = 200
  const { y, parts, groups } = draw(5, 2 * n)
  const rows = { ...take(parts, n, 2 * n), group: groups.slice(n) }
  const listed = Object.fromEntries(
    Object.entries(rows).map(([name, values]) => [name, Array.from(values as ArrayLike<number>)]),
  )
  const schema = rowSchema(
    Object.fromEntries(Object.keys(listed).map((name) => [name, name === 'group' ? string() : float()])),
  )
  const relation = await relationOf(listed as never, { schema })
  const { sql } = untyped(relation).engine
  for (const score of scores)
    for (const symmetric of [true, false])
      for (const grouped of [true, false]) {
        const conformal = calibrateRegression(y.slice(0, n), take(parts, 0, n), {
          score,
          symmetric,
          level: [0.8, 0.9],
          ...(grouped ? { groups: groups.slice(0, n) } : {}),
        })
        const test = take(parts, n, 2 * n)
        const expected = regressionIntervals(conformal, test, grouped ? { groups: groups.slice(n) } : {})
        const columns = Object.fromEntries(score.parts.map((part) => [part, sql.column(part)]))
        const [, at90] = intervalSql(conformal, sql, columns, grouped ? { group: sql.column('group') } : {})
        const found = await untyped(relation)
          .derive({ low: () => at90.lower, high: () => at90.upper })
          .toColumns('low', 'high')
        const second = (values: Float64Array) => values.filter((_, i) => i % 2 === 1)
        expect(found.low.data).toEqual(second(expected.lower))
        expect(found.high.data).toEqual(second(expected.upper))
        for (const dtype of ['float64', 'float32'] as const) {
          const inputs = Object.fromEntries(score.parts.map((part) => [part, input(part, dtype, ['n', 1])]))
          const group = input('group', 'string', ['n', 1])
          const values = intervalValues(conformal, inputs, grouped ? { group: { value: group, dtype: 'string' } } : {})
          const model = compile({
            inputs: [...Object.values(inputs), ...(grouped ? [group] : [])],
            outputs: { low: values[1].lower, high: values[1].upper },
          })
          await using session = await openSession(model)
          const data = (part: RegressionPart) =>
            dtype === 'float64'
              ? tensor('float64', [n, 1], test[part] as Float64Array)
              : tensor('float32', [n, 1], Float32Array.from(test[part] as Float64Array))
          const fed = Object.fromEntries(score.parts.map((part) => [part, data(part)]))
          const out = await session.run({
            ...fed,
            ...(grouped ? { group: tensor('string', [n, 1], groups.slice(n)) } : {}),
          })
          const [lower, upper] = [out.low.data as Float64Array, out.high.data as Float64Array]
          for (let i = 0; i < n; i++) {
            const [low, high] = [expected.lower[2 * i + 1], expected.upper[2 * i + 1]]
            if (dtype === 'float64') {
              expect(lower[i]).toBeCloseTo(low, 10)
              expect(upper[i]).toBeCloseTo(high, 10)
            } else {
              expect(Math.abs(lower[i] - low)).toBeLessThan(2e-6 * (1 + Math.abs(low)) * 4)
              expect(Math.abs(upper[i] - high)).toBeLessThan(2e-6 * (1 + Math.abs(high)) * 4)
            }
          }
        }
      }
})

test('intervals move with y, grow with its scale, do not depend on the order of rows, and never shrink with the level', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 3, max: 80 }),
      fc.constantFrom('absolute' as const, 'cqr' as const),
      fc.boolean(),
      (seed, n, score, symmetric) => {
        const { y, parts } = draw(seed, n)
        const at = (f: (x: number) => number, level = 0.8) => {
          const moved = Object.fromEntries(
            Object.entries(parts).map(([name, values]) => [name, name === 'sigma' ? values : values.map(f)]),
          )
          return regressionIntervals(calibrateRegression(y.map(f), moved, { score, symmetric, level }), moved)
        }
        const plain = at((x) => x)
        const shifted = at((x) => x + 8)
        const doubled = at((x) => 2 * x)
        const wider = at((x) => x, 0.9)
        for (let i = 0; i < n; i++) {
          if (Number.isFinite(plain.upper[i])) expect(shifted.upper[i]).toBeCloseTo(plain.upper[i] + 8, 9)
          expect(doubled.lower[i]).toBe(2 * plain.lower[i])
          expect(wider.lower[i]).toBeLessThanOrEqual(plain.lower[i])
          expect(wider.upper[i]).toBeGreaterThanOrEqual(plain.upper[i])
        }
        const back = Object.fromEntries(Object.entries(parts).map(([name, values]) => [name, values.slice().reverse()]))
        const turned = calibrateRegression(y.slice().reverse(), back, { score, symmetric, level: 0.8 })
        expect(regressionIntervals(turned, parts)).toEqual(plain)
      },
    ),
    { numRuns: 100, seed: 3 },
  )
})

test('quantiles that are both 0 make CQR the asymmetric interval of absolute residuals', () => {
  const { y, parts } = draw(9, 60)
  const same = { lower: parts.prediction, upper: parts.prediction }
  for (const symmetric of [true, false])
    expect(regressionIntervals(calibrateRegression(y, same, { score: 'cqr', symmetric, level: 0.9 }), same)).toEqual(
      regressionIntervals(calibrateRegression(y, parts, { score: 'absolute', symmetric, level: 0.9 }), parts),
    )
})

test('the narrowest interval is at most as wide as the one that shares the error equally', () => {
  const { normal } = random({ seed: 4, path: 'skewed' })
  const y = Float64Array.from({ length: 400 }, (_, i) => Math.exp(normal(i)))
  const prediction = new Float64Array(400)
  const width = (narrowest: boolean) => {
    const conformal = calibrateRegression(y, { prediction }, { symmetric: false, narrowest, level: 0.9 })
    const { lower, upper } = regressionIntervals(conformal, { prediction: [0] })
    return upper[0] - lower[0]
  }
  expect(width(true)).toBeLessThan(0.8 * width(false))
})

test('a score of ones own serves like any other, and one whose bounds do not undo it is refused', () => {
  const { y, parts } = draw(2, 60)
  const log: RegressionScore = { ...stdScore(), name: 'own' }
  const own = calibrateRegression(y, parts, { score: log, level: 0.9 })
  expect(own.above.groups[0].thresholds).toEqual(
    calibrateRegression(y, parts, { score: 'normalised', level: 0.9 }).above.groups[0].thresholds,
  )
  const wrong: RegressionScore = { ...log, lower: (a, q, { prediction }) => a.sub(prediction, q) }
  expect(() => calibrateRegression(y, parts, { score: wrong, level: 0.9 })).toThrow(
    expect.objectContaining({ code: 'SCORE_INCONSISTENT' }),
  )
})

test('bad calibration rows are refused, and what cannot be told is infinite', () => {
  const good = { prediction: [1, 2, 3] }
  const y = [1, 2, 4]
  const fails = (code: string) => expect.objectContaining({ code })
  expect(() => calibrateRegression([], { prediction: [] }, { level: 0.9 })).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => calibrateRegression(y, { prediction: [1] }, { level: 0.9 })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateRegression(y, {}, { level: 0.9 })).toThrow(/needs "prediction"/)
  expect(() => calibrateRegression(y, good, { level: 0.9, score: 'absolut' as 'absolute' })).toThrow(
    fails('SCORE_UNKNOWN'),
  )
  expect(() => calibrateRegression(y, { prediction: [1, -2, 3] }, { level: 0.5, score: 'gamma' })).toThrow(
    /"prediction" of row 1 is -2/,
  )
  expect(() => calibrateRegression([0, 2, 4], good, { level: 0.5, score: 'gamma' })).toThrow(/"y" of row 0 is 0/)
  expect(() => calibrateRegression(y, good, { level: 0.5, narrowest: true })).toThrow(fails('OPTION_CONFLICT'))
  expect(() => calibrateRegression(y, good, { level: 0.5, alpha: 0.5 })).toThrow(fails('LEVEL_INVALID'))
  expect(() => calibrateRegression(y, good, { level: 0.9, onTooFew: 'throw' })).toThrow(fails('CALIBRATION_TOO_SMALL'))
  expect(() => calibrateRegression([Number.NaN, Number.NaN, Number.NaN], good, { level: 0.9 })).toThrow(
    fails('SCORES_NAN'),
  )
  const few = calibrateRegression(y, good, { level: 0.9 })
  expect(regressionIntervals(few, { prediction: [1] })).toMatchObject({
    lower: Float64Array.of(-Infinity),
    upper: Float64Array.of(Infinity),
  })
  const some = calibrateRegression([1, Number.NaN, 4], good, { level: 0.5 })
  expect(some.above.dropped).toBe(1)
  const scaled = calibrateRegression(y, { ...good, sigma: [1, 0, 2] }, { level: 0.5, score: 'normalised' })
  expect(scaled.above.groups[0].n).toBe(2)
  expect(regressionIntervals(scaled, { prediction: [1], sigma: [0] })).toMatchObject({
    lower: Float64Array.of(-Infinity),
  })
  const crossed = calibrateRegression(y, { lower: [5, 0, 0], upper: [4, 9, 9] }, { level: 0.5 })
  expect(crossed.crossing).toBe(1)
  expect(regressionIntervals(crossed, { lower: [9], upper: [0] }).empty).toBe(1)
})
