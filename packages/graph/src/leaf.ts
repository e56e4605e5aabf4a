import { type DataType, PodError, sizeOf, type Tensor, type TensorArrays, tensor } from '@mlpod/contract'
import { applyOne } from './apply.ts'
import { int } from './attribute.ts'
import { CODE_OF_DATA_TYPE } from './onnx/data-type.ts'
import { capture } from './site.ts'
import type { Attribute, Dim, Site, Value } from './value.ts'
import { isValue } from './value.ts'

/** What may be given where a value is expected: numbers become constants of the other operand's element type. */
export type Operand = Value | Tensor | number | bigint | boolean | string | readonly number[]

/**
 * Returns an input of the graph. Sizes are numbers or names; equal names are equal sizes.
 * With `default` the input is optional: a run that does not feed it uses that tensor.
 * Throws `NAME_MISSING`, `SHAPE_MISMATCH` when the default does not fit.
 */
export function input(
  name: string,
  dtype: DataType,
  shape: readonly Dim[],
  { default: fallback }: { readonly default?: Tensor } = {},
): Value {
  const site = capture()
  named(name, site)
  for (const dim of shape)
    if (typeof dim === 'number' ? !Number.isInteger(dim) || dim < 0 : dim === '')
      throw new PodError('SHAPE_MISMATCH', `input "${name}" has the size "${dim}"`, {
        at: site.at,
        hint: 'a size is a whole number >= 0 or a name',
      })
  if (fallback && (fallback.dtype !== dtype || !fits(fallback.shape, shape)))
    throw new PodError(
      'SHAPE_MISMATCH',
      `the default of input "${name}" is ${fallback.dtype}[${fallback.shape.join(', ')}], the input is ${dtype}[${shape.join(', ')}]`,
      { at: site.at },
    )
  const attributes = { ...described(dtype, shape), ...(fallback && { default: { kind: 'tensor', value: fallback } }) }
  return applyOne('Input', [], attributes as Record<string, Attribute>, { names: [name], site })
}

const described = (dtype: DataType, shape: readonly Dim[]): Record<string, Attribute> => ({
  dtype: int(CODE_OF_DATA_TYPE[dtype]),
  shape: { kind: 'strings', value: shape.map(String) },
})

/** Returns a formal input of a subgraph. */
export const formal = (name: string, dtype: DataType | undefined, shape: readonly Dim[]): Value =>
  applyOne('Formal', [], described(dtype ?? 'float32', shape), { names: [name] })

const fits = (actual: readonly number[], declared: readonly Dim[]): boolean =>
  actual.length === declared.length && declared.every((dim, i) => typeof dim === 'string' || dim === actual[i])

/**
 * Returns a named tensor that training may replace: an initializer of the compiled model, or an input of it when it is
 * listed in `compile({ inputs })`. The data is not copied. Throws `NAME_MISSING`, `SHAPE_MISMATCH`.
 */
export function parameter(name: string, value: Tensor): Value {
  const site = capture()
  named(name, site)
  return applyOne('Parameter', [], { value: { kind: 'tensor', value: whole(value, site) } }, { names: [name], site })
}

function named(name: string, site: Site): void {
  if (typeof name !== 'string' || name === '')
    throw new PodError('NAME_MISSING', 'an input or parameter needs a name that is not empty', { at: site.at })
}

/**
 * Returns a constant: a tensor as it is (not copied), a number as a scalar, a list as a vector.
 * `dtype` is that of numbers and lists (default float32; bool for booleans, string for strings). Throws `DTYPE_MISMATCH`
 * for numbers that an integer type cannot hold, `SHAPE_MISMATCH`.
 */
export function constant(value: Exclude<Operand, Value> | readonly string[], dtype?: DataType): Value {
  return applyOne('Constant', [], { value: { kind: 'tensor', value: toTensor(value, dtype) } })
}

/** Returns a named constant, as initializers of whole numbers are when a file is loaded. */
export const namedConstant = (name: string, value: Tensor): Value =>
  applyOne('Constant', [], { value: { kind: 'tensor', value } }, { names: [name] })

/** Returns a value as it is, anything else as a constant of `dtype`. */
export const lift = (operand: Operand, dtype?: DataType): Value =>
  isValue(operand) ? operand : constant(operand, dtype)

function toTensor(value: Exclude<Operand, Value> | readonly string[], dtype: DataType | undefined): Tensor {
  if (typeof value === 'object' && 'dtype' in value) return whole(value)
  const scalar = typeof value !== 'object'
  const list = (scalar ? [value] : value) as readonly (number | bigint | boolean | string)[]
  const type = dtype ?? (typeof list[0] === 'boolean' ? 'bool' : typeof list[0] === 'string' ? 'string' : 'float32')
  return tensor(type, scalar ? [] : [list.length], arrayOf(type, list))
}

// A tensor may be written by hand: one that lies about its size would be refused far from here.
function whole(value: Tensor, site?: Site): Tensor {
  if (value.data.length === sizeOf(value.shape)) return value
  throw new PodError(
    'SHAPE_MISMATCH',
    `a tensor of shape [${value.shape.join(', ')}] has ${sizeOf(value.shape)} elements, but the data has ${value.data.length}`,
    { at: (site ?? capture()).at },
  )
}

type Element = number | bigint | boolean | string

const numeric =
  <A>(make: (list: number[]) => A) =>
  (list: readonly Element[]): A =>
    make(list.map(Number))

/** Whole numbers that fit: what does not is refused, not cut or wrapped around. */
const integers =
  <A>(dtype: DataType, bits: number, signed: boolean, make: (list: bigint[]) => A) =>
  (list: readonly Element[]): A =>
    make(
      list.map((element) => {
        const exact = typeof element === 'bigint' || Number.isInteger(Number(element)) ? BigInt(element) : undefined
        const kept = exact === undefined ? undefined : signed ? BigInt.asIntN(bits, exact) : BigInt.asUintN(bits, exact)
        if (exact !== undefined && kept === exact) return exact
        throw new PodError('DTYPE_MISMATCH', `${exact ?? element} is no ${dtype}`, {
          at: capture().at,
          hint: 'cast the other operand to float32, or round the number',
        })
      }),
    )

const ARRAYS: { readonly [D in DataType]: (list: readonly Element[]) => TensorArrays[D] } = {
  float32: numeric((list) => Float32Array.from(list)),
  float64: numeric((list) => Float64Array.from(list)),
  float16: numeric((list) => new Uint16Array(Float16Array.from(list).buffer)),
  bfloat16: numeric((list) => Uint16Array.from(new Uint32Array(Float32Array.from(list).buffer), roundToBfloat16)),
  int8: integers('int8', 8, true, (list) => Int8Array.from(list, Number)),
  int16: integers('int16', 16, true, (list) => Int16Array.from(list, Number)),
  int32: integers('int32', 32, true, (list) => Int32Array.from(list, Number)),
  int64: integers('int64', 64, true, (list) => BigInt64Array.from(list)),
  uint8: integers('uint8', 8, false, (list) => Uint8Array.from(list, Number)),
  uint16: integers('uint16', 16, false, (list) => Uint16Array.from(list, Number)),
  uint32: integers('uint32', 32, false, (list) => Uint32Array.from(list, Number)),
  uint64: integers('uint64', 64, false, (list) => BigUint64Array.from(list)),
  bool: (list) => Uint8Array.from(list, (element) => (element ? 1 : 0)),
  string: (list) => list.map(String),
}

// Round to nearest, ties to even; NaN stays NaN.
const roundToBfloat16 = (bits: number): number =>
  (bits & 0x7fffffff) > 0x7f800000 ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16

/** Returns the elements as the array that holds an element type. */
export const arrayOf = <D extends DataType>(dtype: D, list: readonly Element[]): TensorArrays[D] => ARRAYS[dtype](list)
