import { apply } from '../apply.ts'
import { gather, scatterElements } from '../operators/indexing.ts'
import { maxUnpool } from '../operators/pooling.ts'
import { reshape } from '../operators/structure.ts'
import type { Differentiable, Rule } from '../rule.ts'
import { int, ints } from '../schema.ts'
import type { pooling as schemas } from '../schemas/pooling.ts'
import type { Operation, Value } from '../value.ts'
import { windowOf } from '../window.ts'
import { composed, onTangent } from './law.ts'
import { reshapeTo, sizesOf, zerosLike } from './shape.ts'

const flat = (x: Value): Value => reshape(x, [-1])

/** Where the largest elements were found; the operation itself, asked for its second output too. */
const foundAt = ({ inputs, attributes }: Operation): Value => {
  const { storage_order: _, ...rest } = attributes
  return apply('MaxPool', inputs, attributes.storage_order ? rest : attributes, { outputs: 2 })[1]
}

/** Returns g laid back where it was found. Windows that overlap may have found one element twice. */
function laidBack(g: Value, operation: Operation): Value {
  const [x] = operation.inputs as readonly [Value]
  const kernel = ints(operation, 'kernel_shape')!
  const { strides, dilations, pads } = windowOf(operation, kernel, x.shape.slice(2))
  const apart = kernel.every((size, axis) => strides[axis] >= (size - 1) * dilations[axis] + 1)
  // the runtime's MaxUnpool takes no windows that reach beyond the border
  const within = int(operation, 'ceil_mode', 0) === 0 && pads?.every((size) => size === 0)
  if (apart && within) return maxUnpool(g, foundAt(operation), kernel, { strides, outputShape: sizesOf(x) })
  const sum = scatterElements(flat(zerosLike(x)), flat(foundAt(operation)), flat(g), { reduction: 'add' })
  return reshapeTo(sum, x)
}

/** Linear in x: the tangent goes the same way, the cotangent as through what it is made of. */
const linear = (type: 'AveragePool' | 'GlobalAveragePool'): Differentiable => ({
  ...composed(type),
  jvp: onTangent,
})

/** Rules of the poolings. */
export const pooling: { readonly [O in keyof typeof schemas]: Rule } = {
  // the first of equal elements, which Indices names, has it all
  MaxPool: {
    vjp: ({ gs: [g], operation }) => [() => g && laidBack(g, operation)],
    jvp: ({ ts: [t], operation }) => [t && gather(flat(t), foundAt(operation))],
  },
  AveragePool: linear('AveragePool'),
  LpPool: composed('LpPool'),
  GlobalAveragePool: linear('GlobalAveragePool'),
  GlobalMaxPool: composed('GlobalMaxPool'),
  GlobalLpPool: composed('GlobalLpPool'),
  MaxUnpool: {
    vjp: ({ g, x: [, indices] }) => [() => gather(flat(g), indices)],
    jvp: onTangent,
  },
  RoiAlign: composed('RoiAlign'),
  MaxRoiPool: {
    none: 'the windows of a MaxRoiPool are whole elements, computed from the regions; RoiAlign has a derivative',
  },
}
