import type { Tensor } from '@mlpod/contract'
import { int } from './schema.ts'
import { type Dim, dtypeOf, isRanked, type Operation, type Value } from './value.ts'

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
  Reshape: ({ inputs: [list] }) => dimsOf(list),
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
