import { cast, div, max, min, mul, sub } from '../operators/elementwise.ts'
import { gather } from '../operators/indexing.ts'
import { reduceMax, reduceMin } from '../operators/reduction.ts'
import { range, reshape, shape, squeeze } from '../operators/structure.ts'
import { int } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { Compositions, Use } from './composition.ts'

/** Returns a scale or zero point so that it broadcasts with x: one number, one a place of an axis, or one a block. */
export function spread(scale: Value, x: Value, use: Pick<Use, 'attributes'>): Value {
  if (scale.shape.length === 0) return scale
  const given = int(use, 'axis', 1)
  const axis = given < 0 ? given + x.shape.length : given
  const block = int(use, 'block_size', 0)
  if (block > 0) {
    const places = range(0, squeeze(shape(x, axis, axis + 1), [0]))
    return gather(scale, div(places, block), { axis })
  }
  if (scale.shape[0] === 1) return reshape(scale, [])
  return reshape(
    scale,
    x.shape.map((_, i) => (i === axis ? -1 : 1)),
  )
}

/** What operators between real numbers and few bits are made of. */
export const quantization: Compositions = {
  DequantizeLinear: (use) => {
    const [x, scale, zero] = use.inputs as readonly [Value, Value, Value | null | undefined]
    const dtype = dtypeOf(scale)!
    const moved = zero ? sub(cast(x, dtype), spread(cast(zero, dtype), x, use)) : cast(x, dtype)
    return [mul(moved, spread(scale, x, use))]
  },
  // the range, widened to hold 0, in 255 steps
  DynamicQuantizeLinear: ({ inputs: [x] }) => {
    const span = sub(max(reduceMax(x!), 0), min(reduceMin(x!), 0))
    return [undefined, div(span, 255), undefined]
  },
}
