import { apply, applyOne } from '../apply.ts'
import { flag, int, text } from '../attribute.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import { CODE_OF_DATA_TYPE } from '../onnx/data-type.ts'
import { type Attribute, dtypeOf, isValue, type Value } from '../value.ts'
import type { Ints } from './structure.ts'

/** Indices: whole numbers, or computed by the graph (int32 or int64). Negative ones count from the end. */
export type Indices = Value | number | readonly number[]

const index = (indices: Indices): Value => (isValue(indices) ? indices : constant(indices, 'int64'))
const list = (numbers: Ints): Value => (isValue(numbers) ? numbers : constant(numbers, 'int64'))

/** How a scatter joins what it writes with what is there. `none` overwrites; of two updates at one place either may stay. */
export type ScatterReduction = 'none' | 'add' | 'mul' | 'max' | 'min'

/** Returns x from `starts` up to `ends` along `axes` (default the first ones) in `steps` (default 1); bounds past the ends are cut. */
export function slice(
  x: Value,
  starts: Ints,
  ends: Ints,
  { axes, steps }: { readonly axes?: Ints; readonly steps?: Ints } = {},
): Value {
  const inputs: (Value | null)[] = [x, list(starts), list(ends)]
  if (axes !== undefined || steps !== undefined) inputs.push(axes === undefined ? null : list(axes))
  if (steps !== undefined) inputs.push(list(steps))
  return applyOne('Slice', inputs)
}

/** Returns the slices of x at the indices along an axis (default 0): shape x[:axis] + indices + x[axis + 1:]. */
export const gather = (x: Value, indices: Indices, { axis = 0 } = {}): Value =>
  applyOne('Gather', [x, index(indices)], { axis: int(axis) })

/** Returns for each index the element of x at it along an axis (default 0); shape of the indices. */
export const gatherElements = (x: Value, indices: Value, { axis = 0 } = {}): Value =>
  applyOne('GatherElements', [x, indices], { axis: int(axis) })

/** Returns the slices of x at tuples of indices (the last axis of `indices`, int64). */
export const gatherND = (x: Value, indices: Value, { batchDims = 0 } = {}): Value =>
  applyOne('GatherND', [x, indices], batchDims === 0 ? {} : { batch_dims: int(batchDims) })

const reduced = (reduction: ScatterReduction): Readonly<Record<string, Attribute>> =>
  reduction === 'none' ? {} : { reduction: text(reduction) }

/** Returns x with the updates written at the indices along an axis (default 0). */
export const scatterElements = (
  x: Value,
  indices: Value,
  updates: Value,
  { axis = 0, reduction = 'none' as ScatterReduction } = {},
): Value => applyOne('ScatterElements', [x, indices, updates], { axis: int(axis), ...reduced(reduction) })

/** Returns x with slices written at tuples of indices (the last axis of `indices`, int64). */
export const scatterND = (
  x: Value,
  indices: Value,
  updates: Value,
  { reduction = 'none' as ScatterReduction } = {},
): Value => applyOne('ScatterND', [x, indices, updates], reduced(reduction))

/**
 * Returns the k largest (or smallest) elements along an axis (default the last), in order, and their indices (int64).
 * Of equal elements the one of lower index comes first. ONNX Runtime 1.30 ends the process when x is empty.
 */
export function topK(
  x: Value,
  k: number | Value,
  { axis = -1, largest = true }: { readonly axis?: number; readonly largest?: boolean } = {},
): { readonly values: Value; readonly indices: Value } {
  const count = isValue(k) ? k : constant([k], 'int64')
  const [values, indices] = apply('TopK', [x, count], { axis: int(axis), largest: flag(largest) }, { outputs: 2 })
  return { values, indices }
}

/** Returns `on` at the index and `off` elsewhere along a new axis (default last) of `depth`. Default 1 and 0 in float32. */
export function oneHot(
  indices: Value,
  depth: number | Value,
  { axis = -1, on = 1, off = 0, dtype = 'float32' as 'float32' | 'int64' | 'int32' | 'float64' } = {},
): Value {
  // The runtime has no kernel in double precision.
  const kept = dtype === 'float64' ? 'float32' : dtype
  const values = constant([off, on], kept)
  const hot = applyOne('OneHot', [indices, lift(depth as Operand, 'int64'), values], { axis: int(axis) })
  return dtype === 'float64' ? applyOne('Cast', [hot], { to: int(CODE_OF_DATA_TYPE.float64) }) : hot
}

/** Returns the indices (int64, one row an axis) of the elements that are not 0. */
export const nonZero = (x: Value): Value => applyOne('NonZero', [x])

/** Returns the slices of x along an axis, or without one its elements in a row, where a list of conditions holds. */
export const compress = (x: Value, condition: Operand, { axis }: { readonly axis?: number } = {}): Value =>
  applyOne('Compress', [x, lift(condition, 'bool')], axis === undefined ? {} : { axis: int(axis) })

/** The different elements of a tensor, and where they are. */
export interface UniqueElements {
  readonly values: Value
  /** Where each is met first (int64). */
  readonly indices: Value
  /** Which of them each element of x is (int64). */
  readonly inverse: Value
  /** How often each is met (int64). */
  readonly counts: Value
}

/**
 * Returns the different elements of x, or the different slices along an axis, `sorted` or in the order met. The derivative
 * goes to where each is met first.
 */
export function unique(x: Value, { axis, sorted = true }: { axis?: number; sorted?: boolean } = {}): UniqueElements {
  const attributes = { ...(axis === undefined ? {} : { axis: int(axis) }), sorted: flag(sorted) }
  const [values, indices, inverse, counts] = apply('Unique', [x], attributes, { outputs: 4 })
  return { values, indices, inverse, counts }
}

/** Returns x with the first `lengths[i]` steps of example i in reverse order. The axes are 0 and 1. */
export const reverseSequence = (x: Value, lengths: Operand, { batchAxis = 1, timeAxis = 0 } = {}): Value =>
  applyOne('ReverseSequence', [x, lift(lengths, 'int64')], { batch_axis: int(batchAxis), time_axis: int(timeAxis) })

/**
 * Returns a cache with the update written along an axis (default the last but one), that of example i from `starts[i]` on
 * (default 0). In `circular` mode what passes the end goes on at the beginning. Opset 24.
 */
export const tensorScatter = (
  cache: Value,
  update: Value,
  starts?: Operand | null,
  { axis = -2, mode = 'linear' }: { axis?: number; mode?: 'linear' | 'circular' } = {},
): Value =>
  applyOne('TensorScatter', starts == null ? [cache, update] : [cache, update, lift(starts, 'int64')], {
    axis: int(axis),
    mode: text(mode),
  })

/** Which boxes are kept. */
export interface SuppressionOptions {
  /** Most boxes of each class of each image. Default 0: none. */
  readonly most?: number
  /** Boxes that overlap a better one by more of their union go. Default 0. */
  readonly overlap?: number
  /** Boxes below this score go. Default all stay. */
  readonly score?: number
  /** Boxes are [x, y, width, height] around their centres, not [y1, x1, y2, x2]. Default false. */
  readonly centered?: boolean
}

/**
 * Returns rows (image, class, box) of the boxes kept, int64. Boxes are [images, boxes, 4], scores [images, classes, boxes].
 * Gather with them what is differentiated: the choice itself has no derivative.
 */
export function nonMaxSuppression(
  boxes: Value,
  scores: Value,
  { most = 0, overlap = 0, score, centered = false }: SuppressionOptions = {},
): Value {
  const inputs = [boxes, scores, constant([most], 'int64'), constant([overlap], 'float32')]
  if (score !== undefined) inputs.push(constant([score], 'float32'))
  return applyOne('NonMaxSuppression', inputs, { center_point_box: flag(centered) })
}

/** Returns the upper (or lower) triangles of matrices, zeros elsewhere; `diagonal` moves the cut up. */
export function trilu(
  x: Value,
  { upper = true, diagonal = 0 }: { upper?: boolean; diagonal?: number | Value } = {},
): Value {
  const inputs = diagonal === 0 ? [x] : [x, lift(diagonal as Operand, 'int64')]
  return applyOne('Trilu', inputs, { upper: flag(upper) })
}

/** Returns an int64 value for indices given as int32. */
export const asInt64 = (indices: Value): Value =>
  dtypeOf(indices) === 'int64' ? indices : applyOne('Cast', [indices], { to: int(CODE_OF_DATA_TYPE.int64) })
