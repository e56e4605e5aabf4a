import { dimsOf, intsOf } from '../known.ts'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import {
  axisIn,
  broadcastDim,
  type Call,
  dtypeIn,
  int,
  ints,
  need,
  refuse,
  type Schema,
  same,
  text,
  to,
} from '../schema.ts'
import { type Dim, dtypeOf, freshDim, isRanked, tensorType, UNRANKED, type Value } from '../value.ts'

/** Sizes multiplied: the numbers together, the names as a sorted list. */
function product(dims: readonly Dim[]): { count: number; names: string[] } {
  let count = 1
  const names: string[] = []
  for (const dim of dims) {
    if (typeof dim === 'number') count *= dim
    else names.push(dim)
  }
  return { count, names: names.sort() }
}

/** Returns `whole / part` as one size when it is one, else a fresh name; undefined when it cannot be whole. */
function quotient(whole: readonly Dim[], part: readonly Dim[]): Dim | undefined {
  const [a, b] = [product(whole), product(part)]
  const names = [...a.names]
  for (const name of b.names) {
    const at = names.indexOf(name)
    if (at < 0) return freshDim()
    names.splice(at, 1)
  }
  if (b.count === 0) return freshDim()
  if (names.length === 0) return a.count % b.count === 0 ? a.count / b.count : undefined
  return names.length === 1 && a.count === b.count ? names[0] : freshDim()
}

/** Returns the product of sizes as one size. */
/** Returns the number of elements of a shape; a fresh name where it is not known. */
export const total = (dims: readonly Dim[]): Dim => quotient(dims, []) ?? freshDim()

function reshapeShape(call: Call): readonly Dim[] {
  const [x, target] = call.inputs as readonly [Value, Value]
  const length = target.shape[0]
  const asked = dimsOf(target)
  if (asked === undefined) return typeof length === 'number' ? Array.from({ length }, freshDim) : noRank(call)
  const copies = int(call, 'allowzero', 0) === 0
  const shape = asked.map((dim, axis) => (dim === 0 && copies ? (x.shape[axis] ?? 0) : dim))
  const open = shape.indexOf(-1)
  if (shape.lastIndexOf(-1) !== open || shape.some((dim) => typeof dim === 'number' && dim < -1))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `[${shape.join(', ')}] is no shape`,
      'one size may be -1, which is what is left',
    )
  if (open >= 0) {
    const rest = quotient(x.shape, shape.toSpliced(open, 1))
    if (rest === undefined)
      throw refuse(call, 'SHAPE_MISMATCH', `${sizes(x.shape)} elements do not fill [${shape.join(', ')}]`)
    return shape.with(open, rest)
  }
  const [before, after] = [product(x.shape), product(shape)]
  if (before.names.length === 0 && after.names.length === 0 && before.count !== after.count)
    throw refuse(call, 'SHAPE_MISMATCH', `${before.count} elements do not fill [${shape.join(', ')}]`)
  return shape
}

/** A list of sizes tells the rank, and those that are not taken from what is reshaped. */
function listed({ inputs }: Call, index: number): readonly Dim[] {
  const list = inputs[index]!
  const length = isRanked(list) ? list.shape[0] : undefined
  if (typeof length !== 'number') return UNRANKED
  const dims = dimsOf(list) ?? Array.from({ length }, freshDim)
  return dims.map((dim) => (typeof dim === 'number' && dim < 1 ? freshDim() : dim))
}

const sizes = (shape: readonly Dim[]): string => shape.join(' * ') || '1'

function noRank(call: Call): never {
  throw refuse(
    call,
    'RANK_UNKNOWN',
    'the number of axes of the result is only known in a run',
    'give a list of fixed length',
  )
}

function expandShape(call: Call): readonly Dim[] {
  const [x, target] = call.inputs as readonly [Value, Value]
  const length = target.shape[0]
  const asked = dimsOf(target) ?? (typeof length === 'number' ? Array.from({ length }, freshDim) : noRank(call))
  const rank = Math.max(asked.length, x.shape.length)
  return Array.from({ length: rank }, (_, axis) => {
    const [a, b] = [x.shape[axis - rank + x.shape.length] ?? 1, asked[axis - rank + asked.length] ?? 1]
    return broadcastDim(a, b) ?? refuseExpand(call, asked)
  })
}

function refuseExpand(call: Call, asked: readonly Dim[]): never {
  throw refuse(call, 'SHAPE_MISMATCH', `it does not expand to [${asked.join(', ')}]`)
}

function squeezeShape(call: Call): readonly Dim[] {
  const [x, axes] = call.inputs as readonly [Value, Value | undefined]
  if (!axes) return x.shape.every((dim) => typeof dim === 'number') ? x.shape.filter((dim) => dim !== 1) : noRank(call)
  const known = intsOf(axes)
  if (known === undefined) return Array.from({ length: x.shape.length - listLength(call, axes) }, freshDim)
  const gone = new Set(known.map((axis) => axisIn(call, axis, x.shape.length)))
  for (const axis of gone)
    if (typeof x.shape[axis] === 'number' && x.shape[axis] !== 1)
      throw refuse(call, 'SHAPE_MISMATCH', `axis ${axis} has size ${x.shape[axis]}, and only axes of size 1 can go`)
  return x.shape.filter((_, axis) => !gone.has(axis))
}

function unsqueezeShape(call: Call): readonly Dim[] {
  const [x, axes] = call.inputs as readonly [Value, Value]
  const rank = x.shape.length + listLength(call, axes)
  const known = intsOf(axes)
  if (known === undefined) return Array.from({ length: rank }, freshDim)
  const fresh = new Set(known.map((axis) => axisIn(call, axis, rank)))
  const old = x.shape.values()
  return Array.from({ length: rank }, (_, axis) => (fresh.has(axis) ? 1 : (old.next().value as Dim)))
}

function listLength(call: Call, list: Value): number {
  const length = list.shape.length === 0 ? 1 : list.shape[0]
  return typeof length === 'number' ? length : noRank(call)
}

function concatShape(call: Call): readonly Dim[] {
  const first = need(call, 0).shape
  const axis = axisIn(call, int(call, 'axis', 0), first.length)
  let shape = first
  let known: Dim[] = [first[axis]]
  for (const value of call.inputs.slice(1) as readonly Value[]) {
    if (value.shape.length !== first.length)
      throw refuse(call, 'SHAPE_MISMATCH', 'all parts of a concatenation have one number of axes')
    shape = shape.map((dim, i) => {
      const other = value.shape[i]
      if (i === axis || dim === other) return dim
      if (typeof dim === 'number' && typeof other === 'number')
        throw refuse(
          call,
          'SHAPE_MISMATCH',
          `sizes ${dim} and ${other} differ on axis ${i}`,
          `only axis ${axis} may differ`,
        )
      return typeof dim === 'number' ? dim : other
    })
    known = [...known, value.shape[axis]]
  }
  return shape.with(axis, sumOf(known))
}

function sumOf(dims: readonly Dim[]): Dim {
  const named = dims.filter((dim) => typeof dim === 'string')
  const count = dims.reduce<number>((sum, dim) => (typeof dim === 'number' ? sum + dim : sum), 0)
  if (named.length === 0) return count
  return named.length === 1 && count === 0 ? named[0] : freshDim()
}

function splitShapes(call: Call): readonly (readonly Dim[])[] {
  const [x, lengths] = call.inputs as readonly [Value, Value | undefined]
  const axis = axisIn(call, int(call, 'axis', 0), x.shape.length)
  const known = lengths ? intsOf(lengths) : evenly(x.shape[axis], call.outputs)
  if (known && known.length !== call.outputs)
    throw refuse(call, 'SHAPE_MISMATCH', `${known.length} sizes are given for ${call.outputs} parts`)
  const all = x.shape[axis]
  const sum = known?.reduce((a, b) => a + b, 0)
  if (sum !== undefined && typeof all === 'number' && sum !== all)
    throw refuse(call, 'SHAPE_MISMATCH', `the parts sum to ${sum}, but axis ${axis} has size ${all}`)
  return Array.from({ length: call.outputs }, (_, i) => x.shape.with(axis, known?.[i] ?? freshDim()))
}

function evenly(all: Dim, parts: number): number[] | undefined {
  if (typeof all !== 'number') return undefined
  const size = Math.ceil(all / parts)
  return Array.from({ length: parts }, (_, i) => (i < parts - 1 ? size : all - size * (parts - 1)))
}

function padShape(call: Call): readonly Dim[] {
  const [x, pads, , axes] = call.inputs as readonly [Value, Value, Value | null, Value | null]
  const [amounts, known] = [intsOf(pads), axes ? intsOf(axes) : x.shape.map((_, axis) => axis)]
  if (!amounts || !known) return x.shape.map(freshDim)
  const at = known.map((axis) => axisIn(call, axis, x.shape.length))
  if (text(call, 'mode', 'constant') === 'reflect') {
    const i = amounts.findIndex((amount, i) => {
      const size = x.shape[at[i % at.length]]
      return typeof size === 'number' && amount > Math.max(size - 1, 0)
    })
    if (i >= 0) {
      const [axis, size] = [at[i % at.length], x.shape[at[i % at.length]]]
      throw refuse(
        call,
        'SHAPE_MISMATCH',
        `axis ${axis} of size ${size} cannot be reflected by ${amounts[i]} elements`,
        'reflect at most size - 1, or pad with mode edge',
      )
    }
  }
  return x.shape.map((dim, axis) => {
    const i = at.indexOf(axis)
    const extra = i < 0 ? 0 : amounts[i] + amounts[i + at.length]
    if (extra === 0) return dim
    return typeof dim === 'number' ? dim + extra : freshDim()
  })
}

const firstOnly = same('any', 1)

/** Types of a data tensor followed by lists of integers. */
const withLists = (call: Call) => {
  for (let i = 1; i < call.inputs.length; i++) if (call.inputs[i]) dtypeIn(call, i, 'int64')
  return firstOnly(call)
}

/** Operators that move elements without computing with them. */
export const structure = {
  Reshape: {
    since: 21,
    inputs: [2, 2],
    attributes: { allowzero: 'int' },
    types: withLists,
    shapes: (call) => [reshapeShape(call)],
    unranked: (call) => [listed(call, 1)],
  },
  Flatten: {
    since: 21,
    inputs: [1, 1],
    attributes: { axis: 'int' },
    types: firstOnly,
    shapes: (call) => {
      const { shape } = call.inputs[0]!
      const given = int(call, 'axis', 1)
      const axis = given === shape.length ? given : axisIn(call, given, shape.length)
      return [[total(shape.slice(0, axis)), total(shape.slice(axis))]]
    },
  },
  Transpose: {
    since: 21,
    inputs: [1, 1],
    attributes: { perm: 'ints' },
    types: firstOnly,
    shapes: (call) => {
      const { shape } = call.inputs[0]!
      const perm = ints(call, 'perm')
      if (perm === undefined) return [shape.toReversed()]
      if (perm.length !== shape.length || new Set(perm).size !== perm.length)
        throw refuse(call, 'SHAPE_MISMATCH', `[${perm.join(', ')}] is no order of ${shape.length} axes`)
      return [perm.map((axis) => shape[axisIn(call, axis, shape.length)])]
    },
  },
  Squeeze: { since: 21, inputs: [1, 2], attributes: {}, types: withLists, shapes: (call) => [squeezeShape(call)] },
  Unsqueeze: { since: 21, inputs: [2, 2], attributes: {}, types: withLists, shapes: (call) => [unsqueezeShape(call)] },
  Expand: { since: 13, inputs: [2, 2], attributes: {}, types: withLists, shapes: (call) => [expandShape(call)] },
  Tile: {
    since: 13,
    inputs: [2, 2],
    attributes: {},
    types: withLists,
    shapes: (call) => {
      const [x, repeats] = call.inputs as readonly [Value, Value]
      const known = intsOf(repeats)
      if (known && known.length !== x.shape.length)
        throw refuse(call, 'SHAPE_MISMATCH', `${known.length} repeats are given for ${x.shape.length} axes`)
      return [x.shape.map((dim, i) => (known ? (known[i] === 1 ? dim : total([dim, known[i]])) : freshDim()))]
    },
  },
  Concat: {
    since: 13,
    inputs: [1, 1 << 30],
    attributes: { axis: 'int' },
    types: same('any'),
    shapes: (call) => [concatShape(call)],
  },
  Split: {
    since: 18,
    inputs: [1, 2],
    attributes: { axis: 'int', num_outputs: 'int' },
    types: (call) => Array.from({ length: call.outputs }, () => withLists(call)[0]),
    shapes: splitShapes,
  },
  Pad: {
    since: 21,
    inputs: [2, 4],
    attributes: { mode: 'string' },
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      if (call.inputs[3]) dtypeIn(call, 3, 'index')
      if (call.inputs[2] && dtypeOf(call.inputs[2]) !== dtypeOf(need(call, 0)))
        throw refuse(call, 'DTYPE_MISMATCH', 'the padding value has another element type')
      return firstOnly(call)
    },
    shapes: (call) => [padShape(call)],
  },
  Shape: {
    since: 21,
    inputs: [1, 1],
    attributes: { start: 'int', end: 'int' },
    types: to('int64'),
    shapes: (call) => {
      const { shape } = call.inputs[0]!
      return [[shape.slice(int(call, 'start', 0), int(call, 'end', shape.length)).length]]
    },
  },
  Size: { since: 21, inputs: [1, 1], attributes: {}, types: to('int64'), shapes: () => [[]] },
  Constant: {
    since: 21,
    inputs: [0, 0],
    attributes: { value: 'tensor' },
    types: (call) => (call.attributes.value?.kind === 'tensor' ? [tensorType(call.attributes.value.value.dtype)] : []),
    shapes: (call) => (call.attributes.value?.kind === 'tensor' ? [call.attributes.value.value.shape] : []),
  },
  ConstantOfShape: {
    since: 21,
    inputs: [1, 1],
    attributes: { value: 'tensor' },
    types: (call) => {
      dtypeIn(call, 0, 'int64')
      const { value } = call.attributes
      return [tensorType(value?.kind === 'tensor' ? value.value.dtype : 'float32')]
    },
    shapes: (call) => {
      const [list] = call.inputs as readonly [Value]
      return [dimsOf(list) ?? Array.from({ length: listLength(call, list) }, freshDim)]
    },
  },
  EyeLike: {
    since: 9,
    inputs: [1, 1],
    attributes: { dtype: 'int', k: 'int' },
    types: (call) => {
      const own = dtypeIn(call, 0, 'any')
      const code = int(call, 'dtype', 0)
      const dtype = code === 0 ? own : DATA_TYPE_OF_CODE[code]
      if (dtype === undefined) throw refuse(call, 'DTYPE_UNSUPPORTED', `element type ${code} is not supported`)
      return [tensorType(dtype)]
    },
    shapes: (call) => {
      const { shape } = call.inputs[0]!
      if (shape.length !== 2) throw refuse(call, 'SHAPE_MISMATCH', 'an identity is a matrix')
      return [shape]
    },
  },
  Range: {
    since: 11,
    inputs: [3, 3],
    attributes: {},
    types: same('number'),
    shapes: (call) => {
      const [start, limit, delta] = call.inputs.map(dimsOf)
      if (start?.[0] === 0 && delta?.[0] === 1 && limit) return [[limit[0]]]
      const [a, b, d] = call.inputs.map((value) => intsOf(value)?.[0])
      if (a === undefined || b === undefined || d === undefined || d === 0) return [[freshDim()]]
      return [[Math.max(0, Math.ceil((b - a) / d))]]
    },
  },
} as const satisfies Record<string, Schema>
