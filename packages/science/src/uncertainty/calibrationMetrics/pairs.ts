import { PodError } from '@mlpod/contract'
import { sortNumbers } from '@mlpod/math'

/** Rows of a score in [0, 1] and what came true, 0 or 1. */
export interface ScoredOutcomes {
  readonly scores: Float64Array
  readonly hits: ArrayLike<number>
}

/** How rows of probabilities become scores with outcomes. */
export type CalibrationKind = 'binary' | 'confidence' | 'classwise' | 'topLabel'

/**
 * Returns the rows, not copied where they are in double precision. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`,
 * `PROBABILITY_INVALID`, `LABEL_UNKNOWN`.
 */
export function binaryOutcomes(probabilities: ArrayLike<number>, outcomes: ArrayLike<number>): ScoredOutcomes {
  const n = outcomes.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no row whose probability could be right')
  if (probabilities.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${probabilities.length} probabilities and ${n} outcomes do not match`)
  for (let i = 0; i < n; i++) {
    const p = probabilities[i]
    if (!(p >= 0 && p <= 1)) throw new PodError('PROBABILITY_INVALID', `${p} of row ${i} is no probability`)
    if (outcomes[i] !== 0 && outcomes[i] !== 1)
      throw new PodError('LABEL_UNKNOWN', `${outcomes[i]} of row ${i} is neither 0 nor 1`)
  }
  return {
    scores: probabilities instanceof Float64Array ? probabilities : Float64Array.from(probabilities),
    hits: outcomes,
  }
}

/**
 * Returns the scores with outcomes that a kind of calibration error is about: one list, or one a class. `probabilities` is
 * [n] or [n, 2] for `binary`, else [n, k] row-major; `labels` are class indices; ties go to the lowest class.
 */
export function outcomesOf(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  kind: CalibrationKind,
): ScoredOutcomes[] {
  const n = labels.length
  const k = n > 0 ? probabilities.length / n : 1
  if (kind === 'binary') {
    const last = k === 2 ? Float64Array.from({ length: n }, (_, i) => probabilities[2 * i + 1]) : probabilities
    return [binaryOutcomes(last, labels)]
  }
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no row whose probability could be right')
  if (!Number.isInteger(k) || k < 2)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${probabilities.length} probabilities do not fall into ${n} rows of two or more`,
    )
  for (let i = 0; i < n; i++)
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < k))
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is no class from 0 to ${k - 1}`)
  if (kind === 'classwise')
    return Array.from({ length: k }, (_, c) =>
      binaryOutcomes(
        Float64Array.from({ length: n }, (_, i) => probabilities[i * k + c]),
        Float64Array.from(labels, (label) => Number(label === c)),
      ),
    )
  const [top, scores, hits] = [new Uint32Array(n), new Float64Array(n), new Uint8Array(n)]
  for (let i = 0; i < n; i++) {
    let best = 0
    for (let c = 0; c < k; c++) {
      const p = probabilities[i * k + c]
      if (!(p >= 0 && p <= 1)) throw new PodError('PROBABILITY_INVALID', `${p} of row ${i} is no probability`)
      if (p > probabilities[i * k + best]) best = c
    }
    top[i] = best
    scores[i] = probabilities[i * k + best]
    hits[i] = Number(labels[i] === best)
  }
  if (kind === 'confidence') return [{ scores, hits }]
  return [...new Set(top)]
    .sort((a, b) => a - b)
    .map((c) => ({
      scores: scores.filter((_, i) => top[i] === c),
      hits: hits.filter((_, i) => top[i] === c) as Uint8Array,
    }))
}

/** Distinct scores, ascending, with the number of rows and of hits at each. */
export interface SortedOutcomes {
  readonly scores: Float64Array
  readonly n: Float64Array
  readonly hits: Float64Array
}

/**
 * Visits the distinct scores, ascending, with the number of rows and of hits at each: two radix sorts and a merge, without an
 * order of indices.
 */
export function visitSorted(
  { scores, hits }: ScoredOutcomes,
  visit: (score: number, n: number, hits: number) => void,
): void {
  let ones = 0
  for (let i = 0; i < scores.length; i++) ones += hits[i]
  const [zero, one] = [new Float64Array(scores.length - ones), new Float64Array(ones)]
  for (let i = 0, a = 0, b = 0; i < scores.length; i++) {
    // -0 and 0 are one score
    if (hits[i] === 1) one[b++] = scores[i] + 0
    else zero[a++] = scores[i] + 0
  }
  sortNumbers(zero)
  sortNumbers(one)
  let [i, j] = [0, 0]
  while (i < zero.length || j < one.length) {
    const score = j >= one.length || (i < zero.length && zero[i] <= one[j]) ? zero[i] : one[j]
    const [from, start] = [i, j]
    while (i < zero.length && zero[i] === score) i++
    while (j < one.length && one[j] === score) j++
    visit(score, i - from + (j - start), j - start)
  }
}

/** Returns the rows by score, ties as one. */
export function sortedOutcomes(rows: ScoredOutcomes): SortedOutcomes {
  const size = rows.scores.length
  const [scores, n, hits] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  let cell = 0
  visitSorted(rows, (score, count, hit) => {
    scores[cell] = score
    n[cell] = count
    hits[cell++] = hit
  })
  return { scores: scores.subarray(0, cell), n: n.subarray(0, cell), hits: hits.subarray(0, cell) }
}
