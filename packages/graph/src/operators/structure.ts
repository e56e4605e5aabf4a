import type { DataType } from '@mlpod/contract'
import { apply, applyOne } from '../apply.ts'
import { flag, int, ints, text } from '../attribute.ts'
import { arrayOf, constant, lift, type Operand } from '../leaf.ts'
import { CODE_OF_DATA_TYPE } from '../onnx/data-type.ts'
import { isValue, type Value } from '../value.ts'
import { liftAll } from './elementwise.ts'

/** A list of whole numbers: fixed, or computed by the graph (int64). */
export type Ints = readonly number[] | Value

const list = (numbers: Ints | number): Value =>
  isValue(numbers) ? numbers : constant(typeof numbers === 'number' ? [numbers] : numbers, 'int64')

/** Returns x in another shape. One size may be -1 (what is left); 0 copies x's size, or is an empty axis with `allowZero`. */
export const reshape = (x: Value, shape: Ints, { allowZero = false } = {}): Value =>
  applyOne('Reshape', [x, list(shape)], allowZero ? { allowzero: flag(true) } : {})

/** Returns x as a matrix: the axes before `axis` (default 1) are its rows. */
export const flatten = (x: Value, { axis = 1 } = {}): Value => applyOne('Flatten', [x], { axis: int(axis) })

/** Returns x with its axes in another order (default reversed). */
export const transpose = (x: Value, order?: readonly number[]): Value =>
  applyOne('Transpose', [x], order === undefined ? {} : { perm: ints(order) })

/** Returns x without the axes given, or without all axes of size 1. */
export const squeeze = (x: Value, axes?: Ints): Value => applyOne('Squeeze', axes === undefined ? [x] : [x, list(axes)])

/** Returns x with axes of size 1 at these places of the result. */
export const unsqueeze = (x: Value, axes: Ints): Value => applyOne('Unsqueeze', [x, list(axes)])

/** Returns x broadcast with a shape. */
export const expand = (x: Value, shape: Ints): Value => applyOne('Expand', [x, list(shape)])

/** Returns x repeated, so many times an axis. */
export const tile = (x: Value, repeats: Ints): Value => applyOne('Tile', [x, list(repeats)])

/** Returns the values put one after the other along an axis (default 0). */
export const concat = (values: readonly Operand[], { axis = 0 } = {}): Value =>
  applyOne('Concat', liftAll(values), { axis: int(axis) })

/** Returns x cut along an axis (default 0) into `parts` equal pieces (the last may be shorter), or pieces of the sizes given. */
export function split(
  x: Value,
  parts: number | readonly number[] | Value,
  { axis = 0, count }: { axis?: number; count?: number } = {},
): readonly Value[] {
  if (typeof parts === 'number')
    return apply('Split', [x], { axis: int(axis), num_outputs: int(parts) }, { outputs: parts })
  const outputs = isValue(parts) ? (count ?? Number(parts.shape[0])) : parts.length
  return apply('Split', [x, list(parts)], { axis: int(axis) }, { outputs })
}

/** Returns x with elements added (or, below 0, taken away): `pads` lists all begins, then all ends, of `axes` (default all). */
export function pad(
  x: Value,
  pads: Ints,
  {
    mode = 'constant' as 'constant' | 'edge' | 'reflect' | 'wrap',
    value,
    axes,
  }: { mode?: 'constant' | 'edge' | 'reflect' | 'wrap'; value?: Operand; axes?: readonly number[] } = {},
): Value {
  const inputs: (Value | null)[] = [x, list(pads)]
  if (value !== undefined || axes !== undefined) inputs.push(value === undefined ? null : liftAll([x, value])[1])
  if (axes !== undefined) inputs.push(list(axes))
  return applyOne('Pad', inputs, mode === 'constant' ? {} : { mode: text(mode) })
}

/** Returns the sizes (int64) of axes `start` up to `end` (default all). */
export const shape = (x: Value, start?: number, end?: number): Value =>
  applyOne('Shape', [x], {
    ...(start === undefined ? {} : { start: int(start) }),
    ...(end === undefined ? {} : { end: int(end) }),
  })

/** Returns the number of elements (int64 scalar). */
export const size = (x: Value): Value => applyOne('Size', [x])

/** Returns a tensor of a shape, filled with one value. Default float32 zeros. */
export const constantOfShape = (sizes: Ints, value: number | bigint = 0, dtype: DataType = 'float32'): Value =>
  applyOne('ConstantOfShape', [list(sizes)], {
    value: { kind: 'tensor', value: { dtype, shape: [1], data: arrayOf(dtype, [value]) } },
  })

/** Returns start, start + delta, ... below `limit`. Numbers are int64 unless an operand says otherwise. */
export function range(start: Operand, limit: Operand, delta: Operand = 1): Value {
  const operands = [start, limit, delta]
  return applyOne(
    'Range',
    operands.some(isValue) ? liftAll(operands) : operands.map((operand) => lift(operand, 'int64')),
  )
}

/** Returns 1 on a diagonal of a matrix shaped as x, else 0. `diagonal` counts up; the element type is x's unless given. */
export const eyeLike = (x: Value, { diagonal = 0, dtype }: { diagonal?: number; dtype?: DataType } = {}): Value =>
  applyOne('EyeLike', [x], {
    ...(diagonal === 0 ? {} : { k: int(diagonal) }),
    ...(dtype === undefined ? {} : { dtype: int(CODE_OF_DATA_TYPE[dtype]) }),
  })

/** Returns the identity matrix of a size: a number, or an int64 scalar. Default float32. */
export const eye = (size: number | Value, { dtype = 'float32' }: { dtype?: DataType } = {}): Value =>
  eyeLike(constantOfShape(isValue(size) ? tile(reshape(size, [1]), [2]) : [size, size], 0, dtype))
