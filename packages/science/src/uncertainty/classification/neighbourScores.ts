import { PodError } from '@mlpod/contract'
import { checkLength } from '../calibrate/calibrate.ts'
import { checkLabels } from './rows.ts'

/** Settings of `neighbourScores`. */
export interface NeighbourOptions {
  readonly classes: number
  /** Neighbours of each kind (1 by default). */
  readonly k?: number
  /** The power of Minkowski's distance (2 by default), or 1 - the cosine. */
  readonly distance?: number | 'cosine'
}

/**
 * Returns for each new row and class [m, classes] how much nearer its k nearest neighbours of other classes are than those of this class:
 * sum of distances to the latter / to the former, for `score: 'given'`. `features` [n, d] and `labels` are those of rows that do not
 * calibrate; `rows` is [m, d]. A class with fewer than k rows is infinitely far. TorchCP 1.2.1 takes a likeness for a distance when it
 * compares by cosine. Throws `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `NEIGHBOURS_INVALID`, `OPTION_INVALID`.
 * Source: Gammerman, Vovk 2007, Hedging predictions in machine learning.
 */
export function neighbourScores(
  features: ArrayLike<number>,
  labels: ArrayLike<number>,
  rows: ArrayLike<number>,
  { classes, k = 1, distance = 2 }: NeighbourOptions,
): Float64Array {
  const n = labels.length
  if (!(Number.isInteger(k) && k >= 1 && k < n))
    throw new PodError('NEIGHBOURS_INVALID', `there are no ${k} neighbours among ${n} rows`, {
      hint: 'k: a whole number below the number of rows',
    })
  if (distance !== 'cosine' && !(distance > 0))
    throw new PodError('OPTION_INVALID', `${distance} is no distance`, { hint: '2, 1, another power > 0, or "cosine"' })
  const d = features.length / n
  if (!Number.isInteger(d) || d < 1)
    throw new PodError('LENGTH_MISMATCH', `${features.length} features do not fall into ${n} rows`)
  checkLabels(labels, classes)
  const m = rows.length / d
  checkLength(Math.floor(m) * d, rows.length, 'features of new rows')
  const measure = distanceOf(features, rows, d, distance)
  const scores = new Float64Array(m * classes)
  /** The k nearest of each class, ascending. */
  const nearest = new Float64Array(classes * k)
  for (let i = 0; i < m; i++) {
    nearest.fill(Number.POSITIVE_INFINITY)
    for (let r = 0; r < n; r++) {
      const far = measure(i, r)
      const from = labels[r] * k
      let at = from + k - 1
      if (!(far < nearest[at])) continue
      for (; at > from && nearest[at - 1] > far; at--) nearest[at] = nearest[at - 1]
      nearest[at] = far
    }
    writeRatios(nearest, classes, k, scores, i * classes)
  }
  return scores
}

function writeRatios(nearest: Float64Array, classes: number, k: number, out: Float64Array, at: number): void {
  const order = Uint32Array.from(nearest.keys()).sort((a, b) => nearest[a] - nearest[b] || a - b)
  for (let y = 0; y < classes; y++) {
    let [same, others, found] = [0, 0, 0]
    for (let j = 0; j < k; j++) same += nearest[y * k + j]
    for (let j = 0; j < order.length && found < k; j++) {
      if (Math.floor(order[j] / k) === y) continue
      others += nearest[order[j]]
      found++
    }
    // nothing else there is: the label is as near as can be; 0 / 0: a neighbour of each kind on the very spot
    out[at + y] = same === Number.POSITIVE_INFINITY ? same : same === 0 && others === 0 ? 1 : same / others
  }
}

type Measure = (i: number, r: number) => number

function distanceOf(features: ArrayLike<number>, rows: ArrayLike<number>, d: number, kind: number | 'cosine'): Measure {
  if (kind === 'cosine') {
    const norms = (x: ArrayLike<number>): Float64Array =>
      Float64Array.from({ length: x.length / d }, (_, i) => {
        let sum = 0
        for (let j = 0; j < d; j++) sum += x[i * d + j] ** 2
        return Math.sqrt(sum)
      })
    const [known, fresh] = [norms(features), norms(rows)]
    return (i, r) => {
      let sum = 0
      for (let j = 0; j < d; j++) sum += rows[i * d + j] * features[r * d + j]
      return 1 - sum / (fresh[i] * known[r])
    }
  }
  if (kind === 2)
    return (i, r) => {
      let sum = 0
      for (let j = 0; j < d; j++) sum += (rows[i * d + j] - features[r * d + j]) ** 2
      return Math.sqrt(sum)
    }
  return (i, r) => {
    let sum = 0
    for (let j = 0; j < d; j++) sum += Math.abs(rows[i * d + j] - features[r * d + j]) ** kind
    return sum ** (1 / kind)
  }
}
