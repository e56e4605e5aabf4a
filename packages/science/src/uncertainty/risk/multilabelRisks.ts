import { PodError } from '@mlpod/contract'
import { cellsOf } from './cells.ts'
import { checkThresholds, lazyCurves, type RiskCurve, type RiskCurves } from './riskCurve.ts'

/** What is done with rows that have no true label: `recall` is not defined for them. */
export type EmptyRows = 'throw' | 'skip' | 'zeroLoss'

/** Settings of risks of sets of labels. */
export interface MultilabelRiskOptions {
  /** Thresholds to try, ascending; 0, 0.01, ..., 0.99 by default. */
  readonly lambdas?: readonly number[]
  /** `'throw'` by default. */
  readonly emptyRows?: EmptyRows
}

const defaultGrid = Array.from({ length: 100 }, (_, i) => i * 0.01)

/**
 * Returns the risks of the sets {labels with probability > lambda} (`probabilities` and `labels`, 0 or 1, both [n, k]
 * row-major): `recall`, the mean over rows of the share of true labels in the set; `precision`, the mean over rows of the
 * share of the set that is true (an empty set has precision 0); `falseDiscoveryRate` is one minus that but 0 for an empty
 * set. Each row's labels are counted by their cell between thresholds once: O(n k + thresholds) a risk, and no matrix.
 * Throws `LABELS_EMPTY` for a row without a true label unless `emptyRows` says otherwise.
 * Source: MAPIE 1.6 `MultiLabelClassificationController`.
 */
export function multilabelRisks(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
  { lambdas = defaultGrid, emptyRows = 'throw' }: MultilabelRiskOptions = {},
): RiskCurves {
  checkThresholds(lambdas)
  const n = labels.length / classes
  if (labels.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  if (!Number.isInteger(n) || probabilities.length !== labels.length)
    throw new PodError(
      'LENGTH_MISMATCH',
      `${probabilities.length} probabilities and ${labels.length} labels are no rows of ${classes} classes`,
    )
  for (let i = 0; i < probabilities.length; i++) {
    if (!(probabilities[i] >= 0 && probabilities[i] <= 1))
      throw new PodError(
        'PROBABILITY_INVALID',
        `${probabilities[i]} of row ${Math.floor(i / classes)} is no probability`,
      )
    if (labels[i] !== 0 && labels[i] !== 1)
      throw new PodError('LABEL_UNKNOWN', `${labels[i]} of row ${Math.floor(i / classes)} is neither 0 nor 1`)
  }
  const kept: number[] = []
  for (let row = 0; row < n; row++) {
    let any = false
    for (let j = row * classes; j < (row + 1) * classes && !any; j++) any = labels[j] === 1
    if (!any && emptyRows === 'throw')
      throw new PodError('LABELS_EMPTY', `row ${row} has no true label`, {
        hint: "emptyRows: 'skip' leaves such rows out, 'zeroLoss' counts them as loss 0",
      })
    if (any || emptyRows === 'zeroLoss') kept.push(row)
  }
  if (kept.length === 0) throw new PodError('CALIBRATION_EMPTY', 'no row has a true label')
  const cells = cellsOf(probabilities, lambdas, { strict: true })
  return lazyCurves(lambdas, Object.keys(SET_LOSSES), n - kept.length, (name) => {
    const loss = SET_LOSSES[name as keyof typeof SET_LOSSES]
    return loss && setCurve(name, loss, { cells, labels, classes, rows: kept }, lambdas.length)
  })
}

/** A loss of a set, by the labels in it, the true labels in it, and all true labels. */
interface SetLoss {
  readonly higherIsBetter: boolean
  readonly direction?: 'increasing'
  loss(inSet: number, right: number, truths: number): number
}

const SET_LOSSES = {
  recall: {
    higherIsBetter: true,
    direction: 'increasing',
    loss: (_, right, truths) => (truths > 0 ? 1 - right / truths : 0),
  },
  precision: { higherIsBetter: true, loss: (inSet, right) => (inSet > 0 ? 1 - right / inSet : 1) },
  falseDiscoveryRate: { higherIsBetter: false, loss: (inSet, right) => (inSet > 0 ? 1 - right / inSet : 0) },
} as const satisfies Readonly<Record<string, SetLoss>>

interface SetRows {
  readonly cells: Uint32Array
  readonly labels: ArrayLike<number>
  readonly classes: number
  readonly rows: readonly number[]
}

function setCurve(name: string, loss: SetLoss, { cells, labels, classes, rows }: SetRows, count: number): RiskCurve {
  const sum = new Float64Array(count)
  const [inSet, right] = [new Uint32Array(count + 2), new Uint32Array(count + 2)]
  // a row's loss changes only at the cells of its labels: between them it adds the same to each threshold
  const change = new Float64Array(count + 1)
  const order = new Uint32Array(classes)
  for (const row of rows) {
    const offset = row * classes
    let truths = 0
    for (let k = 0; k < classes; k++) {
      const cell = cells[offset + k]
      order[k] = cell
      inSet[cell]++
      if (labels[offset + k] === 1) {
        truths++
        right[cell]++
      }
    }
    order.sort()
    let [size, hits] = [0, 0]
    // from the strictest threshold down: the set grows
    let loose = loss.loss(0, 0, truths)
    for (let at = classes - 1; at >= 0; at--) {
      const cell = order[at]
      if (at < classes - 1 && cell === order[at + 1]) continue
      size += inSet[cell]
      hits += right[cell]
      inSet[cell] = 0
      right[cell] = 0
      const grown = loss.loss(size, hits, truths)
      // thresholds below `cell` have this set
      if (cell > 0) {
        change[cell] += loose - grown
        loose = grown
      }
    }
    change[0] += loose
  }
  for (let j = 0, running = 0; j < count; j++) {
    running += change[j]
    // differences leave rounding where the losses are zero
    sum[j] = running < 1e-9 ? 0 : running
  }
  return {
    name,
    higherIsBetter: loss.higherIsBetter,
    binary: false,
    conditional: false,
    ...(loss.direction ? { direction: loss.direction } : {}),
    n: new Float64Array(count).fill(rows.length),
    sum,
    losses: (j) =>
      Float64Array.from(rows, (row) => {
        let [size, hits, truths] = [0, 0, 0]
        for (let at = row * classes; at < (row + 1) * classes; at++) {
          const inside = cells[at] > j ? 1 : 0
          size += inside
          hits += inside * labels[at]
          truths += labels[at]
        }
        return loss.loss(size, hits, truths)
      }),
  }
}
