import {
  add,
  cast,
  constant,
  div,
  greaterOrEqual,
  matMul,
  mul,
  reduceMin,
  reduceSum,
  reduceSumSquare,
  sub,
  unsqueeze,
  type Value,
} from '@mlpod/graph'
import type { Mahalanobis } from './mahalanobis.ts'

const matrix = (data: readonly number[], shape: readonly number[]): Value =>
  constant({ dtype: 'float32', shape, data: Float32Array.from(data) })

/** Returns the Mahalanobis score [n, 1] of features [n, d] as a Value; see `mahalanobisScores`. */
export function mahalanobisScore({ dimensions: d, means, classes, whitening }: Mahalanobis, features: Value): Value {
  // centred first: in single precision the whitening of an offset would drown what differs
  const origin = Array.from({ length: d }, (_, j) => Math.fround(means[j]))
  const white = matMul(sub(features, matrix(origin, [1, d])), matrix(whitening, [d, d]))
  const centres = new Array<number>(classes * d).fill(0)
  for (let c = 0; c < classes; c++)
    for (let j = 0; j < d; j++)
      for (let k = 0; k < d; k++) centres[c * d + k] += (means[c * d + j] - origin[j]) * whitening[j * d + k]
  const squares = reduceSumSquare(sub(unsqueeze(white, [1]), matrix(centres, [1, classes, d])), {
    axes: [2],
    keepDims: false,
  })
  return mul(reduceMin(squares, { axes: [1], keepDims: true }), 0.5)
}

/** Returns the conformal p-value [n, 1] of scores [n, 1] as a Value, the calibration scores baked in; see `oodPValues`. */
export function conformalPValue(calibration: ArrayLike<number>, score: Value): Value {
  const baked = matrix(Array.from(calibration), [1, calibration.length])
  const above = reduceSum(cast(greaterOrEqual(baked, score), 'float32'), { axes: [1], keepDims: true })
  return div(add(above, 1), calibration.length + 1)
}
