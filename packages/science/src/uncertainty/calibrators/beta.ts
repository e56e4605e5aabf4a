import { PodError } from '@mlpod/contract'
import { add, cast, clip, constant, log, mul, sigmoid as sigmoidValue, sub, type Value } from '@mlpod/graph'
import { checkBinaryRows, checkedWeights, checkUnit } from './binaryRows.ts'
import { fitLogistic, sigmoid } from './logistic.ts'

/** Beta calibration: sigmoid(a log s - b log(1 - s) + c), a, b >= 0. */
export interface BetaCalibrator {
  readonly kind: 'beta'
  readonly a: number
  readonly b: number
  readonly c: number
}

/** Which parameters are free: all; one slope and the middle (a = b); two slopes, the middle at 1/2. */
export type BetaParameters = 'abm' | 'am' | 'ab'

/** What probabilities of 0 and 1 are taken for, so that their logarithms are finite. */
const EDGE = Number.EPSILON
const inside = (p: number): number => Math.min(1 - EDGE, Math.max(EDGE, p))

/**
 * Returns the beta calibrator of probabilities, the least log loss with slopes a, b >= 0 (a slope that would be negative is
 * zero, and the rest is fitted again). Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `SCORES_NAN`, `LABEL_UNKNOWN`,
 * `PROBABILITY_INVALID`, `WEIGHT_INVALID`, and `CALIBRATION_SEPARATED` when a threshold tells the classes apart, so that no
 * finite slope is best. Source: Kull, Silva Filho, Flach (2017); betacal 1.1.
 */
export function fitBeta(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { parameters = 'abm', weights }: { parameters?: BetaParameters; readonly weights?: ArrayLike<number> } = {},
): BetaCalibrator {
  checkBinaryRows(scores, labels)
  checkUnit(scores)
  const w = checkedWeights(scores.length, weights)
  checkOverlap(scores, labels)
  const n = scores.length
  const rising = Float64Array.from({ length: n }, (_, i) => Math.log(inside(scores[i])))
  const falling = Float64Array.from({ length: n }, (_, i) => -Math.log1p(-inside(scores[i])))
  const one = new Float64Array(n).fill(1)
  if (parameters === 'am') {
    const [slope, c] = fitLogistic([rising.map((x, i) => x + falling[i]), one], labels, w).place
    return slope > 0 ? { kind: 'beta', a: slope, b: slope, c } : flat(one, labels, w)
  }
  // with the middle at one half: a log(2 s) - b log(2 (1 - s))
  const shift = parameters === 'ab' ? Math.LN2 : 0
  const columns = [rising.map((x) => x + shift), falling.map((x) => x - shift)]
  const constants = parameters === 'ab' ? [] : [one]
  const fit = (kept: readonly number[]): { a: number; b: number; c: number; loss: number; fits: boolean } => {
    const { place, value, converged } = fitLogistic([...kept.map((j) => columns[j]), ...constants], labels, w)
    const slopes = [0, 0]
    for (const [i, j] of kept.entries()) slopes[j] = place[i]
    const c = parameters === 'ab' ? shift * (slopes[0] - slopes[1]) : place[kept.length]
    return { a: slopes[0], b: slopes[1], c, loss: value, fits: converged && slopes[0] >= 0 && slopes[1] >= 0 }
  }
  const whole = fit([0, 1])
  const best = whole.fits ? whole : [fit([0]), fit([1])].filter(({ fits }) => fits).sort((x, y) => x.loss - y.loss)[0]
  return best ? { kind: 'beta', a: best.a, b: best.b, c: best.c } : flat(one, labels, w)
}

/** Both slopes zero: the share of class 1. */
function flat(one: Float64Array, labels: ArrayLike<number>, weights: ArrayLike<number>): BetaCalibrator {
  return { kind: 'beta', a: 0, b: 0, c: fitLogistic([one], labels, weights).place[0] }
}

function checkOverlap(scores: ArrayLike<number>, labels: ArrayLike<number>): void {
  let [highestZero, lowestOne] = [-Infinity, Infinity]
  for (let i = 0; i < scores.length; i++) {
    if (labels[i] === 1) lowestOne = Math.min(lowestOne, scores[i])
    else highestZero = Math.max(highestZero, scores[i])
  }
  if (highestZero < lowestOne)
    throw new PodError(
      'CALIBRATION_SEPARATED',
      'a threshold tells the calibration classes apart, so no finite slope is best',
      {
        hint: 'calibrate on more rows, or use Platt scaling, whose targets keep it finite',
      },
    )
}

export const applyBeta = ({ a, b, c }: BetaCalibrator, scores: ArrayLike<number>): Float64Array =>
  Float64Array.from(scores, (score) => sigmoid(a * Math.log(inside(score)) - b * Math.log1p(-inside(score)) + c))

export function betaValue({ a, b, c }: BetaCalibrator, score: Value): Value {
  const s = clip(cast(score, 'float64'), constant(EDGE, 'float64'), constant(1 - EDGE, 'float64'))
  const rest = sub(constant(1, 'float64'), s)
  return sigmoidValue(add(sub(mul(log(s), a), mul(log(rest), b)), c))
}
