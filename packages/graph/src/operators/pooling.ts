import { apply, applyOne } from '../apply.ts'
import { flag, float, int, ints as listAttribute, text } from '../attribute.ts'
import { constant } from '../leaf.ts'
import { ints } from '../schema.ts'
import { type Attribute, isValue, type Value } from '../value.ts'
import { placesOf, windowOf } from '../window.ts'
import { applyComposed } from './composed.ts'
import type { Ints } from './structure.ts'
import { type PerAxis, perAxis, type WindowOptions, windowAttributes } from './window.ts'

type Attributes = Readonly<Record<string, Attribute>>

/** How a pooling's window slides. */
export interface PoolOptions extends WindowOptions {
  /** Default false. True: a last window that lies partly past the end counts, if it begins inside. */
  readonly ceil?: boolean
}

function poolAttributes(x: Value, kernel: PerAxis, { ceil = false, ...window }: PoolOptions): Attributes {
  const rank = x.shape.length - 2
  const attributes = { ...perAxis('kernel_shape', kernel, rank), ...windowAttributes(window, rank) }
  const lastCounts = { ...attributes, ceil_mode: flag(true) }
  return ceil && countsLast(x, attributes, lastCounts) ? lastCounts : attributes
}

// Where no window lies past the end, the runtime's inference of shapes is right without the flag alone.
function countsLast(x: Value, attributes: Attributes, lastCounts: Attributes): boolean {
  const [sizes, list] = [x.shape.slice(2), ints({ attributes }, 'kernel_shape')]
  if (list?.length !== sizes.length) return true
  const [without, all] = [attributes, lastCounts].map((each) =>
    placesOf(windowOf({ attributes: each }, list, sizes), sizes),
  )
  return all.some((count, axis) => typeof count === 'string' || count !== without[axis])
}

/**
 * Returns the largest element of each window of x [N, C, sizes...]: [N, C, places...]. `kernel` is the window's size, an
 * axis or for all; padding never wins. Of equal elements the first gets the whole derivative.
 */
export const maxPool = (x: Value, kernel: PerAxis, options: PoolOptions = {}): Value =>
  applyOne('MaxPool', [x], poolAttributes(x, kernel, options))

/** Returns what `maxPool` gives, and where in x (counted over all its elements, int64) it was found. */
export function maxPoolWithIndices(
  x: Value,
  kernel: PerAxis,
  options: PoolOptions = {},
): { readonly values: Value; readonly indices: Value } {
  const [values, indices] = apply('MaxPool', [x], poolAttributes(x, kernel, options), { outputs: 2 })
  return { values, indices }
}

/**
 * Returns the mean of each window of x [N, C, sizes...]: [N, C, places...]. Padding counts as zeros with
 * `countIncludePad`, else (default) not at all; what `ceil` reaches past the padding never counts.
 */
export const averagePool = (
  x: Value,
  kernel: PerAxis,
  { countIncludePad = false, ...options }: PoolOptions & { readonly countIncludePad?: boolean } = {},
): Value =>
  applyComposed('AveragePool', [x], {
    ...poolAttributes(x, kernel, options),
    ...(countIncludePad && { count_include_pad: flag(true) }),
  })[0]

/** Returns (sum |x|^p)^(1/p) of each window (p a whole number, default 2); where that is 0 its derivative is 0. */
export const lpPool = (
  x: Value,
  kernel: PerAxis,
  { p = 2, ...options }: PoolOptions & { readonly p?: number } = {},
): Value => applyComposed('LpPool', [x], { ...poolAttributes(x, kernel, options), p: int(p) })[0]

/** Returns the mean over all spatial axes, which stay with size 1. */
export const globalAveragePool = (x: Value): Value => applyComposed('GlobalAveragePool', [x])[0]
/** Returns the largest element over all spatial axes, which stay with size 1; the first of equal ones gets the derivative. */
export const globalMaxPool = (x: Value): Value => applyComposed('GlobalMaxPool', [x])[0]
/** Returns (sum |x|^p)^(1/p) over all spatial axes, which stay with size 1 (p a whole number, default 2). */
export const globalLpPool = (x: Value, { p = 2 } = {}): Value => applyComposed('GlobalLpPool', [x], { p: int(p) })[0]

/**
 * Returns x laid where `maxPoolWithIndices` found it, zeros elsewhere, in a tensor of `outputShape` (all sizes; default
 * the smallest that the windows fill). Two values laid at one place: the last stays.
 */
export function maxUnpool(
  x: Value,
  indices: Value,
  kernel: PerAxis,
  { strides, pads, outputShape }: Pick<PoolOptions, 'strides' | 'pads'> & { readonly outputShape?: Ints } = {},
): Value {
  const attributes = poolAttributes(x, kernel, { strides, pads })
  const inputs =
    outputShape === undefined
      ? [x, indices]
      : [x, indices, isValue(outputShape) ? outputShape : constant(outputShape, 'int64')]
  return applyComposed('MaxUnpool', inputs, attributes)[0]
}

/** How regions are pooled. Names and choices are ONNX's. */
export interface RoiAlignOptions {
  readonly outputHeight?: number
  readonly outputWidth?: number
  /** Samples a bin and axis. Default 0: as many as it has elements. */
  readonly samplingRatio?: number
  /** Elements of x a unit of the regions. Default 1. */
  readonly spatialScale?: number
  /** Default `avg`. `max` is the largest weighted element that the samples are made of, as ONNX defines it. */
  readonly mode?: 'avg' | 'max'
  /** Default `half_pixel`; `output_half_pixel` leaves the half out, and regions are at least 1 wide. */
  readonly coordinateTransformationMode?: 'half_pixel' | 'output_half_pixel'
}

/**
 * Returns regions of images x [N, C, H, W] pooled to one size: [R, C, height, width]. A region is (x1, y1, x2, y2), of the
 * image that `batchIndices` (int64 [R]) names. Differentiable by x and by the regions. Source: He et al. 2017.
 */
export const roiAlign = (
  x: Value,
  rois: Value,
  batchIndices: Value,
  {
    outputHeight = 1,
    outputWidth = 1,
    samplingRatio = 0,
    spatialScale = 1,
    mode = 'avg',
    coordinateTransformationMode = 'half_pixel',
  }: RoiAlignOptions = {},
): Value =>
  applyOne('RoiAlign', [x, rois, batchIndices], {
    output_height: int(outputHeight),
    output_width: int(outputWidth),
    sampling_ratio: int(samplingRatio),
    spatial_scale: float(spatialScale),
    mode: text(mode),
    coordinate_transformation_mode: text(coordinateTransformationMode),
  })

/** Returns the largest element of each bin of regions [R, 5] (image, x1, y1, x2, y2): [R, C, height, width]. It has no derivative. */
export const maxRoiPool = (
  x: Value,
  rois: Value,
  pooledShape: readonly [height: number, width: number],
  { spatialScale = 1 } = {},
): Value =>
  applyOne('MaxRoiPool', [x, rois], { pooled_shape: listAttribute(pooledShape), spatial_scale: float(spatialScale) })
