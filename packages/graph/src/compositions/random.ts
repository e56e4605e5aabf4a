import { applyOne } from '../apply.ts'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import { cast, less } from '../operators/elementwise.ts'
import { int } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { Compositions } from './composition.ts'

/** What operators that draw are made of. */
export const random: Compositions = {
  Bernoulli: (use) => {
    const [probabilities] = use.inputs as readonly [Value]
    const { dtype: _, ...seed } = use.attributes
    const drawn = applyOne('RandomUniformLike', [probabilities], seed)
    return [cast(less(drawn, probabilities), DATA_TYPE_OF_CODE[int(use, 'dtype', 0)] ?? dtypeOf(probabilities)!)]
  },
}
