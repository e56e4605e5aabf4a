import { PodError } from '@mlpod/contract'
import type { Calibration } from '../calibrate/calibrate.ts'
import type { RegressionConformal } from '../regression/splitRegression.ts'
import type { JointConformal } from './jointIntervals.ts'

/**
 * Returns the intervals of the j-th output of a box as those of one output, for `intervalSql`, `intervalValues` and `regressionIntervals`: with all
 * outputs' together, the joint promise. It holds thresholds alone, no scores to read other levels from. Throws `OUTPUT_UNKNOWN`.
 */
export function outputConformal({ score, outputs, symmetric, joint }: JointConformal, j: number): RegressionConformal {
  if (!(Number.isInteger(j) && j >= 0 && j < outputs))
    throw new PodError('OUTPUT_UNKNOWN', `there is no output ${j} of ${outputs}`)
  const { levels, thresholds, coordinates, n, dropped } = joint
  const side = (of: number): Calibration => ({
    levels,
    groups: [
      {
        group: null,
        n,
        scores: [],
        ranks: [],
        thresholds: levels.map((_, l) => thresholds[l * coordinates + of * outputs + j]),
      },
    ],
    unseenGroup: 'pooled',
    dropped,
  })
  const above = side(0)
  return { score, levels, symmetric, above, below: symmetric ? above : side(1), crossing: 0 }
}
