import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'

/**
 * The scores of a stream so far: sorted runs of falling size, whose sizes are the digits of a binary counter. One more score
 * costs O(log t) on average, and a rank O(log^2 t): no tree, and the state is plain data.
 */
export interface ScoreStream {
  readonly t: number
  readonly seed: number
  readonly runs: readonly (readonly number[])[]
}

/** Returns a stream without scores. `seed` breaks ties. */
export const startScores = ({ seed = 0 }: { readonly seed?: number } = {}): ScoreStream => ({ t: 0, seed, runs: [] })

/** Two sorted runs as one. */
function merged(a: readonly number[], b: readonly number[]): number[] {
  const out = new Array<number>(a.length + b.length)
  for (let i = 0, j = 0, k = 0; k < out.length; k++)
    out[k] = j >= b.length || (i < a.length && a[i] <= b[j]) ? a[i++] : b[j++]
  return out
}

/** Number of values of a sorted run below `score`, or with `equal` at or below it. */
function rankIn(run: readonly number[], score: number, equal: boolean): number {
  let [low, high] = [0, run.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (run[middle] < score || (equal && run[middle] === score)) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Returns the conformal p-value of each score among those before it, (#{before > score} + u (#{before = score} + 1)) / (t + 1),
 * and the stream after them. u is drawn by seed and place in the stream, so that batches of any size give the same. For an
 * exchangeable stream the p-values are independent and uniform. Throws `SCORES_NAN`.
 * Source: Vovk, Nouretdinov, Gammerman (2003); crepes 0.9 `semi_online_p_values`, MAPIE 1.6 `compute_p_value` (both O(t^2)).
 */
export function streamPValues(
  { t, seed, runs }: ScoreStream,
  scores: ArrayLike<number>,
): { readonly pValues: Float64Array; readonly state: ScoreStream } {
  const { uniform } = random({ seed, path: 'stream p-values' })
  const pValues = new Float64Array(scores.length)
  const kept = [...runs]
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]
    if (Number.isNaN(score)) throw new PodError('SCORES_NAN', `score ${t + i} of the stream is NaN`)
    let [above, equal] = [0, 0]
    for (const run of kept) {
      const reached = rankIn(run, score, true)
      above += run.length - reached
      if (reached > 0 && run[reached - 1] === score) equal += reached - rankIn(run, score, false)
    }
    pValues[i] = (above + uniform(t + i) * (equal + 1)) / (t + i + 1)
    let run: readonly number[] = [score]
    while (kept.length > 0 && kept[kept.length - 1].length <= run.length)
      run = merged(kept.pop() as readonly number[], run)
    kept.push(run)
  }
  return { pValues, state: { t: t + scores.length, seed, runs: kept } }
}
