// Seconds for conformal intervals and their metrics, of columns in memory.
import {
  calibrateCross,
  calibrateRegression,
  crossIntervals,
  hsic,
  intervalCover,
  predictiveCrps,
  predictiveSystem,
  regressionIntervals,
  worstSlab,
} from '@mlpod/science/uncertainty'
import { readColumn, secondsOf } from '../columns.ts'

const n = 1_000_000
const [prediction, y] = [readColumn('prediction'), readColumn('y')]
const group = Array.from(readColumn('group'), (g) => `${g}`)
const [x, label] = [readColumn('x'), readColumn('label')]
const [m, K, d] = [20_000, 10, 4]

/** Least squares of the rows that are kept, by the normal equations. */
function leastSquares(keep: (i: number) => boolean): (i: number) => number {
  const a = Array.from({ length: d }, () => new Float64Array(d + 1))
  for (let i = 0; i < m; i++) {
    if (!keep(i)) continue
    for (let p = 0; p < d; p++) {
      for (let q = 0; q < d; q++) a[p][q] += x[i * d + p] * x[i * d + q]
      a[p][d] += x[i * d + p] * label[i]
    }
  }
  for (let p = 0; p < d; p++)
    for (let r = 0; r < d; r++) {
      if (r === p) continue
      const share = a[r][p] / a[p][p]
      for (let q = p; q <= d; q++) a[r][q] -= share * a[p][q]
    }
  const w = a.map((row, p) => row[d] / row[p])
  return (i) => w.reduce((sum, v, p) => sum + v * x[i * d + p], 0)
}

const split = secondsOf(() => {
  const conformal = calibrateRegression(
    y.subarray(0, n),
    { prediction: prediction.subarray(0, n) },
    { level: [0.5, 0.8, 0.9, 0.95, 0.99] },
  )
  regressionIntervals(conformal, { prediction: prediction.subarray(n) })
})
const mondrian = secondsOf(() => {
  const conformal = calibrateRegression(
    y.subarray(0, n),
    { prediction: prediction.subarray(0, n) },
    { level: 0.9, groups: group.slice(0, n) },
  )
  regressionIntervals(conformal, { prediction: prediction.subarray(n) }, { groups: group.slice(n) })
})
const cross = secondsOf(() => {
  const fold = Float64Array.from({ length: m }, (_, i) => Math.floor((i * K) / m))
  const models = Array.from({ length: K }, (_, k) => leastSquares((i) => fold[i] !== k))
  const left = Float64Array.from({ length: m }, (_, i) => models[fold[i]](i))
  const conformal = calibrateCross(label.subarray(0, m), { prediction: left }, { folds: fold, level: 0.9 })
  const rows = Float64Array.from({ length: m * K }, (_, at) => models[at % K](m + Math.floor(at / K)))
  crossIntervals(conformal, { folds: { prediction: rows } })
})
const crps = secondsOf(() => {
  const residuals = y.subarray(0, m).map((v, i) => v - prediction[i])
  predictiveCrps(predictiveSystem(residuals), { prediction: prediction.subarray(m, 2 * m) }, y.subarray(m, 2 * m))
})
const [truth, low, high] = [readColumn('truth'), readColumn('low'), readColumn('high')]
const quantiles = secondsOf(() => calibrateRegression(truth, { lower: low, upper: high }, { level: 0.9 }))
const few = 4000
const width = Float64Array.from({ length: few }, (_, i) => 1 + Math.abs(x[i]))
const covered = intervalCover(y.subarray(0, few), {
  lower: prediction.subarray(0, few).map((p, i) => p - width[i]),
  upper: prediction.subarray(0, few).map((p, i) => p + width[i]),
})
console.log(
  JSON.stringify({
    'split-reg-1M': split,
    'mondrian-1M-1000': mondrian,
    'cqr-10M': quantiles,
    'cvplus-20k': cross,
    'cps-crps-20k': crps,
    'hsic-4k': secondsOf(() =>
      hsic(
        covered,
        width.map((w) => 2 * w),
      ),
    ),
    'wsc-4k': secondsOf(() => worstSlab(x.subarray(0, few * d), covered, { directions: 100 })),
  }),
)
