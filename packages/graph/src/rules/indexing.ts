import { PodError } from '@mlpod/contract'
import { reapply } from '../apply.ts'
import { indexing as indexingOf } from '../compositions/indexing.ts'
import { intsOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { add, and, cast, div, equal, less, max, min, mul, not, sub, where } from '../operators/elementwise.ts'
import {
  asInt64,
  gatherElements,
  gatherND,
  type ScatterReduction,
  scatterElements,
  scatterND,
  slice,
} from '../operators/indexing.ts'
import { reduceProd, reduceSum } from '../operators/reduction.ts'
import {
  concat,
  expand,
  eye,
  pad,
  range,
  reshape,
  shape,
  squeeze,
  transpose,
  unsqueeze,
} from '../operators/structure.ts'
import type { Differentiable, Reverse, Rule } from '../rule.ts'
import { int, text } from '../schema.ts'
import type { indexing as schemas } from '../schemas/indexing.ts'
import { dtypeOf, type Operation, type Value } from '../value.ts'
import { decomposed, onTangent } from './law.ts'
import { axisOf, reshapeTo, ungather, zerosLike } from './shape.ts'

/** Returns the size of one axis as an int64 scalar. */
const lengthOf = (x: Value, axis: number): Value => {
  const dim = x.shape[axis]
  return typeof dim === 'number' ? constant(dim, 'int64') : squeeze(shape(x, axis, axis + 1), [0])
}

/** Gather of any axis and indices of any rank: scattered, added up, into zeros of x's shape. */
function scattered(g: Value, x: Value, indices: Value, axis: number): Value {
  const rank = indices.shape.length
  const order = g.shape.map((_, i) => i)
  const picked = order.slice(axis, axis + rank)
  const first = [...picked, ...order.filter((i) => !picked.includes(i))]
  const moved = axis === 0 || rank === 0 ? g : transpose(g, first)
  const places = unsqueeze(asInt64(indices), [-1])
  if (axis === 0) return scatterND(zerosLike(x), places, moved, { reduction: 'add' })
  const axes = x.shape.map((_, i) => i)
  const front = [axis, ...axes.filter((i) => i !== axis)]
  const summed = scatterND(zerosLike(transpose(x, front)), places, moved, { reduction: 'add' })
  return transpose(
    summed,
    axes.map((i) => front.indexOf(i)),
  )
}

/** A slice of step 1 is padded back with zeros; other steps are put back by index. */
function unsliced(g: Value, operation: Operation): Value {
  const [x, starts, ends, axes, steps] = operation.inputs as readonly [
    Value,
    Value,
    Value,
    ...(Value | null | undefined)[],
  ]
  const known = axes ? intsOf(axes) : Array.from({ length: Number(starts.shape[0]) }, (_, i) => i)
  if (known === undefined || known.some(Number.isNaN))
    throw new PodError('NOT_DIFFERENTIABLE', 'a Slice along axes computed in the run has no derivative', {
      at: operation.meta.site.at,
    })
  const places = known.map((axis) => (axis < 0 ? axis + x.shape.length : axis))
  const step = steps ? intsOf(steps) : places.map(() => 1)
  if (step?.every((by) => by === 1)) return padded(g, x, starts, places)
  return places.reduce((cotangent, axis, i) => {
    const one = (list: Value): Value => slice(asInt64(list), [i], [i + 1])
    const bounds = { axes: [0], steps: steps ? one(steps) : [1] }
    const picked = slice(range(0, lengthOf(x, axis), 1), one(starts), one(ends), bounds)
    return ungather(cotangent, picked, axis, lengthOf(x, axis))
  }, g)
}

function padded(g: Value, x: Value, starts: Value, places: readonly number[]): Value {
  const from = intsOf(starts)
  const none = constant([0], 'int64')
  const [before, after]: [Value[], Value[]] = [[], []]
  for (let axis = 0; axis < x.shape.length; axis++) {
    const i = places.indexOf(axis)
    const [size, kept] = [x.shape[axis], g.shape[axis]]
    if (i < 0 || (typeof size === 'string' && size === kept)) {
      before.push(none)
      after.push(none)
    } else if (from && typeof size === 'number' && typeof kept === 'number') {
      const begin = Math.min(Math.max(from[i] < 0 ? from[i] + size : from[i], 0), size)
      before.push(constant([begin], 'int64'))
      after.push(constant([size - kept - begin], 'int64'))
    } else {
      const [all, left] = [shape(x, axis, axis + 1), shape(g, axis, axis + 1)]
      const start = from ? constant([from[i]], 'int64') : slice(asInt64(starts), [i], [i + 1])
      const begin = min(max(where(less(start, 0), add(start, all), start), 0), all)
      before.push(begin)
      after.push(sub(sub(all, left), begin))
    }
  }
  const pads = concat([...before, ...after])
  return pad(g, intsOf(pads) ?? pads)
}

/** Indices with their batch's own index in front, so that a batched GatherND becomes a plain one. */
function unbatched(indices: Value, batch: number): Value {
  if (batch === 0) return indices
  const rank = indices.shape.length
  const sizes = concat([shape(indices, 0, rank - 1), constant([1], 'int64')])
  const own = Array.from({ length: batch }, (_, axis) => {
    const along = Array.from({ length: rank }, (_, i) => (i === axis ? -1 : 1))
    return expand(reshape(range(0, lengthOf(indices, axis), 1), along), sizes)
  })
  return concat([...own, indices], { axis: -1 })
}

type Scatter = (data: Value, indices: Value, updates: Value, options: { reduction: ScatterReduction }) => Value
type Pick = (x: Value, indices: Value) => Value

/** The rule of both scatters, which differ in how an index points. */
function scatter(
  { g, x: [data, indices, updates], y, operation }: Reverse,
  put: Scatter,
  pick: Pick,
  others: () => Value,
): ReturnType<Differentiable['vjp']> {
  const reduction = text(operation, 'reduction', 'none') as ScatterReduction
  switch (reduction) {
    case 'none':
      return [() => put(g, indices, zerosLike(updates), { reduction: 'none' }), undefined, () => pick(g, indices)]
    case 'add':
      return [g, undefined, () => pick(g, indices)]
    case 'max':
    case 'min': {
      // All that equal the result share its cotangent.
      const dtype = dtypeOf(data)!
      const [kept, won] = [equal(data, y[0]), equal(updates, pick(y[0], indices))]
      const share = div(g, max(put(cast(kept, dtype), indices, cast(won, dtype), { reduction: 'add' }), 1))
      return [() => where(kept, share, 0), undefined, () => where(won, pick(share, indices), 0)]
    }
    case 'mul':
      return [
        () => mul(g, put(onesOf(data), indices, updates, { reduction: 'mul' })),
        undefined,
        () => mul(pick(mul(g, data), indices), others()),
      ]
  }
}

/** Returns indices counted from the front. */
const fromFront = (indices: Value, sizes: Value): Value => {
  const places = asInt64(indices)
  return where(less(places, 0), add(places, sizes), places)
}

/** Returns the product, for each of the updates along an axis, of the others with its index. */
function otherElements(data: Value, indices: Value, updates: Value, axis: number): Value {
  const places = fromFront(indices, lengthOf(data, axis))
  const [row, column] = [unsqueeze(places, [axis]), unsqueeze(places, [axis + 1])]
  const itself = cast(eye(lengthOf(indices, axis)), 'bool')
  const after = indices.shape.length - axis - 1
  const other = not(
    after === 0
      ? itself
      : unsqueeze(
          itself,
          Array.from({ length: after }, (_, i) => i + 2),
        ),
  )
  // a row of all updates for each of them
  return reduceProd(where(and(equal(row, column), other), unsqueeze(updates, [axis]), 1), { axes: [axis + 1] })
}

/** Returns the product, for each of the slices written, of the others at its place. */
function otherSlices(data: Value, indices: Value, updates: Value): Value {
  const depth = Number(indices.shape.at(-1))
  const places = reshape(fromFront(indices, shape(data, 0, depth)), [-1, depth])
  const apart = not(equal(unsqueeze(places, [0]), unsqueeze(places, [1])))
  const same = equal(reduceSum(cast(apart, 'int64'), { axes: [2] }), 0)
  const itself = cast(eye(squeeze(shape(places, 0, 1), [0])), 'bool')
  const count = indices.shape.length - 1
  const slices = reshape(updates, concat([constant([-1], 'int64'), shape(updates, count)]))
  const rest = Array.from({ length: slices.shape.length - 1 }, (_, i) => i + 2)
  const met = and(same, not(itself))
  const factors = where(rest.length === 0 ? met : unsqueeze(met, rest), unsqueeze(slices, [0]), 1)
  return reshapeTo(reduceProd(factors, { axes: [1] }), updates)
}

const onesOf = (x: Value): Value => add(zerosLike(x), 1)

/** Rules of the operators that pick and place elements. */
export const indexing: { readonly [O in keyof typeof schemas]: Rule } = {
  Slice: { vjp: ({ g, operation }) => [() => unsliced(g, operation)], jvp: onTangent },
  Gather: {
    vjp: ({ g, x: [x, indices], operation }) => [() => scattered(g, x, indices, axisOf(operation, 0))],
    jvp: onTangent,
  },
  GatherElements: {
    vjp: ({ g, x: [x, indices], operation }) => [
      () => scatterElements(zerosLike(x), indices, g, { axis: axisOf(operation, 0), reduction: 'add' }),
    ],
    jvp: onTangent,
  },
  GatherND: {
    vjp: ({ g, x: [x, indices], operation }) => [
      () => scatterND(zerosLike(x), unbatched(indices, int(operation, 'batch_dims', 0)), g, { reduction: 'add' }),
    ],
    jvp: onTangent,
  },
  ScatterElements: {
    vjp: (c) => {
      const axis = axisOf(c.operation, 0)
      return scatter(
        c,
        (data, indices, updates, options) => scatterElements(data, indices, updates, { axis, ...options }),
        (x, indices) => gatherElements(x, indices, { axis }),
        () => otherElements(c.x[0], c.x[1], c.x[2], axis),
      )
    },
  },
  ScatterND: {
    vjp: (c) =>
      scatter(
        c,
        scatterND,
        (x, indices) => gatherND(x, indices),
        () => otherSlices(c.x[0], c.x[1], c.x[2]),
      ),
  },
  Compress: decomposed(indexingOf.Compress!),
  Unique: decomposed(indexingOf.Unique!),
  // its own transpose
  ReverseSequence: {
    vjp: ({ g, operation }) => [() => reapply(operation, [g, operation.inputs[1]])[0]],
    jvp: onTangent,
  },
  TensorScatter: decomposed(indexingOf.TensorScatter!),
  NonMaxSuppression: 'zero',
  TopK: {
    vjp: ({ gs: [g], x: [x], y: [, indices], operation }) => [
      () => g && scatterElements(zerosLike(x), indices, g, { axis: axisOf(operation, -1), reduction: 'add' }),
    ],
    jvp: ({ ts: [t], y: [, indices], operation }) => [t && gatherElements(t, indices, { axis: axisOf(operation, -1) })],
  },
  // off + one * (on - off)
  OneHot: {
    vjp: ({ g, x: [indices, depth, values], operation }) => [
      undefined,
      undefined,
      () => {
        const hot = reapply(operation, [indices, depth, constant([0, 1], dtypeOf(values))])[0]
        const sums = [where(equal(hot, 0), g, 0), mul(g, hot)].map((part) => reshape(reduceSum(part), [1]))
        return concat(sums)
      },
    ],
  },
  NonZero: 'zero',
  Trilu: {
    vjp: ({ g, operation }) => [() => reapply(operation, [g, ...operation.inputs.slice(1)])[0]],
    jvp: onTangent,
  },
}
