import { applyOne } from '../apply.ts'
import { int } from '../attribute.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import { dtypeOf, isValue, type Value } from '../value.ts'
import { windowOf } from '../window.ts'
import { padSpatial, type Size, seen, sizeAt, sizeList, times } from '../windows.ts'
import { applyComposed } from './composed.ts'
import { type Ints, reshape } from './structure.ts'
import { type PerAxis, perAxis, type WindowOptions, windowAttributes } from './window.ts'

export type { PerAxis, WindowOptions } from './window.ts'

const withBias = (x: Value, w: Value, bias: Operand | null | undefined): readonly Value[] =>
  bias === undefined || bias === null ? [x, w] : [x, w, lift(bias, dtypeOf(x))]

/**
 * Returns the convolution (as the field calls the cross-correlation) of x [N, C, sizes...] with a kernel
 * w [O, C / group, sizes...]: [N, O, places...], plus a bias [O]. `group` parts of the channels see only their own.
 * Throws `SHAPE_MISMATCH`, `OPTION_INVALID`.
 */
export function conv(
  x: Value,
  w: Value,
  bias?: Operand | null,
  { group = 1, ...window }: WindowOptions & { readonly group?: number } = {},
): Value {
  const attributes = { ...windowAttributes(window, w.shape.length - 2), ...(group !== 1 && { group: int(group) }) }
  return applyComposed('Conv', withBias(x, w, bias), attributes)[0]
}

/** How a transposed convolution lays its window. */
export interface ConvTransposeOptions extends WindowOptions {
  readonly group?: number
  /** Elements after the last that the window reaches, an axis. Default 0. */
  readonly outputPadding?: PerAxis
  /** The spatial sizes of the result; what is too much is cut off both ends. Default: all that the window reaches. */
  readonly outputShape?: readonly number[]
}

/**
 * Returns the transpose of a convolution: x [N, C, sizes...] laid out through a kernel w [C, O / group, sizes...] and
 * summed: [N, O, (size - 1) * stride + (kernel - 1) * dilation + 1 + outputPadding - pads, ...], plus a bias [O].
 * Throws `SHAPE_MISMATCH`, `OPTION_INVALID`.
 */
export function convTranspose(
  x: Value,
  w: Value,
  bias?: Operand | null,
  { group = 1, outputPadding, outputShape, ...window }: ConvTransposeOptions = {},
): Value {
  const rank = w.shape.length - 2
  const attributes = {
    ...windowAttributes(window, rank),
    ...(group !== 1 && { group: int(group) }),
    ...perAxis('output_padding', outputPadding, rank),
    ...perAxis('output_shape', outputShape, rank),
  }
  return applyComposed('ConvTranspose', withBias(x, w, bias), attributes)[0]
}

/**
 * Returns columns x [N, C * elements, places] laid back where a block of that shape saw them, and summed: an image
 * [N, C, sizes...]. The transpose of `im2Col`; also known as fold. Throws `SHAPE_MISMATCH`, `OPTION_INVALID`.
 */
export const col2Im = (
  x: Value,
  sizes: Ints,
  block: Ints,
  { strides, dilations, pads }: Omit<WindowOptions, 'autoPad'> = {},
): Value => {
  const lists = [sizes, block].map((list) => (isValue(list) ? list : constant(list, 'int64')))
  const rank = Number(lists[0].shape[0])
  return applyComposed('Col2Im', [x, ...lists], windowAttributes({ strides, dilations, pads }, rank))[0]
}

/**
 * Returns what a block sees of an image x [N, C, sizes...] at each place: columns [N, C * elements, places]. Also known
 * as unfold.
 */
export function im2Col(
  x: Value,
  block: readonly number[],
  { strides, dilations, pads }: Omit<WindowOptions, 'autoPad'> = {},
): Value {
  const rank = block.length
  const window = windowOf({ attributes: windowAttributes({ strides, dilations, pads }, rank) }, block, x.shape.slice(2))
  const view = seen(padSpatial(x, window.pads!.slice(0, rank), window.pads!.slice(rank)), block, window)
  const rows = block.reduce<Size>(times, sizeAt(x, 1))
  return reshape(view, sizeList([sizeAt(x, 0), rows, -1]))
}

/** How a deformable convolution looks. */
export interface DeformConvOptions extends Omit<WindowOptions, 'autoPad'> {
  readonly bias?: Operand
  /** How much of each element counts: [N, offsetGroup * elements, places...]. Default all. */
  readonly mask?: Value
  readonly group?: number
  /** Parts of the channels that have offsets of their own. Default 1. */
  readonly offsetGroup?: number
}

/**
 * Returns a convolution of x [N, C, H, W] with w [O, C / group, kH, kW] in which each element of the window is moved, at
 * each place, by `offset` [N, offsetGroup * elements * 2, places...] (rows, then columns). Differentiable by all.
 * Source: Dai et al. 2017, Zhu et al. 2019.
 */
export function deformConv(
  x: Value,
  w: Value,
  offset: Value,
  { bias, mask, group = 1, offsetGroup = 1, ...window }: DeformConvOptions = {},
): Value {
  const attributes = {
    ...windowAttributes(window, w.shape.length - 2),
    ...(group !== 1 && { group: int(group) }),
    ...(offsetGroup !== 1 && { offset_group: int(offsetGroup) }),
  }
  const inputs = [x, w, offset, bias === undefined ? null : lift(bias, dtypeOf(x)), mask ?? null]
  return applyOne('DeformConv', inputs.slice(0, inputs.findLastIndex((value) => value !== null) + 1), attributes)
}
