import { constant } from '../leaf.ts'
import { abs, cast, div, equal, like, mul, isNaN as nans, sub, where } from '../operators/elementwise.ts'
import { gather } from '../operators/indexing.ts'
import { reduceL2, reduceMax, reduceSum } from '../operators/reduction.ts'
import { concat, pad, reshape, shape, unsqueeze } from '../operators/structure.ts'
import { float, floats, int, ints, text } from '../schema.ts'
import { dtypeOf, isFloating, type Value } from '../value.ts'
import type { Compositions, Use } from './composition.ts'

const single = (use: Use): Value => cast(use.inputs[0]!, 'float32')

/** Returns an attribute's numbers as a scalar, or a list of one a feature. */
const numbers = (x: Value, list: readonly number[]): Value => (list.length === 1 ? like(x, list[0]) : like(x, list))

function normed(x: Value, norm: string): Value {
  const kept = { axes: [-1], keepDims: true }
  const size = norm === 'L1' ? reduceSum(abs(x), kept) : norm === 'L2' ? reduceL2(x, kept) : reduceMax(x, kept)
  return div(x, where(equal(size, 0), 1, size))
}

/** What is missing is replaced by the number of its feature. */
function imputed(use: Use): Value {
  const [x] = use.inputs as readonly [Value]
  const floating = isFloating(x)
  const values = (floating ? floats(use, 'imputed_value_floats') : ints(use, 'imputed_value_int64s')) ?? [0]
  const missing = floating ? float(use, 'replaced_value_float', 0) : int(use, 'replaced_value_int64', 0)
  const found = Number.isNaN(missing) ? nans(x) : equal(x, constant(missing, dtypeOf(x)))
  return where(found, numbers(x, values), x)
}

/** Features side by side; what is longer than told is cut, what is shorter filled with zeros. */
function vectorized(use: Use): Value {
  const sizes = ints(use, 'inputdimensions')!
  const parts = use.inputs.map((value, i) => {
    const x = cast(value!, 'float32')
    const rows = x.shape.length === 1 ? unsqueeze(x, [0]) : x
    if (rows.shape[1] === sizes[i]) return rows
    const missing = sub(constant([sizes[i]], 'int64'), shape(rows, 1))
    return pad(rows, concat([constant([0, 0, 0], 'int64'), missing]))
  })
  return concat(parts, { axis: 1 })
}

/** What operators that prepare features are made of. */
export const features: Compositions = {
  Scaler: (use) => {
    const x = single(use)
    return [mul(sub(x, numbers(x, floats(use, 'offset') ?? [0])), numbers(x, floats(use, 'scale') ?? [1]))]
  },
  Normalizer: (use) => [normed(single(use), text(use, 'norm', 'MAX'))],
  Imputer: (use) => [imputed(use)],
  FeatureVectorizer: (use) => [vectorized(use)],
  ArrayFeatureExtractor: ({ inputs: [x, indices] }) => {
    const picked = gather(x!, reshape(indices!, [-1]), { axis: -1 })
    return [x!.shape.length === 1 ? unsqueeze(picked, [0]) : picked]
  },
}
