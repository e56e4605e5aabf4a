import { cast, castLike, type Value } from '@mlpod/graph'
import { applyBeta, type BetaCalibrator, betaValue } from './beta.ts'
import {
  applyHistogram,
  applyPlattBinning,
  type HistogramCalibrator,
  histogramValue,
  type PlattBinningCalibrator,
  plattBinningValue,
} from './histogramBinning.ts'
import { applyIsotonic, type IsotonicCalibrator, isotonicValue } from './isotonicCalibrator.ts'
import { applyPlatt, type PlattCalibrator, plattValue } from './platt.ts'
import { applyVennAbers, type VennAbersCalibrator, vennAbersValue } from './vennAbers.ts'

/** A calibrator of the probability of class 1; plain data. */
export type BinaryCalibrator =
  | PlattCalibrator
  | IsotonicCalibrator
  | BetaCalibrator
  | HistogramCalibrator
  | PlattBinningCalibrator
  | VennAbersCalibrator

type Kind = BinaryCalibrator['kind']
type Of<K extends Kind> = Extract<BinaryCalibrator, { kind: K }>

/** What each kind does to numbers and to Values. */
const CALIBRATORS: {
  readonly [K in Kind]: {
    apply(calibrator: Of<K>, scores: ArrayLike<number>): Float64Array
    value(calibrator: Of<K>, score: Value): Value
  }
} = {
  platt: { apply: applyPlatt, value: plattValue },
  isotonic: { apply: applyIsotonic, value: isotonicValue },
  beta: { apply: applyBeta, value: betaValue },
  histogram: { apply: applyHistogram, value: histogramValue },
  plattBinning: { apply: applyPlattBinning, value: plattBinningValue },
  vennAbers: { apply: applyVennAbers, value: vennAbersValue },
}

const entry = <K extends Kind>(calibrator: Of<K>) => CALIBRATORS[calibrator.kind as K]

/** Returns the calibrated probabilities of class 1; NaN of NaN. */
export const applyCalibrator = (calibrator: BinaryCalibrator, scores: ArrayLike<number>): Float64Array =>
  entry(calibrator).apply(calibrator as never, scores)

/**
 * Returns the calibrated probability as a Value of the score's shape and element type, to be appended to a model: computed in
 * double precision, so that cells are those of `applyCalibrator`.
 */
export const calibratorValue = (calibrator: BinaryCalibrator, score: Value): Value =>
  castLike(entry(calibrator).value(calibrator as never, cast(score, 'float64')), score)
