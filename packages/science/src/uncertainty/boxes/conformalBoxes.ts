import { PodError } from '@mlpod/contract'
import type { LevelOption } from '../calibrate/levels.ts'
import { calibrateJoint, type JointCalibration, type JointMethod } from '../multivariate/jointScores.ts'
import { type Boxes, checkedBoxes } from './box.ts'

/** How far a side is off: in the box's own units, or as a share of the predicted box's width or height. */
export type BoxScore = 'additive' | 'multiplicative'

/** `outer` holds the true box, `inner` is held by it. */
export type BoxSide = 'outer' | 'inner'

/** Boxes widened or narrowed, calibrated: plain data. */
export interface BoxConformal {
  readonly score: BoxScore
  readonly side: BoxSide
  readonly joint: JointCalibration
}

/** Settings of `calibrateBoxes`. */
export interface BoxOptions extends LevelOption {
  readonly score?: BoxScore
  readonly side?: BoxSide
  /** One threshold for all four sides (`maxScore`, default), one rank, or shares of the error. */
  readonly method?: JointMethod
  readonly scales?: ArrayLike<number>
  readonly shares?: ArrayLike<number>
}

/** -1 for the sides that lie at the least coordinate: outward is towards less. */
export const OUTWARD: readonly number[] = [-1, -1, 1, 1]

/** The unit of side j of box i. */
const unit = (score: BoxScore, boxes: Boxes, i: number, j: number): number =>
  score === 'additive' ? 1 : boxes[4 * i + 2 + (j % 2)] - boxes[4 * i + (j % 2)]

/**
 * Returns how far each side of the true box lies beyond the predicted one, outward for outer boxes and inward for inner ones: [n, 4].
 * (puncc 0.9.3 takes predicted - true for all four sides, so that its boxes miss on the right and at the bottom.)
 * Throws `BOX_INVALID`, `LENGTH_MISMATCH`; `BOX_FLAT` for a multiplicative score of a box without width or height.
 */
export function boxScores(
  truth: Boxes,
  predicted: Boxes,
  { score = 'additive', side = 'outer' }: { readonly score?: BoxScore; readonly side?: BoxSide } = {},
): Float64Array {
  const n = checkedBoxes(truth, 'the true boxes')
  const m = checkedBoxes(predicted, 'the predicted boxes')
  if (n !== m) throw new PodError('LENGTH_MISMATCH', `${m} predicted boxes do not match ${n} true ones`)
  refuseFlat(score, predicted)
  const sign = side === 'outer' ? 1 : -1
  return Float64Array.from({ length: 4 * n }, (_, at) => {
    const [i, j] = [Math.floor(at / 4), at % 4]
    return (sign * OUTWARD[j] * (truth[at] - predicted[at])) / unit(score, predicted, i, j)
  })
}

function refuseFlat(score: BoxScore, boxes: Boxes): void {
  if (score === 'additive') return
  for (let i = 0; i < boxes.length / 4; i++)
    if (!(unit(score, boxes, i, 0) > 0 && unit(score, boxes, i, 1) > 0))
      throw new PodError('BOX_FLAT', `predicted box ${i} has no width or height to measure errors by`, {
        hint: "use score: 'additive', or leave flat boxes out",
      })
}

/**
 * Returns the calibration of boxes that hold (or are held by) the true box of a matched prediction with probability at least `level`.
 * What is not matched (`matchBoxes`) is not promised anything. Throws what `boxScores` and `calibrateJoint` throw.
 * Source: de Grancey et al. 2022; Andeol et al. 2023; the largest of four scores: Timans et al. 2024.
 */
export function calibrateBoxes(
  truth: Boxes,
  predicted: Boxes,
  { score = 'additive', side = 'outer', ...options }: BoxOptions,
): BoxConformal {
  const scores = boxScores(truth, predicted, { score, side })
  return { score, side, joint: calibrateJoint(scores, { ...options, coordinates: 4 }) }
}

/** Widened or narrowed boxes of m rows. */
export interface ConformalBoxes {
  readonly levels: readonly number[]
  /** [levels, m, 4]. */
  readonly boxes: Float64Array
  /** Boxes that hold nothing: inner ones whose sides have crossed. */
  readonly empty: number
}

/** Returns the boxes of new predictions. Throws `BOX_INVALID`, `BOX_FLAT`. */
export function conformalBoxes({ score, side, joint }: BoxConformal, predicted: Boxes): ConformalBoxes {
  const m = checkedBoxes(predicted, 'the predicted boxes')
  refuseFlat(score, predicted)
  const sign = side === 'outer' ? 1 : -1
  const { levels, thresholds } = joint
  const boxes = new Float64Array(levels.length * m * 4)
  let empty = 0
  for (let l = 0; l < levels.length; l++)
    for (let i = 0; i < m; i++) {
      const from = (l * m + i) * 4
      for (let j = 0; j < 4; j++)
        boxes[from + j] =
          predicted[4 * i + j] + sign * OUTWARD[j] * thresholds[4 * l + j] * unit(score, predicted, i, j)
      if (boxes[from + 2] < boxes[from] || boxes[from + 3] < boxes[from + 1]) empty++
    }
  return { levels, boxes, empty }
}
