import { type DataType, sizeOf, type Tensor, tensor } from '@mlpod/contract'
import { constantOf, intsOf } from '../known.ts'
import { arrayOf, constant } from '../leaf.ts'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import { int } from '../schema.ts'
import { dtypeOf, type Operation, staticShape, type Value } from '../value.ts'

// The runtime folds constants too; ours are small ones, so that the rewrites see through them.
const LARGEST = 64

/** Returns the constant that an operation computes when its value is known and small, else undefined. */
export function fold(operation: Operation): Value | undefined {
  const [y] = operation.outputs
  if (operation.type === 'Constant' || operation.domain !== '') return undefined
  const shape = staticShape(y)
  if (shape === undefined || sizeOf(shape) > LARGEST) return undefined
  const known = intsOf(y)
  // The largest int64 (to the end) is no safe integer: it stays as it was written.
  if (known?.every(Number.isSafeInteger)) return constant(tensor(dtypeOf(y)!, shape, arrayOf(dtypeOf(y)!, known)))
  const inputs = operation.inputs.map(constantOf)
  if (inputs.length === 0 || !inputs.every((input) => input !== undefined)) return undefined
  const data = FOLDERS[operation.type]?.(inputs as readonly Tensor[], operation)
  return data && constant({ dtype: dtypeOf(y)!, shape, data } as Tensor)
}

type Folder = (inputs: readonly Tensor[], operation: Operation) => Tensor['data'] | undefined

// These are rounded once from the exact result, so double precision rounded again is what the runtime gives.
const arithmetic =
  (compute: (a: number, b: number) => number): Folder =>
  ([a, b = a]) => {
    if (a.dtype !== 'float32' && a.dtype !== 'float64') return undefined
    const [left, right] = [a.data as ArrayLike<number>, b.data as ArrayLike<number>]
    if (left.length !== right.length && left.length !== 1 && right.length !== 1) return undefined
    if (left.length === right.length && a.shape.join() !== b.shape.join() && left.length !== 1) return undefined
    const length = left.length === 1 ? right.length : left.length
    const at = (list: ArrayLike<number>, i: number): number => (list.length === 1 ? list[0] : list[i])
    return arrayOf(
      a.dtype,
      Array.from({ length }, (_, i) => compute(at(left, i), at(right, i))),
    )
  }

const sameElements: Folder = ([x]) => x.data

const EXACT: ReadonlySet<DataType> = new Set(['float32', 'float64', 'int64', 'int32', 'bool'])

const FOLDERS: Readonly<Record<string, Folder | undefined>> = {
  Neg: arithmetic((a) => -a),
  Abs: arithmetic((a) => Math.abs(a)),
  Sqrt: arithmetic((a) => Math.sqrt(a)),
  Reciprocal: arithmetic((a) => 1 / a),
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic((a, b) => a * b),
  Div: arithmetic((a, b) => a / b),
  Reshape: sameElements,
  Squeeze: sameElements,
  Unsqueeze: sameElements,
  Flatten: sameElements,
  Cast: ([x], operation) => {
    const to = DATA_TYPE_OF_CODE[int(operation, 'to', 0)]
    if (to === undefined || !EXACT.has(x.dtype) || !EXACT.has(to)) return undefined
    const numbers = Array.from(x.data as ArrayLike<number | bigint>, Number)
    if (to === 'int64' || to === 'int32') {
      if (!numbers.every((number) => Math.abs(number) < 2 ** 31)) return undefined
      return arrayOf(to, numbers.map(Math.trunc))
    }
    return arrayOf(to, to === 'bool' ? numbers.map((number) => number !== 0) : numbers)
  },
}
