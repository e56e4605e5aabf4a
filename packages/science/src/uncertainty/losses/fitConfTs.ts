import { PodError } from '@mlpod/contract'
import { rankThreshold } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { levelsOf } from '../calibrate/levels.ts'
import { trueLabelScores } from '../classification/labelParts.ts'
import { checkLabels, classCount, classRows } from '../classification/rows.ts'
import { type ClassScore, type ClassScoreName, classScoreOf } from '../classification/scores.ts'

/** Settings of `fitConfTs`. */
export interface ConfTsOptions {
  readonly level?: number
  readonly alpha?: number
  /** `aps` by default, not randomised. */
  readonly score?: ClassScoreName | ClassScore
  /** Share of the rows that the threshold is read from (0.5 by default, the first). */
  readonly fraction?: number
  /** The temperatures looked at. */
  readonly least?: number
  readonly most?: number
}

/** A temperature and the mean squared distance between threshold and scores that it leaves. */
export interface ConfTsTemperature {
  readonly temperature: number
  readonly gap: number
  /** The gap at temperature 1. */
  readonly before: number
}

/**
 * Returns the temperature at which the scores of labels are nearest to the threshold (ConfTS): the first minimum downhill from 1, by steps
 * and then by golden sections, since scores of logits divided by almost 0 are all alike. It changes no argmax, and must be fitted on rows
 * that do not calibrate. `logits` is [n, classes]. Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `LABEL_UNKNOWN`,
 * `OPTION_INVALID`. Source: Xi et al. 2024.
 */
export function fitConfTs(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { score = 'aps', fraction = 0.5, least = 0.25, most = 4, ...option }: ConfTsOptions,
): ConfTsTemperature {
  const [level] = levelsOf(option)
  const n = labels.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no row to fit a temperature on')
  const classes = classCount(logits, n)
  checkLength(classes * n, logits.length, 'logits')
  checkLabels(labels, classes)
  if (!(fraction > 0 && fraction < 1) || !(least > 0 && least <= 1 && most >= 1))
    throw new PodError('OPTION_INVALID', `a share of ${fraction} or temperatures from ${least} to ${most} cannot be`, {
      hint: 'fraction in (0, 1), least in (0, 1], most >= 1',
    })
  const used = classScoreOf(score)
  const cut = Math.floor(fraction * n)
  const scaled = new Float64Array(logits.length)
  const gapAt = (temperature: number): number => {
    for (let i = 0; i < scaled.length; i++) scaled[i] = logits[i] / temperature
    const { scores } = trueLabelScores(classRows(scaled, classes, { transform: 'softmax' }), labels, used)
    const { threshold } = rankThreshold(scores.subarray(0, cut), level)
    const limit = Number.isFinite(threshold) ? threshold : scores.reduce((a, b) => Math.max(a, b))
    let sum = 0
    for (let i = cut; i < n; i++) sum += (limit - scores[i]) ** 2
    return sum / (n - cut)
  }
  const before = gapAt(1)
  const found = downhill(gapAt, before, Math.log(least), Math.log(most))
  return found.gap < before ? { ...found, before } : { temperature: 1, gap: before, before }
}

/** The first minimum of f(exp(x)) downhill from x = 0. */
function downhill(
  f: (t: number) => number,
  start: number,
  low: number,
  high: number,
): Omit<ConfTsTemperature, 'before'> {
  const STEP = 0.15
  const at = (x: number): number => f(Math.exp(x))
  const direction = at(Math.max(low, -STEP)) < at(Math.min(high, STEP)) ? -1 : 1
  let [x, value] = [0, start]
  for (;;) {
    const next = Math.min(high, Math.max(low, x + direction * STEP))
    const there = at(next)
    if (next === x || !(there < value)) break
    ;[x, value] = [next, there]
  }
  let [a, b] = [Math.max(low, x - STEP), Math.min(high, x + STEP)]
  const GOLDEN = (Math.sqrt(5) - 1) / 2
  while (b - a > 1e-4) {
    const [left, right] = [b - GOLDEN * (b - a), a + GOLDEN * (b - a)]
    if (at(left) <= at(right)) b = right
    else a = left
  }
  const middle = (a + b) / 2
  const gap = at(middle)
  return gap < value ? { temperature: Math.exp(middle), gap } : { temperature: Math.exp(x), gap: value }
}
