import { applyOne } from '../apply.ts'
import { flag, float, int, ints, text } from '../attribute.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import type { SampleMode, SamplePadding } from '../sampling.ts'
import { type Attribute, isValue, type Value } from '../value.ts'
import { applyComposed } from './composed.ts'
import type { Ints } from './structure.ts'

const list = (numbers: Ints): Value => (isValue(numbers) ? numbers : constant(numbers, 'int64'))

/** Returns attributes without those that are not given. */
const given = (attributes: Readonly<Record<string, Attribute | undefined>>): Readonly<Record<string, Attribute>> =>
  Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => (value ? [[name, value]] : [])))

/** How an image is resized. Names and choices are ONNX's. */
export interface ResizeOptions {
  /** Factors by axis: numbers, or computed by the graph (float32). Give these or `sizes`. */
  readonly scales?: readonly number[] | Value
  /** Sizes of the result by axis. */
  readonly sizes?: Ints
  /** Which axes the lists are about. Default all. */
  readonly axes?: readonly number[]
  /** Default `nearest`. */
  readonly mode?: 'nearest' | 'linear' | 'cubic'
  /** Where an element of the result lies in x. Default `half_pixel`: both images cover the same area. */
  readonly coordinateTransformationMode?:
    | 'half_pixel'
    | 'half_pixel_symmetric'
    | 'pytorch_half_pixel'
    | 'align_corners'
    | 'asymmetric'
    | 'tf_crop_and_resize'
  /** Which element is nearest. Default `round_prefer_floor`: of two equally near ones the lower. */
  readonly nearestMode?: 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil'
  /** The cubic's a. Default -0.75; PyTorch's antialias takes -0.5. */
  readonly cubicCoeffA?: number
  /** Default false: what lies outside counts for the border. True: it does not count, and the rest counts more. */
  readonly excludeOutside?: boolean
  /** Whether smaller images average what they skip. Default false. */
  readonly antialias?: boolean
  /** With `sizes`: whether one factor serves all axes, such that no size is larger, or none smaller. Default `stretch`. */
  readonly keepAspectRatioPolicy?: 'stretch' | 'not_larger' | 'not_smaller'
  /** With `tf_crop_and_resize`: the part taken, all begins and then all ends, from 0 to 1. */
  readonly roi?: Operand
  /** With `tf_crop_and_resize`: what lies outside x. Default 0. */
  readonly extrapolationValue?: number
}

/** Returns x resized, by factors or to sizes. Throws `INPUT_MISSING`, `SHAPE_MISMATCH`, `OPTION_INVALID`. */
export function resize(
  x: Value,
  {
    scales,
    sizes,
    axes,
    mode = 'nearest',
    coordinateTransformationMode,
    nearestMode,
    cubicCoeffA,
    excludeOutside = false,
    antialias = false,
    keepAspectRatioPolicy,
    roi,
    extrapolationValue,
  }: ResizeOptions,
): Value {
  const attributes = given({
    mode: text(mode),
    coordinate_transformation_mode: coordinateTransformationMode && text(coordinateTransformationMode),
    nearest_mode: nearestMode && text(nearestMode),
    cubic_coeff_a: cubicCoeffA === undefined ? undefined : float(cubicCoeffA),
    exclude_outside: excludeOutside ? flag(true) : undefined,
    antialias: antialias ? flag(true) : undefined,
    axes: axes && ints(axes),
    keep_aspect_ratio_policy: keepAspectRatioPolicy && text(keepAspectRatioPolicy),
    extrapolation_value: extrapolationValue === undefined ? undefined : float(extrapolationValue),
  })
  const region = roi === undefined ? null : lift(roi, 'float32')
  const factors = scales === undefined ? null : lift(scales, 'float32')
  const inputs = [x, region, factors, ...(sizes === undefined ? [] : [list(sizes)])]
  return applyComposed('Resize', inputs, attributes)[0]
}

/**
 * Returns samples of images x [N, C, sizes...] at the places of a grid [N, sizes of the result..., axes]: each place is
 * (x, y) or (x, y, z) from -1 to 1, the ends being outer edges of the image or (`alignCorners`) its first and last
 * elements. `cubic` takes images of two spatial axes. Differentiable by both; `nearest` by x alone.
 */
export const gridSample = (
  x: Value,
  grid: Value,
  {
    mode = 'linear',
    paddingMode = 'zeros',
    alignCorners = false,
  }: { readonly mode?: SampleMode; readonly paddingMode?: SamplePadding; readonly alignCorners?: boolean } = {},
): Value =>
  applyOne('GridSample', [x, grid], {
    mode: text(mode),
    padding_mode: text(paddingMode),
    align_corners: flag(alignCorners),
  })

/**
 * Returns the grid [N, H, W, 2] (or [N, D, H, W, 3]) that maps places of the result to places of the image by theta
 * [N, 2, 3] (or [N, 3, 4]); `size` is the result's: N, C, H, W.
 */
export const affineGrid = (theta: Value, size: Ints, { alignCorners = false } = {}): Value =>
  applyOne('AffineGrid', [theta, list(size)], { align_corners: flag(alignCorners) })

/** Returns x [N, C b b, H, W] as [N, C, H b, W b]: blocks of channels become places; `CRD` is PyTorch's pixel shuffle. */
export const depthToSpace = (x: Value, blocksize: number, { mode = 'DCR' as 'DCR' | 'CRD' } = {}): Value =>
  applyOne('DepthToSpace', [x], { blocksize: int(blocksize), mode: text(mode) })

/** Returns x [N, C, H b, W b] as [N, C b b, H, W]: what `depthToSpace` in its mode `DCR` undoes. */
export const spaceToDepth = (x: Value, blocksize: number): Value =>
  applyOne('SpaceToDepth', [x], { blocksize: int(blocksize) })

/** Returns the middle of x in a shape, with zeros around where x is smaller; `axes` (default all) are those of the shape. */
export const centerCropPad = (x: Value, shape: Ints, { axes }: { readonly axes?: readonly number[] } = {}): Value =>
  applyOne('CenterCropPad', [x, list(shape)], given({ axes: axes && ints(axes) }))
