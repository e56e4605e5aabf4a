import { PodError } from '@mlpod/contract'
import {
  add,
  concat,
  type Dim,
  dtypeOf,
  mul,
  type Operand,
  reduceSum,
  reshape,
  split,
  sqrt,
  sub,
  type Value,
} from '@mlpod/graph'

/** A vector in parts, one a parameter: what a linear operator takes and gives. */
export type Vector = readonly Value[]

/** Returns the inner product. */
export const dot = (a: Vector, b: Vector): Value =>
  a.map((value, i) => reduceSum(mul(value, b[i]))).reduce((sum, value) => add(sum, value))

/** Returns the length. */
export const length = (a: Vector): Value => sqrt(dot(a, a))

/** Returns a + factor * b. */
export const plus = (a: Vector, b: Vector, factor: Operand = 1): Value[] =>
  a.map((value, i) => add(value, factor === 1 ? b[i] : mul(b[i], factor)))

/** Returns a - b. */
export const minus = (a: Vector, b: Vector): Value[] => a.map((value, i) => sub(value, b[i]))

/** Returns factor * a. */
export const times = (a: Vector, factor: Operand): Value[] => a.map((value) => mul(value, factor))

/** Returns zeros of the same sizes. */
export const zeros = (a: Vector): Value[] => a.map((value) => mul(value, 0))

/** Returns all parts as one list [n]. */
export const ravel = (a: Vector): Value => {
  const flat = a.map((value) => reshape(value, [-1]))
  return flat.length === 1 ? flat[0] : concat(flat)
}

/** Returns a list [n] as parts of the sizes of `like`. */
export function unravel(flat: Value, like: readonly Pick<Value, 'shape'>[]): Value[] {
  const lengths = like.map(({ shape: dims }) => countOf(dims))
  if (!lengths.every((count) => typeof count === 'number'))
    throw new PodError('SHAPE_MISMATCH', 'the sizes of the parts must be known', {
      hint: 'give parameters, or inputs whose sizes are numbers',
    })
  const parts = like.length === 1 ? [flat] : split(flat, lengths as number[])
  return parts.map((part, i) => reshape(part, like[i].shape as number[]))
}

/** Returns how many numbers all parts hold. Throws `SHAPE_MISMATCH` when that is only known in a run. */
export function sizeOfVector(a: readonly Pick<Value, 'shape'>[]): number {
  const counts = a.map(({ shape: dims }) => countOf(dims))
  if (!counts.every((count) => typeof count === 'number'))
    throw new PodError('SHAPE_MISMATCH', 'the sizes of the vector must be known before the run')
  return (counts as number[]).reduce((sum, count) => sum + count, 0)
}

const countOf = (dims: readonly Dim[]): number | undefined =>
  dims.every((dim) => typeof dim === 'number')
    ? (dims as number[]).reduce((product, dim) => product * dim, 1)
    : undefined

/** Returns the element type of a vector. */
export const precisionOf = (a: readonly Pick<Value, 'type'>[]): 'float32' | 'float64' =>
  dtypeOf(a[0] as Value) === 'float64' ? 'float64' : 'float32'
