import {
  cast,
  concat,
  constant,
  equal,
  flatten as flattenValue,
  mul,
  not,
  reduceMax,
  reshape as reshapeValue,
  shape,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import type { Layer } from './layer.ts'

/** Returns the layer that makes [batch, ...] a matrix [batch, n]. */
export const flatten = (): Layer => (x) => flattenValue(x)

/** Returns the layer that gives each example another shape; one size may be -1. Source: Keras Reshape, torch Unflatten. */
export const reshape =
  (shape: readonly number[]): Layer =>
  (x) =>
    reshapeValue(x, [0, ...shape])

/** Returns the layer that cuts one axis into several; one size may be -1. Source: torch.nn.Unflatten. */
export function unflatten(axis: number, sizes: readonly number[]): Layer {
  return (x) => {
    const place = axis < 0 ? axis + x.shape.length : axis
    const after = x.shape.slice(place + 1)
    const last = after.map((dim) => (typeof dim === 'number' ? dim : undefined))
    // behind the cut a 0 would keep another axis' size
    if (last.every((dim) => dim !== undefined))
      return reshapeValue(x, [...x.shape.slice(0, place).map(() => 0), ...sizes, ...last])
    const [front, back] = [shape(x, 0, place), shape(x, place + 1)]
    return reshapeValue(x, concat([front, constant(sizes, 'int64'), back]))
  }
}

/** Returns the layer that puts the axes of each example into another order, counted from 1. Source: Keras Permute. */
export const permute =
  (order: readonly number[]): Layer =>
  (x) =>
    transpose(x, [0, ...order])

/** Returns the layer that repeats [batch, n] in time: [batch, times, n]. Source: Keras RepeatVector. */
export const repeatVector =
  (times: number): Layer =>
  (x) =>
    mul(
      reshapeValue(x, [0, 1, -1]),
      constant({ dtype: 'float32', shape: [1, times, 1], data: new Float32Array(times).fill(1) }),
    )

/**
 * Returns a sequence [batch, time, features] with zeros where all features of a step are `value`, and which steps are not
 * (bool [batch, time]), as attention and recurrent layers take it. Source: Keras Masking.
 */
export function masking(x: Value, value = 0): { readonly y: Value; readonly mask: Value } {
  const mask = not(equal(reduceMax(cast(not(equal(x, value)), 'int32'), { axes: [-1] }), constant(0, 'int32')))
  return { y: where(unsqueeze(mask, [-1]), x, 0), mask }
}

/** Returns a function of values as a layer without parameters. */
export const lambda =
  (make: (x: Value) => Value): Layer =>
  (x) =>
    make(x)

/** Returns the layer that leaves x as it is. */
export const identity = (): Layer => (x) => x
