import { PodError } from '@mlpod/contract'
import { auc, boostedTrees, predictTrees, random } from '@mlpod/math'

/** Likelihood ratios of rows of both sides, told by a classifier. */
export interface ShiftWeights {
  /** How much likelier each calibration row is among the new rows, up to a factor that all share. */
  readonly calibration: Float64Array
  readonly test: Float64Array
  /** Calibration rows that weigh as much as these: (sum w)^2 / sum w^2. With few, thresholds are uncertain. */
  readonly effectiveRows: number
  /** How well the classifier tells both sides apart, as the area under its ROC curve; 0.5 where it sees no shift. */
  readonly auc: number
}

/** A classifier of 0 (calibration) and 1 (new rows) by columns of features: fitted, it gives the probability of 1. */
export type ShiftClassifier = (
  columns: readonly Float64Array[],
  isNew: Uint8Array,
) => (columns: readonly Float64Array[]) => ArrayLike<number>

/** Settings of `shiftWeights`. */
export interface ShiftWeightOptions {
  /** Boosted trees of little depth by default. */
  readonly classifier?: ShiftClassifier
  /** Parts that are left out in turn, so that no row is judged by what it taught; 5 by default. */
  readonly folds?: number
  /** Probabilities nearer to 0 or 1 than this are moved there: one row must not weigh as much as all others. 0.01 by default. */
  readonly clip?: number
  readonly seed?: number
}

const trees: ShiftClassifier = (columns, isNew) => {
  const fitted = boostedTrees(columns, isNew, { loss: 'logistic', depth: 3, trees: 60 })
  return (rows) => predictTrees(fitted, rows)
}

/**
 * Returns the weights under which calibration rows are like the new ones, from the features of both (a column each, equally many on both
 * sides): p / (1 - p) of a classifier that tells them apart, on rows it was not fitted on. They are the `weights` of calibration and of
 * new rows. Coverage is then as good as the classifier is. Where rows come one by one, `fitLikelihoodRatio` gives a ratio that is
 * fitted once.
 * Throws `LENGTH_MISMATCH`, `CALIBRATION_EMPTY`, `FOLDS_INVALID`. Source: Tibshirani et al. 2019, section 3.2; TorchCP `IW`.
 */
export function shiftWeights(
  calibration: readonly Float64Array[],
  test: readonly Float64Array[],
  { classifier = trees, folds = 5, clip = 0.01, seed = 0 }: ShiftWeightOptions = {},
): ShiftWeights {
  const [n, m] = [calibration[0]?.length ?? 0, test[0]?.length ?? 0]
  if (n === 0 || m === 0) throw new PodError('CALIBRATION_EMPTY', 'a shift takes rows on both sides')
  if (
    calibration.length !== test.length ||
    calibration.some(({ length }) => length !== n) ||
    test.some(({ length }) => length !== m)
  )
    throw new PodError('LENGTH_MISMATCH', `${calibration.length} and ${test.length} columns of features do not match`)
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= n + m))
    throw new PodError('FOLDS_INVALID', `${folds} folds cannot be made of ${n + m} rows`)
  const columns = calibration.map((column, f) => joined(column, test[f]))
  const isNew = Uint8Array.from({ length: n + m }, (_, i) => (i < n ? 0 : 1))
  const order = random({ seed, path: 'shift folds' }).permutation(n + m)
  const p = new Float64Array(n + m)
  for (let k = 0; k < folds; k++) {
    const held = order.filter((_, at) => at % folds === k)
    const seen = order.filter((_, at) => at % folds !== k)
    const take = (rows: Uint32Array) => columns.map((column) => Float64Array.from(rows, (i) => column[i]))
    const told = classifier(
      take(seen),
      Uint8Array.from(seen, (i) => isNew[i]),
    )(take(held))
    held.forEach((i, at) => {
      p[i] = Math.min(1 - clip, Math.max(clip, told[at]))
    })
  }
  // as if there were as many rows on both sides
  const ratio = p.map((q) => (q / (1 - q)) * (n / m))
  const weights = ratio.slice(0, n)
  const [sum, square] = weights.reduce(([a, b], w) => [a + w, b + w * w], [0, 0])
  return { calibration: weights, test: ratio.slice(n), effectiveRows: (sum * sum) / square, auc: auc(p, isNew).auc }
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const both = new Float64Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
