import { PodError } from '@mlpod/contract'

/** A mean over rows with its standard error (the root of the sample variance over n). */
export interface MeanScore {
  readonly estimate: number
  readonly standardError: number
  readonly n: number
}

/**
 * Returns the mean of row scores and its standard error; with `weights`, the weighted mean and the error of that ratio.
 * NaN of no rows. Throws `LENGTH_MISMATCH`, and `WEIGHTS_INVALID` for negative weights or a sum that is not positive.
 */
export function meanScore(scores: ArrayLike<number>, weights?: ArrayLike<number>): MeanScore {
  const n = scores.length
  if (weights && weights.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${n} scores do not match ${weights.length} weights`)
  let [total, sum] = [0, 0]
  for (let i = 0; i < n; i++) {
    const w = weights ? weights[i] : 1
    if (!(w >= 0)) throw new PodError('WEIGHTS_INVALID', `the weight ${w} of row ${i} is negative`)
    total += w
    sum += w * scores[i]
  }
  if (n > 0 && !(total > 0)) throw new PodError('WEIGHTS_INVALID', 'all weights are zero')
  const estimate = sum / total
  let squares = 0
  for (let i = 0; i < n; i++) squares += ((weights ? weights[i] : 1) * (scores[i] - estimate)) ** 2
  return { estimate, standardError: (Math.sqrt(squares) / total) * Math.sqrt(n / (n - 1)), n }
}

/** The score of one row: `p` is the probability given to class 1, `y` is 0 or 1. */
type RowScore = (p: number, y: number) => number

function scoreRows(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  weights: ArrayLike<number> | undefined,
  score: RowScore,
): MeanScore {
  if (probabilities.length !== labels.length)
    throw new PodError('LENGTH_MISMATCH', `${probabilities.length} probabilities do not match ${labels.length} labels`)
  const scores = new Float64Array(probabilities.length)
  for (let i = 0; i < scores.length; i++) {
    const p = probabilities[i]
    if (!(p >= 0 && p <= 1))
      throw new PodError('PROBABILITY_INVALID', `${p} of row ${i} is no probability`, {
        hint: 'pass probabilities of class 1, not logits',
      })
    scores[i] = score(p, labels[i] ? 1 : 0)
  }
  return meanScore(scores, weights)
}

/** Settings of a score: weights of the rows, all 1 by default. */
export interface ScoreOptions {
  readonly weights?: ArrayLike<number>
}

/**
 * Returns the mean negative log likelihood (nats) of 0/1 labels under probabilities of class 1, which are clipped to
 * [clip, 1 - clip]. Source: scikit-learn 1.9 `log_loss` (clip is the machine epsilon).
 */
export function logLoss(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  { weights, clip = Number.EPSILON }: ScoreOptions & { readonly clip?: number } = {},
): MeanScore {
  return scoreRows(probabilities, labels, weights, (p, y) => {
    const q = Math.min(1 - clip, Math.max(clip, p))
    return y ? -Math.log(q) : -Math.log1p(-q)
  })
}

/** Returns the mean squared error of probabilities of class 1 against 0/1 labels. Source: Brier (1950), one class. */
export function brier(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number | boolean>,
  { weights }: ScoreOptions = {},
): MeanScore {
  return scoreRows(probabilities, labels, weights, (p, y) => (p - y) ** 2)
}
