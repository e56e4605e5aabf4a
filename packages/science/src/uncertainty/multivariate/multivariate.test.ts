import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { calibrateRegression, regressionIntervals } from '../regression/index.ts'
import { errorCovariance, neighbourCovariances } from './covariances.ts'
import {
  calibrateEllipsoid,
  ellipsoidIntervals,
  ellipsoidScores,
  ellipsoids,
  ellipsoidsHold,
  ellipsoidVolumes,
  sliceEllipsoid,
} from './ellipsoid.ts'
import { calibrateJointIntervals, errorScales, jointCover, jointIntervals } from './jointIntervals.ts'
import { calibrateJoint, type JointMethod, jointPValues } from './jointScores.ts'

const fails = (code: string) => expect.objectContaining({ code })
const band = (level: number, n: number): number => 3.5 * Math.sqrt((level * (1 - level)) / n)

/** Errors of three outputs: correlated, and of sizes 1, 2 and 5. */
function errorsOf(seed: number, n: number, d = 3): Float64Array {
  const { normal } = random({ seed, path: 'errors' })
  const out = new Float64Array(n * d)
  for (let i = 0; i < n; i++) {
    const shared = normal(i * 10)
    for (let j = 0; j < d; j++) out[i * d + j] = [1, 2, 5][j % 3] * (0.8 * shared + 0.6 * normal(i * 10 + 1 + j))
  }
  return out
}
const zeros = (n: number): Float64Array => new Float64Array(n)

const methods: readonly JointMethod[] = ['maxScore', 'maxRank', 'bonferroni', 'weightedBonferroni']

test('boxes hold all outputs at once as often as asked for, with thresholds for each side or both, and Bonferroni is the widest', () => {
  const [n, m, repeats, level, d] = [99, 20, 150, 0.8, 3]
  for (const symmetric of [true, false]) {
    const volume = new Map<JointMethod, number>()
    for (const method of methods) {
      let hits = 0
      let size = 0
      for (let r = 0; r < repeats; r++) {
        const errors = errorsOf(r, n + m)
        const conformal = calibrateJointIntervals(
          errors.subarray(0, n * d),
          { prediction: zeros(n * d) },
          {
            outputs: d,
            method,
            symmetric,
            level,
            ...(method === 'maxScore' ? { scales: symmetric ? [1, 2, 5] : [1, 2, 5, 1, 2, 5] } : {}),
            ...(method === 'weightedBonferroni'
              ? { shares: new Float64Array(symmetric ? d : 2 * d).fill(1 / (symmetric ? d : 2 * d)) }
              : {}),
          },
        )
        const boxes = jointIntervals(conformal, { prediction: zeros(m * d) })
        hits += jointCover(errors.subarray(n * d), boxes, d).reduce((a, b) => a + b)
        size += boxes.upper.slice(0, d).reduce((v, u, j) => v * (u - boxes.lower[j]), 1) / repeats
      }
      const coverage = hits / (m * repeats)
      expect(coverage, `${method} ${symmetric}`).toBeGreaterThan(level - 1.5 * band(level, m * repeats))
      if (method === 'maxScore') expect(coverage).toBeLessThan(level + 0.03)
      if (method === 'maxRank') expect(coverage).toBeLessThan(level + 0.05)
      volume.set(method, size)
    }
    const widest = volume.get('bonferroni')!
    expect(volume.get('maxScore')!).toBeLessThan(widest)
    expect(volume.get('maxRank')!).toBeLessThan(widest)
    expect(volume.get('weightedBonferroni')!).toBeCloseTo(widest, 9)
  }
})

test('one output is the split interval by every method but for the one rank of maxRank', () => {
  const errors = errorsOf(3, 60, 1)
  const split = calibrateRegression(errors, { prediction: zeros(60) }, { level: 0.9 })
  const expected = regressionIntervals(split, { prediction: [7] })
  for (const method of ['maxScore', 'bonferroni'] as const) {
    const conformal = calibrateJointIntervals(errors, { prediction: zeros(60) }, { outputs: 1, method, level: 0.9 })
    expect(jointIntervals(conformal, { prediction: [7] })).toMatchObject({
      lower: expected.lower,
      upper: expected.upper,
    })
  }
  const sorted = errors.map(Math.abs).sort()
  const one = calibrateJoint(errors.map(Math.abs), { coordinates: 1, method: 'maxRank', level: 0.9 })
  expect(one.thresholds[0]).toBe(sorted[55])
})

test('a trajectory is inside its tube at all horizons at once, and the tube widens with the errors', () => {
  const [H, n, m, repeats, level] = [8, 80, 10, 150, 0.9]
  let hits = 0
  for (let r = 0; r < repeats; r++) {
    const { normal } = random({ seed: r, path: 'walk' })
    const walk = Float64Array.from({ length: (2 * n + m) * H }, (_, at) => normal(at))
    for (let at = 0; at < walk.length; at++) if (at % H > 0) walk[at] += walk[at - 1]
    const scales = errorScales(walk.subarray(0, n * H), H)
    const conformal = calibrateJointIntervals(
      walk.subarray(n * H, 2 * n * H),
      { prediction: zeros(n * H) },
      {
        outputs: H,
        level,
        scales,
      },
    )
    const tube = jointIntervals(conformal, { prediction: zeros(m * H) })
    hits += jointCover(walk.subarray(2 * n * H), tube, H).reduce((a, b) => a + b)
    expect(tube.upper[H - 1]).toBeGreaterThan(tube.upper[0])
  }
  expect(hits / (m * repeats)).toBeGreaterThan(level - band(level, m * repeats))
  expect(hits / (m * repeats)).toBeLessThan(level + 0.03)
})

test('ellipsoids cover, are smaller than boxes, and their projections hold all outputs', () => {
  const [n, m, repeats, level, d] = [99, 20, 150, 0.8, 3]
  let [hits, boxed, ellipsoid, box] = [0, 0, 0, 0]
  for (let r = 0; r < repeats; r++) {
    const errors = errorsOf(r, 2 * n + m)
    const covariance = errorCovariance(errors.subarray(0, n * d), d)
    const y = errors.subarray(n * d, 2 * n * d)
    const conformal = calibrateEllipsoid(y, { prediction: zeros(n * d), covariance }, { outputs: d, level })
    const regions = ellipsoids(conformal, { prediction: zeros(m * d), covariance })
    const fresh = errors.subarray(2 * n * d)
    hits += ellipsoidsHold(regions, fresh).reduce((a, b) => a + b)
    boxed += jointCover(fresh, { levels: [level], ...ellipsoidIntervals(regions) }, d).reduce((a, b) => a + b)
    ellipsoid += ellipsoidVolumes(regions)[0]
    const bonferroni = calibrateJointIntervals(
      y,
      { prediction: zeros(n * d) },
      { outputs: d, method: 'bonferroni', level },
    )
    const { upper } = jointIntervals(bonferroni, { prediction: zeros(d) })
    box += upper.reduce((v, u) => v * 2 * u, 1)
  }
  expect(hits / (m * repeats)).toBeGreaterThan(level - 1.5 * band(level, m * repeats))
  expect(hits / (m * repeats)).toBeLessThan(level + 0.03)
  expect(boxed).toBeGreaterThanOrEqual(hits)
  expect(ellipsoid).toBeLessThan(0.6 * box)
})

test('rows with missing outputs calibrate by the marginal covariance, and coverage holds', () => {
  const [n, m, repeats, level, d] = [120, 20, 150, 0.8, 3]
  let [full, known] = [0, 0]
  for (let r = 0; r < repeats; r++) {
    const { uniform } = random({ seed: r, path: 'missing' })
    const errors = errorsOf(r + 500, 2 * n + m)
    const covariance = errorCovariance(errors.subarray(0, n * d), d)
    const holed = errors.slice(n * d).map((e, at) => (at % d > 0 && uniform(at) < 0.4 ? Number.NaN : e))
    const conformal = calibrateEllipsoid(
      holed.subarray(0, n * d),
      { prediction: zeros(n * d), covariance },
      { outputs: d, level },
    )
    expect(conformal.partial).toBe(true)
    const regions = ellipsoids(conformal, { prediction: zeros(m * d), covariance })
    full += ellipsoidsHold(regions, errors.subarray(2 * n * d)).reduce((a, b) => a + b)
    known += ellipsoidsHold(regions, holed.subarray(n * d)).reduce((a, b) => a + b)
  }
  expect(known / (m * repeats)).toBeGreaterThan(level - band(level, m * repeats))
  expect(full / (m * repeats)).toBeGreaterThan(level - 1.5 * band(level, m * repeats))
})

test('a slice is the ellipsoid with the outputs that were seen', () => {
  const covariance = errorCovariance(errorsOf(1, 200), 3)
  const conformal = calibrateEllipsoid(
    errorsOf(2, 99),
    { prediction: zeros(297), covariance },
    { outputs: 3, level: [0.5, 0.9] },
  )
  const regions = ellipsoids(conformal, { prediction: [1, 2, 3, 0, 0, 0], covariance })
  const seen = [1.3, Number.NaN, 4]
  const slice = sliceEllipsoid(regions, 0, seen)
  expect(slice.outputs).toEqual([1])
  const edge = slice.center[0] + slice.radii[1] * Math.sqrt(slice.covariance[0])
  const at = (y: number) => ellipsoidScores([1.3, y, 4], { prediction: [1, 2, 3], covariance }, 3).scores[0]
  expect(at(edge)).toBeCloseTo(regions.radii[1], 9)
  expect(at(slice.center[0])).toBeLessThan(at(slice.center[0] + 0.1))
  expect(sliceEllipsoid(regions, 1, [100, Number.NaN, Number.NaN]).radii[0]).toBeNaN()
  expect([...sliceEllipsoid(regions, 1, [0, 0, 0]).radii]).toEqual([...regions.radii.subarray(2)])
})

test('covariances of neighbours follow where errors are large', () => {
  const { normal, uniform } = random({ seed: 6, path: 'neighbours' })
  const n = 600
  const x = Float64Array.from({ length: n }, (_, i) => uniform(i))
  const errors = Float64Array.from({ length: 2 * n }, (_, at) => normal(at) * (0.2 + 3 * x[at >> 1]))
  const found = neighbourCovariances(x, errors, [0.05, 0.95], { features: 1, outputs: 2 })
  expect(found[4] / found[0]).toBeGreaterThan(5)
})

test('the outputs out of line are told, and few of exchangeable rows are flagged', () => {
  const [n, m, repeats, d, alpha] = [99, 20, 100, 3, 0.1]
  for (const correction of ['bonferroni', 'holm', 'maxStatistic'] as const) {
    let flagged = 0
    for (let r = 0; r < repeats; r++) {
      const scores = errorsOf(r, n + m).map((e, at) => Math.abs(e) / [1, 2, 5][at % 3])
      const p = jointPValues(scores.subarray(n * d), scores.subarray(0, n * d), { coordinates: d, correction })
      for (let i = 0; i < m; i++) flagged += Number(p.subarray(i * d, (i + 1) * d).some((v) => v <= alpha))
    }
    expect(flagged / (m * repeats)).toBeLessThan(alpha + 1.5 * band(alpha, m * repeats))
  }
  const known = Float64Array.from({ length: 200 }, (_, at) => Math.floor(at / 2))
  expect([...jointPValues([1000, 50], known, { coordinates: 2 })]).toEqual([2 / 101, 51 / 101])
  expect([...jointPValues([1000, 50], known, { coordinates: 2, correction: 'none' })]).toEqual([1 / 101, 51 / 101])
})

test('what has no joint region is refused', () => {
  const ok = { coordinates: 2, level: 0.5 }
  expect(() => calibrateJoint([1, 2, 3], ok)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateJoint([], ok)).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => calibrateJoint([1, 2], { ...ok, level: 0 })).toThrow(fails('LEVEL_INVALID'))
  expect(() => calibrateJoint([1, 2], { ...ok, method: 'maxScor' as 'maxScore' })).toThrow(fails('METHOD_UNKNOWN'))
  expect(() => calibrateJoint([1, 2], { ...ok, scales: [1] })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => calibrateJoint([1, 2], { ...ok, scales: [1, 0] })).toThrow(fails('OPTION_INVALID'))
  expect(() => calibrateJoint([1, 2], { ...ok, method: 'weightedBonferroni' })).toThrow(fails('OPTION_INVALID'))
  expect(() => calibrateJoint([1, 2], { ...ok, method: 'weightedBonferroni', shares: [0.5, 0.6] })).toThrow(
    fails('OPTION_INVALID'),
  )
  expect(() => calibrateJoint([Number.NaN, Number.NaN], ok)).toThrow(fails('SCORES_NAN'))
  expect(calibrateJoint([1, Number.NaN, Number.NaN, Number.NaN, 3, 4], ok)).toMatchObject({ n: 2, dropped: 1 })
  expect([...calibrateJoint([1, 2], { ...ok, level: 0.9 }).thresholds]).toEqual([Infinity, Infinity])
  const rows = { prediction: [0, 0], covariance: [1, 2, 2, 1] }
  expect(() => ellipsoidScores([1, 1], rows, 2)).toThrow(fails('MATRIX_NOT_POSITIVE'))
  expect(() => ellipsoidScores([1, 1], { ...rows, covariance: [1] }, 2)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => ellipsoidScores([1, 1, 1, 1], rows, 2)).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => errorCovariance([], 2)).toThrow(fails('CALIBRATION_EMPTY'))
  expect(() => neighbourCovariances([1, 2], [1, 2], [1], { features: 1, outputs: 2 })).toThrow(fails('LENGTH_MISMATCH'))
})
