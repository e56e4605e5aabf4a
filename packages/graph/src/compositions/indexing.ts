import { apply } from '../apply.ts'
import { add, mod } from '../operators/elementwise.ts'
import { gather, nonZero, scatterElements } from '../operators/indexing.ts'
import { expand, range, reshape, shape, squeeze } from '../operators/structure.ts'
import { int, text } from '../schema.ts'
import type { Value } from '../value.ts'
import type { Compositions, Use } from './composition.ts'

/** Along an attribute's axis; without one, of the elements in a row. */
const picked = (use: Use, x: Value, indices: Value): Value =>
  use.attributes.axis === undefined
    ? gather(reshape(x, [-1]), indices)
    : gather(x, indices, { axis: int(use, 'axis', 0) })

/** What operators that pick and place elements are made of. */
export const indexing: Compositions = {
  Compress: (use) => {
    const [x, condition] = use.inputs as readonly [Value, Value]
    return [picked(use, x, squeeze(nonZero(condition), [0]))]
  },
  // every value is taken where it is met first
  Unique: (use) => {
    const [x] = use.inputs as readonly [Value]
    const first = use.outputs?.[1] ?? apply('Unique', use.inputs, use.attributes, { outputs: 4 })[1]
    return [picked(use, x, first)]
  },
  // row i of an example goes to its start + i
  TensorScatter: (use) => {
    const [cache, update, starts] = use.inputs as readonly [Value, Value, Value | null | undefined]
    const rank = cache.shape.length
    const given = int(use, 'axis', -2)
    const axis = given < 0 ? given + rank : given
    const along = (place: number): number[] => cache.shape.map((_, i) => (i === place ? -1 : 1))
    const own = reshape(range(0, squeeze(shape(update, axis, axis + 1), [0]), 1), along(axis))
    const places = starts ? add(own, reshape(starts, along(0))) : own
    const length = squeeze(shape(cache, axis, axis + 1), [0])
    const kept = text(use, 'mode', 'linear') === 'circular' ? mod(places, length) : places
    return [scatterElements(cache, expand(kept, shape(update)), update, { axis })]
  },
}
