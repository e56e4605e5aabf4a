import { PodError } from '@mlpod/contract'
import { boostedTrees, predictTrees, random } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'

/** How wrong a guess p of coverage is where it was `covered`, `level` being what it should be. */
export type CoverageLoss = (p: number, covered: number, level: number) => number

const clipped = (p: number): number => Math.min(1 - 1e-6, Math.max(1e-6, p))

/** The losses of covmetrics 0.1.2 by name. */
export const coverageLosses = {
  /** The loss whose excess is the mean |p - level| where p is right (default). */
  miscoverage: (p, covered, level) => (p > level ? level - covered : p < level ? covered - level : 0),
  brier: (p, covered) => (p - covered) ** 2,
  log: (p, covered) => -(covered ? Math.log(clipped(p)) : Math.log(1 - clipped(p))),
} as const satisfies Readonly<Record<string, CoverageLoss>>

/** A classifier: fitted on rows [n, features] and their 0 and 1, it gives the probability of 1 of other rows. */
export type CoverageClassifier = (
  x: Float64Array,
  covered: Uint8Array,
  features: number,
) => (x: Float64Array) => ArrayLike<number>

/** Boosted trees. */
const trees: CoverageClassifier = (x, covered, features) => {
  const fitted = boostedTrees(columnsOf(x, features), covered, { loss: 'logistic' })
  return (rows) => predictTrees(fitted, columnsOf(rows, features))
}

const columnsOf = (x: Float64Array, features: number): Float64Array[] =>
  Array.from({ length: features }, (_, f) =>
    Float64Array.from({ length: x.length / features }, (_, i) => x[i * features + f]),
  )

/** Settings of `excessRisk`. */
export interface ExcessRiskOptions {
  readonly level: number
  readonly loss?: keyof typeof coverageLosses | CoverageLoss
  /** Whether only what is told above (`over`) or below (`under`) the level counts. */
  readonly side?: 'both' | 'over' | 'under'
  /** Boosted trees by default. */
  readonly classifier?: CoverageClassifier
  /** Parts that are left out in turn; 5 by default. */
  readonly folds?: number
  readonly seed?: number
}

/**
 * Returns the excess risk of the target coverage: how much better coverage is told from x [n, features] by a classifier, on rows it did not
 * see, than by the constant `level`; about 0 where coverage is `level` everywhere. With the loss `miscoverage` it is a lower bound of
 * the mean |coverage at x - level|. Throws `LENGTH_MISMATCH`, `FOLDS_INVALID`.
 * Source: Braun, Holzmuller, Jordan, Bach 2025; covmetrics 0.1.2 `ERT`, MAPIE 1.6 `excess_risk_target_coverage`.
 */
export function excessRisk(
  x: ArrayLike<number>,
  covered: ArrayLike<number>,
  { level, loss = 'miscoverage', side = 'both', classifier = trees, folds = 5, seed = 0 }: ExcessRiskOptions,
): number {
  const n = covered.length
  const features = x.length / n
  if (!Number.isInteger(features) || features < 1)
    throw new PodError('LENGTH_MISMATCH', `${x.length} values do not fall into ${n} rows`)
  if (!(Number.isInteger(folds) && folds >= 2 && folds <= n))
    throw new PodError('FOLDS_INVALID', `${folds} folds cannot be made of ${n} rows`)
  const lossOf = typeof loss === 'function' ? loss : coverageLosses[loss]
  const order = random({ seed, path: 'excess risk' }).permutation(n)
  const rowsOf = (rows: readonly number[]): Float64Array => {
    const found = new Float64Array(rows.length * features)
    rows.forEach((i, at) => {
      for (let f = 0; f < features; f++) found[at * features + f] = x[i * features + f]
    })
    return found
  }
  const seenFrom = (p: number): number =>
    side === 'both' ? p : side === 'over' ? Math.max(p, level) : Math.min(p, level)
  let excess = 0
  for (let k = 0; k < folds; k++) {
    const held = Array.from(order).filter((_, at) => at % folds === k)
    const seen = Array.from(order).filter((_, at) => at % folds !== k)
    const predict = classifier(
      rowsOf(seen),
      Uint8Array.from(seen, (i) => covered[i]),
      features,
    )
    const p = predict(rowsOf(held))
    checkLength(p.length, held.length, 'probabilities of the classifier')
    const gain = held.reduce(
      (sum, i, at) => sum + lossOf(level, covered[i], level) - lossOf(seenFrom(p[at]), covered[i], level),
      0,
    )
    excess += gain / held.length / folds
  }
  return excess
}

/**
 * Returns the area under the accuracy-rejection curve: the mean, over how many rows are kept, of the share of correct ones among the most
 * confident (equally confident ones in the order of rows). Throws `LENGTH_MISMATCH`.
 * Source: Nadeem, Zucker, Hanczar 2009; MAPIE 1.6 `auarc`.
 */
export function accuracyRejectionArea(correct: ArrayLike<number>, confidence: ArrayLike<number>): number {
  const n = correct.length
  checkLength(confidence.length, n, 'confidences')
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => confidence[b] - confidence[a] || a - b)
  let [hits, area] = [0, 0]
  order.forEach((i, at) => {
    hits += correct[i]
    area += hits / (at + 1) / n
  })
  return area
}
