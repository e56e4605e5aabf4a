import { abs, add, concat, constant, dtypeOf, mul, slice, sub, type Value } from '@mlpod/graph'
import { thresholdRow } from '../multivariate/jointValues.ts'
import { type BoxConformal, OUTWARD } from './conformalBoxes.ts'

/**
 * Returns the boxes of predictions [m, 4] as values of their graph, [m, 4] a level: outputs of a detector that carries its outer or inner boxes.
 * In single precision outer boxes are rounded outward, inner ones inward. (A flat predicted box gets a flat multiplicative one.)
 */
export function boxValues(
  { score, side, joint }: BoxConformal,
  predicted: Value,
): readonly { readonly level: number; readonly boxes: Value }[] {
  const dtype = dtypeOf(predicted) === 'float64' ? 'float64' : 'float32'
  const part = (from: number): Value => slice(predicted, [from], [from + 2], { axes: [1] })
  const size = sub(part(2), part(0))
  const row = (values: readonly number[]): Value =>
    dtype === 'float32'
      ? constant({ dtype, shape: [1, 4], data: Float32Array.from(values) })
      : constant({ dtype, shape: [1, 4], data: Float64Array.from(values) })
  const direction = row(OUTWARD.map((sign) => (side === 'outer' ? sign : -sign)))
  return joint.levels.map((level, l) => {
    const q = thresholdRow(joint.thresholds.subarray(4 * l, 4 * l + 4), dtype)
    const far = score === 'additive' ? q : mul(q, concat([size, size], { axis: 1 }))
    const boxes = add(predicted, mul(direction, far))
    // a side takes three roundings
    const step = mul(direction, mul(add(abs(boxes), abs(far)), 2 ** -22))
    return { level, boxes: dtype === 'float32' ? add(boxes, step) : boxes }
  })
}
