import type { Tensor } from '@mlpod/contract'
import { int } from './schema.ts'
import { type Dim, dtypeOf, isRanked, type Operation, staticShape, type Value } from './value.ts'

// Lists of sizes are short; longer constants are data.
const LONGEST = 64

const memory = new WeakMap<Value, readonly Dim[] | null>()

/** Returns the tensor of a `Constant`, or undefined. */
export function constantOf(value: Value | null | undefined): Tensor | undefined {
  const attribute = value?.operation.type === 'Constant' ? value.operation.attributes.value : undefined
  return attribute?.kind === 'tensor' ? attribute.value : undefined
}

/** Returns the only element of a constant, as a number, or undefined. */
export function scalarOf(value: Value | null | undefined): number | undefined {
  const tensor = constantOf(value)
  return tensor !== undefined && tensor.data.length === 1 && tensor.dtype !== 'string' && !isHalf(tensor)
    ? Number(tensor.data[0])
    : undefined
}

const isHalf = (tensor: Tensor): boolean => tensor.dtype === 'float16' || tensor.dtype === 'bfloat16'

/**
 * Returns the elements of an integer scalar or list as sizes (numbers, or names that `Shape` read), or undefined when
 * they are not known before a run. So `reshape(x, concat(shape(y, 0, 1), [10]))` keeps the name of y's first size.
 */
export function dimsOf(value: Value | null | undefined): readonly Dim[] | undefined {
  if (!value) return undefined
  const dtype = dtypeOf(value)
  if ((dtype !== 'int64' && dtype !== 'int32') || value.shape.length > 1 || !isRanked(value)) return undefined
  let dims = memory.get(value)
  if (dims === undefined) {
    const found = READERS[value.operation.type]?.(value.operation)
    dims = found && found.length <= LONGEST ? found : null
    memory.set(value, dims)
  }
  return dims ?? undefined
}

/** Returns the elements of an integer scalar or list when all are numbers. */
export function intsOf(value: Value | null | undefined): readonly number[] | undefined {
  const dims = dimsOf(value)
  return dims?.every((dim) => typeof dim === 'number') ? (dims as readonly number[]) : undefined
}

/**
 * Returns the rows of a table of sizes, or undefined. Exporters turn pads in the order of PyTorch into those of ONNX by a
 * table with a row for each axis, turned over and transposed.
 */
function rowsOf(value: Value | null | undefined): readonly (readonly Dim[])[] | undefined {
  return value && isRanked(value) && value.shape.length === 2
    ? TABLES[value.operation.type]?.(value.operation)
    : undefined
}

const TABLES: Readonly<
  Record<string, ((operation: Operation) => readonly (readonly Dim[])[] | undefined) | undefined>
> = {
  Reshape: ({ inputs: [list], outputs: [table] }) => {
    const [dims, shape] = [dimsOf(list), staticShape(table)]
    if (!dims || !shape) return undefined
    return Array.from({ length: shape[0] }, (_, i) => dims.slice(i * shape[1], (i + 1) * shape[1]))
  },
  // all rows, from the last one to the first
  Slice: ({ inputs: [table, starts, ends, axes, steps] }) => {
    const rows = rowsOf(table)
    const [start, end, axis, step] = [starts, ends, axes, steps].map(intsOf)
    if (!rows || start?.[0] !== -1 || !end || end[0] >= -rows.length || axis?.join() !== '0' || step?.[0] !== -1)
      return undefined
    return rows.toReversed()
  },
  Transpose: ({ inputs: [table] }) => {
    const rows = rowsOf(table)
    return rows?.[0]?.map((_, i) => rows.map((row) => row[i]))
  },
}

/** Returns a truth value when it is known before a run: a comparison of sizes that are known. */
export function truthOf(value: Value | null | undefined): boolean | undefined {
  const { type, inputs } = value?.operation ?? { type: '', inputs: [] }
  const tensor = constantOf(value)
  if (tensor !== undefined)
    return tensor.dtype === 'bool' && tensor.data.length === 1 ? tensor.data[0] === 1 : undefined
  const [a, b] = inputs.map((input) => (dimsOf(input)?.length === 1 ? dimsOf(input)![0] : undefined))
  switch (type) {
    case 'Equal':
      return a === undefined || b === undefined ? undefined : sameDim(a, b)
    case 'Not': {
      const truth = truthOf(inputs[0])
      return truth === undefined ? undefined : !truth
    }
    case 'Identity':
      return truthOf(inputs[0])
    default:
      return undefined
  }
}

// Names that differ may be of equal sizes.
const sameDim = (a: Dim, b: Dim): boolean | undefined =>
  a === b ? true : typeof a === 'number' && typeof b === 'number' ? false : undefined

type Reader = (operation: Operation) => readonly Dim[] | undefined

const READERS: Readonly<Record<string, Reader | undefined>> = {
  Constant: ({ outputs }) => {
    const tensor = constantOf(outputs[0])
    return tensor && tensor.data.length <= LONGEST
      ? Array.from(tensor.data as ArrayLike<number | bigint>, Number)
      : undefined
  },
  Shape: (operation) => {
    const x = operation.inputs[0]!
    return isRanked(x) ? x.shape.slice(int(operation, 'start', 0), int(operation, 'end', x.shape.length)) : undefined
  },
  Size: ({ inputs: [x] }) =>
    isRanked(x!) && x!.shape.every((dim) => typeof dim === 'number')
      ? [(x!.shape as readonly number[]).reduce((product, dim) => product * dim, 1)]
      : undefined,
  Concat: ({ inputs }) => {
    const parts = inputs.map(dimsOf)
    return parts.every((part) => part !== undefined) ? (parts as (readonly Dim[])[]).flat() : undefined
  },
  Gather: ({ inputs: [list, indices] }) => {
    const [dims, at] = [dimsOf(list), intsOf(indices)]
    if (!dims || !at) return undefined
    const picked = at.map((i) => dims[i < 0 ? i + dims.length : i])
    return picked.every((dim) => dim !== undefined) ? picked : undefined
  },
  Slice: ({ inputs: [list, starts, ends, axes, steps] }) => {
    const [dims, start, end, step] = [dimsOf(list), intsOf(starts), intsOf(ends), steps ? intsOf(steps) : [1]]
    if (!dims || !start || !end || step?.[0] !== 1 || (axes && intsOf(axes)?.[0] !== 0)) return undefined
    return dims.slice(start[0], end[0])
  },
  ConstantOfShape: ({ inputs: [sizes], attributes: { value } }) => {
    const [length] = intsOf(sizes) ?? []
    if (length === undefined || length > LONGEST || intsOf(sizes)?.length !== 1) return undefined
    return new Array<number>(length).fill(value?.kind === 'tensor' ? Number(value.value.data[0]) : 0)
  },
  Neg: ({ inputs: [list] }) => intsOf(list)?.map((number) => -number),
  Identity: ({ inputs: [list] }) => dimsOf(list),
  Cast: ({ inputs: [list] }) => dimsOf(list),
  Squeeze: ({ inputs: [list] }) => dimsOf(list),
  Unsqueeze: ({ inputs: [list] }) => dimsOf(list),
  Reshape: ({ inputs: [list] }) => dimsOf(list) ?? rowsOf(list)?.flat(),
  Add: ({ inputs: [a, b] }) => zip(a, b, 0, (x, y) => x + y),
  Sub: ({ inputs: [a, b] }) => (isZero(b) ? dimsOf(a) : zip(a, b, undefined, (x, y) => x - y)),
  Mul: ({ inputs: [a, b] }) => zip(a, b, 1, (x, y) => x * y),
  // of two whole numbers, with the sign of the divisor
  Mod: ({ inputs: [a, b], attributes: { fmod } }) =>
    fmod?.kind === 'int' && Number(fmod.value) === 1
      ? undefined
      : zip(a, b, undefined, (x, y) => (y === 0 ? Number.NaN : x - y * Math.floor(x / y))),
  Div: ({ inputs: [a, b] }) => zip(a, b, undefined, (x, y) => (y === 0 ? Number.NaN : Math.trunc(x / y))),
}

const isZero = (value: Value | null): boolean => intsOf(value)?.every((dim) => dim === 0) ?? false

function zip(
  a: Value | null,
  b: Value | null,
  neutral: number | undefined,
  combine: (x: number, y: number) => number,
): readonly Dim[] | undefined {
  const [left, right] = [dimsOf(a), dimsOf(b)]
  if (!left || !right || (left.length !== right.length && left.length !== 1 && right.length !== 1)) return undefined
  const length = left.length === 1 ? right.length : left.length
  const result: Dim[] = []
  for (let i = 0; i < length; i++) {
    const [x, y] = [left.length === 1 ? left[0] : left[i], right.length === 1 ? right[0] : right[i]]
    if (typeof x === 'number' && typeof y === 'number') result.push(combine(x, y))
    else if (neutral !== undefined && x === neutral) result.push(y)
    else if (neutral !== undefined && y === neutral) result.push(x)
    else return undefined
  }
  return result.every((dim) => typeof dim === 'string' || Number.isSafeInteger(dim)) ? result : undefined
}
