import { int as intAttribute, ints, text as textAttribute } from '../attribute.ts'
import { intsOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { add, div, mul } from '../operators/elementwise.ts'
import { gatherND, slice } from '../operators/indexing.ts'
import { matMul } from '../operators/linear.ts'
import { concat, expand, range, reshape, shape, size, squeeze, transpose, unsqueeze } from '../operators/structure.ts'
import { int, ints as intsIn, text } from '../schema.ts'
import { elementwise } from '../schemas/elementwise.ts'
import { gemmOptions } from '../schemas/linear.ts'
import { reducedAxes } from '../schemas/reduction.ts'
import { dtypeOf, type Value } from '../value.ts'
import { again, aligned, type Batched, type Batching, type BatchRule, batchOf, mapped } from './batched.ts'

const values = ({ x }: Batching): (Value | null)[] => x.map((read) => read?.value ?? null)
const isBatched = ({ x }: Batching, i: number): boolean => x[i]?.batched === true
const onlyFirst = (c: Batching): boolean => c.x.every((read, i) => (i === 0) === (read?.batched === true))
const rankOf = ({ operation }: Batching, i: number): number => operation.inputs[i]!.shape.length
const integers = (list: readonly number[]): Value => constant(list, 'int64')

/** Examples broadcast as before when axes of size 1 stand between them and the batch. */
const broadcasts: BatchRule = (c) => {
  const rank = c.operation.outputs[0].shape.length
  return again(
    c.operation,
    c.x.map((read) => read && aligned(read, rank)),
  )
}

/** The first input may be a batch, the others tell how it is treated. */
const first: BatchRule = (c) => (onlyFirst(c) ? again(c.operation, values(c)) : undefined)

/** An attribute counts axes: from the front there is one more. */
const shifted =
  (name: string, fallback: number, accepts: (c: Batching) => boolean = onlyFirst): BatchRule =>
  (c) => {
    if (!accepts(c)) return undefined
    const axis = int(c.operation, name, fallback)
    return again(c.operation, values(c), { [name]: intAttribute(axis < 0 ? axis : axis + 1) })
  }

/** All inputs become batches, and an attribute counts axes. */
const all =
  (name: string, fallback: number): BatchRule =>
  (c) => {
    const axis = int(c.operation, name, fallback)
    const inputs = c.x.map((read, i) => read && mapped(read, rankOf(c, i), c.size))
    return again(c.operation, inputs, { [name]: intAttribute(axis < 0 ? axis : axis + 1) })
  }

const reduce: BatchRule = (c) => {
  if (!onlyFirst(c)) return undefined
  const { operation } = c
  const axes = reducedAxes(operation, operation.inputs[0]!, operation.inputs[1])
  if (axes === undefined) return undefined
  const kept = { noop_with_empty_axes: intAttribute(1) }
  return again(operation, [c.x[0]!.value, integers(axes.map((axis) => axis + 1))], kept)
}

/** An input counts axes from the front. */
const axesInput =
  (position: number, fallback?: (c: Batching) => readonly number[] | undefined): BatchRule =>
  (c) => {
    if (!onlyFirst(c)) return undefined
    const given = c.operation.inputs[position]
    const axes = given ? intsOf(given) : fallback?.(c)
    if (axes === undefined) return undefined
    const rank = rankOf(c, 0)
    const moved = axes.map((axis) => (axis < 0 ? axis + rank : axis) + 1)
    const inputs = values(c)
    while (inputs.length < position) inputs.push(null)
    // all lists of a slice have one element type
    const like = given ?? inputs[1]
    const dtype = like && dtypeOf(like) === 'int32' ? 'int32' : 'int64'
    inputs[position] = constant(given && given.shape.length === 0 ? moved[0] : moved, dtype)
    return again(c.operation, inputs)
  }

// With a list of axes the runtime pads the wrong ones where it moves a transpose through (ONNX Runtime 1.30).
const paddedInside: BatchRule = (c) => {
  if (!onlyFirst(c)) return undefined
  const [x, pads, ...rest] = values(c)
  const [rank, none] = [rankOf(c, 0), integers([0])]
  const list = concat([none, slice(pads!, [0], [rank]), none, slice(pads!, [rank], [2 * rank])])
  const known = intsOf(list)
  return again(c.operation, [x, known ? integers(known) : list, ...rest])
}

/** The first axis is one of examples already: both become one. */
const folded: BatchRule = (c) => {
  if (!onlyFirst(c) || c.operation.outputs.length !== 1) return undefined
  const [{ value }] = c.x as readonly [Batched]
  const rest = value.shape.slice(2)
  const merged = rest.every((dim) => typeof dim === 'number')
    ? reshape(value, [-1, ...(rest as number[])])
    : reshape(value, concat([integers([-1]), shape(value, 2)]))
  const [y] = again(c.operation, [merged, ...values(c).slice(1)])
  return [reshape(y, concat([shape(value, 0, 2), shape(y, 1)]))]
}

function product(a: Batched, b: Batched, rankA: number, rankB: number): Value {
  const [row, column] = [rankA === 1, rankB === 1]
  const wide = (read: Batched, vector: boolean, last: boolean): Batched => {
    if (!vector) return read
    const axis = (read.batched ? 1 : 0) + (last ? 1 : 0)
    return { ...read, value: unsqueeze(read.value, [axis]) }
  }
  const rank = Math.max(rankA, rankB, 2)
  const y = matMul(aligned(wide(a, row, false), rank), aligned(wide(b, column, true), rank))
  const end = y.shape.length
  const gone = [...(row ? [end - 2] : []), ...(column ? [end - 1] : [])]
  return gone.length === 0 ? y : squeeze(y, gone)
}

const swapped = (read: Batched): Batched => {
  const axes = read.value.shape.map((_, i) => i)
  return { ...read, value: transpose(read.value, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]) }
}

/** Rules by operator of ai.onnx. An operator without one is run for one example after the other. */
export const batchRules: Readonly<Record<string, BatchRule | undefined>> = {
  ...Object.fromEntries(Object.keys(elementwise).map((type) => [type, broadcasts])),
  Clip: first,
  // every example draws for itself
  Dropout: first,
  RandomNormalLike: first,
  RandomUniformLike: first,
  Bernoulli: first,
  // slopes of each example need a batch of what they are the slopes of
  PRelu: (c) => (isBatched(c, 0) ? broadcasts(c) : undefined),
  CastLike: (c) => {
    const [value] = again(c.operation, values(c))
    return [{ value, batched: isBatched(c, 0) }]
  },
  ReduceSum: reduce,
  ReduceMean: reduce,
  ReduceMax: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceSumSquare: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ArgMax: shifted('axis', 0),
  ArgMin: shifted('axis', 0),
  Softmax: shifted('axis', -1),
  LogSoftmax: shifted('axis', -1),
  Hardmax: shifted('axis', -1),
  LpNormalization: shifted('axis', -1),
  LayerNormalization: (c) => (c.operation.outputs.length === 1 ? shifted('axis', -1)(c) : undefined),
  RMSNormalization: shifted('axis', -1),
  TopK: shifted('axis', -1),
  OneHot: shifted('axis', -1),
  Split: shifted('axis', 0),
  CumSum: axesInput(1),
  CumProd: axesInput(1),
  Trilu: first,
  MatMul: (c) => {
    const [a, b] = c.x as readonly [Batched, Batched]
    return [product(a, b, rankOf(c, 0), rankOf(c, 1))]
  },
  Gemm: (c) => {
    const { alpha, beta, transA, transB } = gemmOptions(c.operation)
    const [a, b, bias] = c.x as readonly [Batched, Batched, Batched | undefined]
    const y = product(transA ? swapped(a) : a, transB ? swapped(b) : b, 2, 2)
    const scaled = alpha === 1 ? y : mul(y, alpha)
    if (!bias) return [scaled]
    const c2 = aligned(bias, 2)
    return [add(scaled, beta === 1 ? c2 : mul(c2, beta))]
  },
  Einsum: (c) => {
    const [terms, output] = text(c.operation, 'equation', '').replaceAll(' ', '').split('->')
    const letter = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].find((one) => !terms.includes(one))
    if (output === undefined || letter === undefined) return undefined
    const widened = terms.split(',').map((term, i) => (isBatched(c, i) ? letter + term : term))
    return again(c.operation, values(c), { equation: textAttribute(`${widened.join(',')}->${letter}${output}`) })
  },
  Shape: (c) => {
    const rank = rankOf(c, 0)
    const front = (at: number): number => Math.min(Math.max(at < 0 ? at + rank : at, 0), rank)
    const [start, end] = [front(int(c.operation, 'start', 0)), front(int(c.operation, 'end', rank))]
    return [{ value: shape(c.x[0]!.value, start + 1, end + 1), batched: false }]
  },
  Size: (c) => [{ value: div(size(c.x[0]!.value), reshape(c.size.sizes, [])), batched: false }],
  ConstantOfShape: undefined,
  Reshape: (c) => {
    if (!onlyFirst(c)) return undefined
    const target = c.operation.inputs[1]!
    // a 0 stands for the batch's own size, unless it means a size of 0
    const head = int(c.operation, 'allowzero', 0) === 1 ? c.size.sizes : integers([0])
    return again(c.operation, [c.x[0]!.value, concat([head, c.x[1]?.value ?? target])])
  },
  Flatten: (c) => {
    const dims = c.operation.outputs[0].shape
    if (dims.filter((dim) => typeof dim === 'string').length > 1 || dims.includes(0)) return undefined
    return [reshape(c.x[0]!.value, [0, ...dims.map((dim) => (typeof dim === 'number' ? dim : -1))])]
  },
  Transpose: (c) => {
    const order = intsIn(c.operation, 'perm') ?? c.operation.inputs[0]!.shape.map((_, i) => i).reverse()
    return again(c.operation, values(c), { perm: ints([0, ...order.map((axis) => axis + 1)]) })
  },
  Squeeze: axesInput(1, ({ operation }) => {
    const { shape: dims } = operation.inputs[0]!
    return dims.every((dim) => typeof dim === 'number') ? dims.flatMap((dim, i) => (dim === 1 ? [i] : [])) : undefined
  }),
  Unsqueeze: (c) => {
    const axes = intsOf(c.operation.inputs[1])
    const rank = c.operation.outputs[0].shape.length
    return axes && onlyFirst(c)
      ? [
          unsqueeze(
            c.x[0]!.value,
            axes.map((axis) => (axis < 0 ? axis + rank : axis) + 1),
          ),
        ]
      : undefined
  },
  Expand: (c) => {
    if (!onlyFirst(c)) return undefined
    const rank = c.operation.outputs[0].shape.length
    return [expand(aligned(c.x[0]!, rank), concat([integers([1]), c.x[1]!.value]))]
  },
  Tile: (c) => (onlyFirst(c) ? again(c.operation, [c.x[0]!.value, concat([integers([1]), c.x[1]!.value])]) : undefined),
  Concat: all('axis', 0),
  Pad: (c) => (c.operation.inputs[3] ? axesInput(3)(c) : paddedInside(c)),
  Slice: axesInput(3, ({ operation }) => {
    const [count] = operation.inputs[1]!.shape
    return typeof count === 'number' ? Array.from({ length: count }, (_, i) => i) : undefined
  }),
  Gather: (c) => {
    const rank = rankOf(c, 0)
    const axis = int(c.operation, 'axis', 0)
    const front = axis < 0 ? axis + rank : axis
    const [data, indices] = c.x as readonly [Batched, Batched]
    if (!indices.batched) return again(c.operation, values(c), { axis: intAttribute(front + 1) })
    if (!data.batched) return [batchOf(again(c.operation, values(c))[0], front)]
    return front === 0 ? [gatherND(data.value, unsqueeze(indices.value, [-1]), { batchDims: 1 })] : undefined
  },
  GatherElements: all('axis', 0),
  ScatterElements: all('axis', 0),
  GatherND: all('batch_dims', 0),
  ScatterND: (c) => {
    const [data, indices, updates] = c.x.map((read, i) => mapped(read!, rankOf(c, i), c.size)) as [Value, Value, Value]
    const rank = rankOf(c, 1)
    const numbers = range(constant(0, 'int64'), reshape(c.size.sizes, []), constant(1, 'int64'))
    const column = reshape(numbers, [-1, ...new Array<number>(rank).fill(1)])
    const sizes = concat([shape(indices, 0, rank), integers([1])])
    return again(c.operation, [data, concat([expand(column, sizes), indices], { axis: rank }), updates])
  },
  Conv: folded,
  ConvTranspose: folded,
  MaxPool: folded,
  AveragePool: folded,
  LpPool: folded,
  GlobalAveragePool: folded,
  GlobalMaxPool: folded,
  GlobalLpPool: folded,
  InstanceNormalization: folded,
  GroupNormalization: folded,
  LRN: folded,
  DepthToSpace: folded,
  SpaceToDepth: folded,
  BatchNormalization: (c) => (int(c.operation, 'training_mode', 0) === 0 ? folded(c) : undefined),
}
