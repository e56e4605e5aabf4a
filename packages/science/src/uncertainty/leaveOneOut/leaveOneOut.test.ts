import { cholesky, choleskySolve, random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { calibrateCross, crossIntervals } from '../regression/index.ts'
import { influenceLeaveOneOut, type LeftOneOut, ridgeLeaveOneOut } from './leaveOneOut.ts'

const fails = (code: string) => expect.objectContaining({ code })

function rows(seed: number, n: number, d: number) {
  const { normal } = random({ seed, path: 'ridge' })
  const x = Float64Array.from({ length: n * d }, (_, at) => (at % d === 0 ? 1 : normal(at)))
  const y = Float64Array.from({ length: n }, (_, i) => 2 * x[i * d + 1] - 1 + normal(1e6 + i))
  return { x, y }
}

function gramOf(x: Float64Array, d: number, lambda: number, without = -1): Float64Array {
  const gram = new Float64Array(d * d)
  for (let i = 0; i < x.length / d; i++)
    if (i !== without)
      for (let a = 0; a < d; a++) for (let b = 0; b < d; b++) gram[a * d + b] += x[i * d + a] * x[i * d + b]
  for (let a = 0; a < d; a++) gram[a * d + a] += lambda
  return gram
}

function ridge(x: Float64Array, y: Float64Array, d: number, lambda: number, without = -1): Float64Array {
  const moment = new Float64Array(d)
  for (let i = 0; i < y.length; i++) if (i !== without) for (let a = 0; a < d; a++) moment[a] += x[i * d + a] * y[i]
  return choleskySolve(cholesky(gramOf(x, d, lambda, without), d), d, moment)
}

const says = (b: Float64Array, x: Float64Array, i: number): number =>
  b.reduce((sum, w, a) => sum + w * x[i * b.length + a], 0)

/** The same model seen through derivatives. */
function seen(
  x: Float64Array,
  y: Float64Array,
  fresh: Float64Array,
  d: number,
  lambda: number,
  curvatures: boolean,
): LeftOneOut {
  const b = ridge(x, y, d, lambda)
  const gram = gramOf(x, d, lambda)
  const predictions = Float64Array.from(y, (_, i) => says(b, x, i))
  return influenceLeaveOneOut({
    parameters: d,
    predictions,
    freshPredictions: Float64Array.from({ length: fresh.length / d }, (_, j) => says(b, fresh, j)),
    jacobian: x,
    freshJacobian: fresh,
    slopes: predictions.map((p, i) => p - y[i]),
    ...(curvatures ? { curvatures: new Float64Array(y.length).fill(1) } : {}),
    hessianProduct: (v) => v.map((_, a) => says(v, gram, a)),
  })
}

test('ridge without a row is told exactly, as by fitting it anew', () => {
  const [n, d, lambda] = [25, 4, 0.7]
  const { x, y } = rows(1, n, d)
  const fresh = rows(2, 6, d).x
  const found = ridgeLeaveOneOut(x, y, fresh, { features: d, lambda })
  const newton = seen(x, y, fresh, d, lambda, true)
  for (let i = 0; i < n; i++) {
    const b = ridge(x, y, d, lambda, i)
    expect(found.own[i]).toBeCloseTo(says(b, x, i), 9)
    expect(newton.own[i]).toBeCloseTo(says(b, x, i), 7)
    for (let j = 0; j < 6; j++) {
      expect(found.fresh[j * n + i]).toBeCloseTo(says(b, fresh, j), 9)
      expect(newton.fresh[j * n + i]).toBeCloseTo(says(b, fresh, j), 7)
    }
  }
})

test('jackknife+ intervals by first-order influence are within 1 % of the exact ones on ridge', () => {
  const [n, d, lambda] = [400, 3, 1]
  const { x, y } = rows(3, n, d)
  const fresh = rows(4, 10, d).x
  const intervals = ({ own, fresh: prediction, folds }: LeftOneOut) =>
    crossIntervals(calibrateCross(y, { prediction: own }, { folds, level: 0.9 }), { folds: { prediction } })
  const exact = intervals(ridgeLeaveOneOut(x, y, fresh, { features: d, lambda }))
  const near = intervals(seen(x, y, fresh, d, lambda, false))
  for (let j = 0; j < 10; j++) {
    const width = exact.upper[j] - exact.lower[j]
    expect(Math.abs(near.upper[j] - exact.upper[j]) / width).toBeLessThan(0.01)
    expect(Math.abs(near.lower[j] - exact.lower[j]) / width).toBeLessThan(0.01)
  }
})

test('jackknife+ without refits covers', () => {
  const [n, m, d, repeats, level] = [40, 10, 4, 150, 0.8]
  let hits = 0
  for (let r = 0; r < repeats; r++) {
    const { x, y } = rows(100 + r, n + m, d)
    const left = ridgeLeaveOneOut(x.subarray(0, n * d), y.subarray(0, n), x.subarray(n * d), { features: d })
    const conformal = calibrateCross(y.subarray(0, n), { prediction: left.own }, { folds: left.folds, level })
    const { lower, upper } = crossIntervals(conformal, { folds: { prediction: left.fresh } })
    for (let j = 0; j < m; j++) hits += Number(y[n + j] >= lower[j] && y[n + j] <= upper[j])
  }
  expect(hits / (m * repeats)).toBeGreaterThan(level - 4 * Math.sqrt((level * (1 - level)) / (m * repeats)))
})

test('what cannot be left out is refused', () => {
  expect(() => ridgeLeaveOneOut([1, 2, 3], [1], [1, 2], { features: 2 })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => ridgeLeaveOneOut([1, 2], [1, 2], [1], { features: 2 })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => ridgeLeaveOneOut([1, 0, 0, 1, 0, 1], [1, 2, 3], [1, 1], { features: 2 })).toThrow(fails('LEVERAGE_ONE'))
  expect(() => ridgeLeaveOneOut([1, 1, 2, 2], [1, 2], [1, 1], { features: 2 })).toThrow(fails('MATRIX_NOT_POSITIVE'))
  const model = {
    parameters: 1,
    predictions: [1],
    freshPredictions: [1],
    jacobian: [1],
    freshJacobian: [1],
    slopes: [1],
    hessianProduct: (v: Float64Array) => v.map((x) => -x),
  }
  expect(() => influenceLeaveOneOut(model)).toThrow(fails('SOLVE_FAILED'))
  expect(() => influenceLeaveOneOut(model, { damping: 2 })).not.toThrow()
  expect(() => influenceLeaveOneOut({ ...model, slopes: [] })).toThrow(fails('LENGTH_MISMATCH'))
  expect(() => influenceLeaveOneOut({ ...model, jacobian: [1, 2] })).toThrow(fails('LENGTH_MISMATCH'))
})
