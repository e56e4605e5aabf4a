import { PodError } from '@mlpod/contract'
import { cellsOf } from './cells.ts'
import { ABSTAINED, OUTCOME_RISKS, type OutcomeRisk, precisionOf, recallOf } from './outcomeRisks.ts'
import { checkThresholds, lazyCurves, type RiskCurve, type RiskCurves, riskGrid } from './riskCurve.ts'

/** What each row's prediction is on either side of its threshold. */
interface ThresholdRows {
  /** Thresholds reached by each row. */
  readonly cells: Uint32Array
  /** Each row's place in `kinds`, and its group if there are groups. */
  readonly kind: Uint32Array
  /** All that may be, whether rows are so or not. */
  readonly kinds: readonly { readonly truth: number; readonly reached: number; readonly below: number }[]
  readonly groups?: readonly string[]
}

/** Settings of risks of a threshold. */
export interface ThresholdRiskOptions {
  /** Thresholds to try, ascending; 0, 0.01, ..., 0.99 by default. */
  readonly lambdas?: readonly number[]
  /** Risks beside those of the table, by name. */
  readonly risks?: Readonly<Record<string, OutcomeRisk>>
  /** A group for each row: the risk `recall@a` is recall among the rows of group "a". */
  readonly groups?: readonly string[]
}

const defaultGrid = riskGrid(0, 0.99, 100)

/**
 * Returns the risks of "class 1 if and only if score >= lambda" on rows whose truth is 0 or 1. A NaN score abstains. Each risk costs one pass over the
 * rows, whatever the number of thresholds. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `LAMBDAS_INVALID`.
 * Source: MAPIE 1.6 `BinaryClassificationController` (which makes a matrix of all rows and thresholds).
 */
export function binaryRisks(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { lambdas = defaultGrid, risks = {}, groups }: ThresholdRiskOptions = {},
): RiskCurves {
  const n = checkRows(scores.length, labels, groups)
  checkThresholds(lambdas)
  const kind = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is neither 0 nor 1`)
    kind[i] = labels[i] + (Number.isNaN(scores[i]) ? 2 : 0)
  }
  const kinds = [0, 1].map((truth) => ({ truth, reached: 1, below: 0 }))
  const abstained = [0, 1].map((truth) => ({ truth, reached: ABSTAINED, below: ABSTAINED }))
  return curvesOf(
    { cells: cellsOf(scores, lambdas), kind, kinds: [...kinds, ...abstained], groups },
    { ...OUTCOME_RISKS, ...risks },
    lambdas,
  )
}

/**
 * Returns the risks of "the class of the largest probability if it is >= lambda, else abstain" (`probabilities` [n, k]
 * row-major, `labels` class indices, ties to the lowest index). Beside the table of risks there are `recall:k` and
 * `precision:k`, one class against the rest. Throws as `binaryRisks`, and `PROBABILITY_INVALID`.
 * Source: MAPIE 1.6 `MultiClassificationLTTController`, `build_recall_ovr`, `build_precision_ovr`.
 */
export function multiclassRisks(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { lambdas = defaultGrid, risks = {}, groups }: ThresholdRiskOptions = {},
): RiskCurves {
  const classes = labels.length > 0 ? probabilities.length / labels.length : 0
  const n = checkRows(Number.isInteger(classes) ? labels.length : probabilities.length, labels, groups)
  checkThresholds(lambdas)
  const top = new Float64Array(n)
  const kind = new Uint32Array(n)
  for (let i = 0; i < n; i++) {
    const best = topClass(probabilities, i, classes)
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes))
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is no class from 0 to ${classes - 1}`)
    top[i] = probabilities[i * classes + best]
    kind[i] = labels[i] * classes + best
  }
  const kinds = Array.from({ length: classes * classes }, (_, at) => ({
    truth: Math.floor(at / classes),
    reached: at % classes,
    below: ABSTAINED,
  }))
  const each = Object.fromEntries(
    Array.from({ length: classes }, (_, k) => [
      [`recall:${k}`, recallOf(k)],
      [`precision:${k}`, precisionOf(k)],
    ]).flat(),
  )
  const { accuracy, abstentionRate, selectiveAccuracy } = OUTCOME_RISKS
  return curvesOf(
    { cells: cellsOf(top, lambdas), kind, kinds, groups },
    { accuracy, abstentionRate, selectiveAccuracy, ...each, ...risks },
    lambdas,
  )
}

function topClass(probabilities: ArrayLike<number>, row: number, classes: number): number {
  let [best, total] = [0, 0]
  for (let j = 0; j < classes; j++) {
    const p = probabilities[row * classes + j]
    if (!(p >= 0 && p <= 1)) throw new PodError('PROBABILITY_INVALID', `${p} of row ${row} is no probability`)
    total += p
    if (p > probabilities[row * classes + best]) best = j
  }
  if (Math.abs(total - 1) > 1e-5)
    throw new PodError('PROBABILITY_INVALID', `the probabilities of row ${row} sum to ${total}, not to 1`)
  return best
}

/** Returns the number of rows. Throws `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`. */
export function checkRows(n: number, labels: ArrayLike<unknown>, groups?: readonly string[]): number {
  if (labels.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (n !== labels.length) throw new PodError('LENGTH_MISMATCH', `${n} scores do not match ${labels.length} labels`)
  if (groups && groups.length !== n)
    throw new PodError('LENGTH_MISMATCH', `${groups.length} groups do not match ${n} rows`)
  return n
}

function curvesOf(
  rows: ThresholdRows,
  risks: Readonly<Record<string, OutcomeRisk>>,
  lambdas: readonly number[],
): RiskCurves {
  const groups = [...new Set(rows.groups ?? [])].sort()
  const names = Object.keys(risks).flatMap((name) => [name, ...groups.map((group) => `${name}@${group}`)])
  return lazyCurves(lambdas, names, 0, (name) => {
    const at = name.indexOf('@')
    const group = at < 0 ? undefined : name.slice(at + 1)
    const risk = risks[at < 0 ? name : name.slice(0, at)]
    return risk && (group === undefined || groups.includes(group))
      ? thresholdCurve(name, risk, rows, lambdas.length, group)
      : undefined
  })
}

/** A row's loss on one side of its threshold; NaN where the risk is not about it. */
function lossOf({ occurrence, condition, higherIsBetter = false }: OutcomeRisk, truth: number, prediction: number) {
  if (condition && !condition(truth, prediction)) return Number.NaN
  const value = Number(occurrence(truth, prediction))
  if (!(value >= 0 && value <= 1))
    throw new PodError('RISK_INVALID', `a risk is ${value} for truth ${truth} and prediction ${prediction}`, {
      hint: 'losses lie between 0 and 1: divide by the largest',
    })
  return higherIsBetter ? 1 - value : value
}

function thresholdCurve(
  name: string,
  risk: OutcomeRisk,
  { cells, kind, kinds, groups }: ThresholdRows,
  count: number,
  group?: string,
): RiskCurve {
  const reached = Float64Array.from(kinds, (k) => lossOf(risk, k.truth, k.reached))
  const below = Float64Array.from(kinds, (k) => lossOf(risk, k.truth, k.below))
  // a row counts as `reached` up to its cell and as `below` from there on: differences, then running sums
  const [n, sum] = [new Float64Array(count + 1), new Float64Array(count + 1)]
  for (let i = 0; i < kind.length; i++) {
    if (group !== undefined && groups?.[i] !== group) continue
    const [a, b, cell] = [reached[kind[i]], below[kind[i]], cells[i]]
    if (!Number.isNaN(a)) {
      n[0]++
      n[cell]--
      sum[0] += a
      sum[cell] -= a
    }
    if (!Number.isNaN(b)) {
      n[cell]++
      sum[cell] += b
    }
  }
  for (let j = 1; j < count; j++) {
    n[j] += n[j - 1]
    sum[j] += sum[j - 1]
  }
  const losses = [...reached, ...below]
  const pairs = kinds.map((_, k) => [reached[k], below[k]])
  const stays = pairs.every(([a, b]) => Number.isNaN(a) === Number.isNaN(b))
  const rises = stays && pairs.every(([a, b]) => !(a > b))
  const falls = stays && pairs.every(([a, b]) => !(a < b))
  return {
    name,
    higherIsBetter: risk.higherIsBetter ?? false,
    binary: losses.every((loss) => Number.isNaN(loss) || loss === 0 || loss === 1),
    conditional: group !== undefined || losses.some(Number.isNaN),
    ...(rises ? { direction: 'increasing' as const } : falls ? { direction: 'decreasing' as const } : {}),
    n: n.slice(0, count),
    sum: sum.slice(0, count),
    losses(j) {
      const out: number[] = []
      for (let i = 0; i < kind.length; i++) {
        const loss = cells[i] > j ? reached[kind[i]] : below[kind[i]]
        if (!Number.isNaN(loss) && (group === undefined || groups?.[i] === group)) out.push(loss)
      }
      return Float64Array.from(out)
    },
  }
}
