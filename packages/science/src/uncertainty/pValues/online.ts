import { PodError } from '@mlpod/contract'
import { type OrderedNumbers, orderedNumbers } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'
import { type Randomize, uniformOf } from '../classification/randomize.ts'
import { checkLabels, classCount } from '../classification/rows.ts'

/** Settings of online p-values. */
export interface OnlinePValueOptions {
  /** Scores known before the first, and their groups where scores have any. */
  readonly calibration?: ArrayLike<number>
  readonly calibrationGroups?: readonly string[]
  /** The group of each score, which is compared with its own. */
  readonly groups?: readonly string[]
  readonly smoothed?: Randomize
}

/** p-value of x among those that are known, and itself. */
function pValueAmong(known: OrderedNumbers | undefined, x: number, u: number | undefined): number {
  const n = known?.size ?? 0
  if (Number.isNaN(x)) return 1
  const below = known?.countBelow(x) ?? 0
  if (u === undefined) return (n - below + 1) / (n + 1)
  const upTo = known?.countUpTo(x) ?? 0
  return (n - upTo + u * (upTo - below + 1)) / (n + 1)
}

/** Ordered scores by group. */
function ledger(): { of(group: string): OrderedNumbers } {
  const byGroup = new Map<string, OrderedNumbers>()
  return {
    of(group) {
      const found = byGroup.get(group) ?? orderedNumbers()
      byGroup.set(group, found)
      return found
    },
  }
}

/**
 * Returns the p-value of each score among those before it (and the calibration scores): smoothed ones of exchangeable rows are independent
 * and uniform, which is what tests of exchangeability bet on. O(log n) comparisons a score, where crepes compares with all.
 * Throws `LENGTH_MISMATCH`. Source: Vovk, Gammerman, Shafer 2005; crepes 0.9.1 `predict_p_online`.
 */
export function onlinePValues(
  scores: ArrayLike<number>,
  { calibration, calibrationGroups, groups, smoothed }: OnlinePValueOptions = {},
): Float64Array {
  const n = scores.length
  checkLength(groups?.length, n, 'groups')
  checkLength(calibrationGroups?.length, calibration?.length ?? 0, 'groups of calibration scores')
  const u = smoothed && uniformOf(n, smoothed, 'pValue')
  const known = ledger()
  insertAll(known, calibration, calibrationGroups)
  return Float64Array.from({ length: n }, (_, i) => {
    const own = known.of(groups?.[i] ?? '')
    const p = pValueAmong(own, scores[i], u?.[i])
    if (!Number.isNaN(scores[i])) own.insert(scores[i])
    return p
  })
}

function insertAll(
  known: { of(group: string): OrderedNumbers },
  scores: ArrayLike<number> = [],
  groups?: readonly string[],
): void {
  for (let i = 0; i < scores.length; i++) if (!Number.isNaN(scores[i])) known.of(groups?.[i] ?? '').insert(scores[i])
}

/** Settings of `onlineClassPValues`. */
export interface OnlineClassPValueOptions extends Omit<OnlinePValueOptions, 'calibrationGroups'> {
  /** Compares a label with the scores of its own class; calibration scores then need their labels. */
  readonly byClass?: boolean
  readonly calibrationLabels?: ArrayLike<number>
  readonly calibrationGroups?: readonly string[]
  /**
   * Rows whose labels become known together (1 by default): a row is compared with the labels of the batches before. With more rows than
   * there are, nothing is learnt on the way, and with calibration scores that is a split classifier.
   */
  readonly batch?: number
}

/**
 * Returns the p-value of each label of each row [n, classes], where a row's own label becomes known after it (or after its batch).
 * `scores` is [n, classes]; smoothed by a number for each row, or for each label where given so.
 * Throws `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `OPTION_INVALID`. Source: crepes 0.9.1, online and semi-online classification.
 */
export function onlineClassPValues(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  {
    calibration,
    calibrationLabels,
    calibrationGroups,
    groups,
    byClass = false,
    batch = 1,
    smoothed,
  }: OnlineClassPValueOptions = {},
): Float64Array {
  const n = labels.length
  if (n === 0) return new Float64Array(0)
  const classes = classCount(scores, n)
  checkLabels(labels, classes)
  checkLength(groups?.length, n, 'groups')
  const before = calibration?.length ?? 0
  if (byClass) checkLength(calibrationLabels?.length ?? 0, before, 'labels of calibration scores')
  if (groups) checkLength(calibrationGroups?.length ?? 0, before, 'groups of calibration scores')
  if (!(Number.isInteger(batch) && batch > 0))
    throw new PodError('OPTION_INVALID', `${batch} is no number of rows`, { hint: 'batch: a whole number > 0' })
  const perLabel = smoothed !== undefined && 'uniform' in smoothed && smoothed.uniform.length === scores.length
  const u = smoothed && uniformOf(perLabel ? scores.length : n, smoothed, 'pValue')
  const nameOf = (group: string | undefined, label: number): string => `${byClass ? label : ''} ${group ?? ''}`
  const known = ledger()
  insertAll(
    known,
    calibration,
    Array.from({ length: before }, (_, i) => nameOf(calibrationGroups?.[i], calibrationLabels?.[i] ?? 0)),
  )
  const found = new Float64Array(scores.length)
  for (let from = 0; from < n; from += batch) {
    const to = Math.min(n, from + batch)
    for (let at = from * classes; at < to * classes; at++) {
      const row = Math.floor(at / classes)
      found[at] = pValueAmong(known.of(nameOf(groups?.[row], at % classes)), scores[at], u?.[perLabel ? at : row])
    }
    for (let i = from; i < to; i++) {
      const own = scores[i * classes + labels[i]]
      if (!Number.isNaN(own)) known.of(nameOf(groups?.[i], labels[i])).insert(own)
    }
  }
  return found
}
