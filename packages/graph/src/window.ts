import { type Call, int, ints, refuse, text } from './schema.ts'
import { type Dim, freshDim } from './value.ts'

/** How zeros are put around the input: as listed, none, or so many that the result has ceil(size / stride) places. */
export type AutoPad = 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER'

/** The attributes of an operator whose window slides over the spatial axes: all axes but the first two. */
export const WINDOW_ATTRIBUTES = {
  kernel_shape: 'ints',
  strides: 'ints',
  dilations: 'ints',
  pads: 'ints',
  auto_pad: 'string',
} as const

/** A window that slides over spatial axes. */
export interface Window {
  readonly kernel: readonly Dim[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  /** All begins, then all ends; undefined where they depend on a size that is known in a run only. */
  readonly pads: readonly number[] | undefined
  readonly auto: AutoPad
  /** Whether a last place that lies partly past the end counts. */
  readonly ceil: boolean
}

type Attributed = Pick<Call, 'attributes'>

/** Returns the window of an operation over axes of these sizes. */
export function windowOf(use: Attributed, kernel: readonly Dim[], sizes: readonly Dim[]): Window {
  const ones = sizes.map(() => 1)
  const [strides, dilations] = [ints(use, 'strides') ?? ones, ints(use, 'dilations') ?? ones]
  const auto = text(use, 'auto_pad', 'NOTSET') as AutoPad
  const listed = { kernel, strides, dilations, auto, ceil: int(use, 'ceil_mode', 0) === 1 }
  if (auto === 'NOTSET') return { ...listed, pads: ints(use, 'pads') ?? [...ones, ...ones].fill(0) }
  if (auto === 'VALID') return { ...listed, pads: [...ones, ...ones].fill(0) }
  const totals = sizes.map((size, axis) => samePadding(size, extentOf(kernel[axis], dilations[axis]), strides[axis]))
  return { ...listed, pads: totals.every((total) => total !== undefined) ? halved(totals, auto) : undefined }
}

/** Returns paddings cut into begins and ends; the odd one goes to the end, or (`SAME_LOWER`) to the begin. */
function halved(totals: readonly number[], auto: AutoPad): number[] {
  const less = totals.map((total) => Math.floor(total / 2))
  const more = totals.map((total) => Math.ceil(total / 2))
  return auto === 'SAME_LOWER' ? [...more, ...less] : [...less, ...more]
}

/** Returns how far a window of `kernel` elements reaches: (kernel - 1) * dilation + 1. */
export const extentOf = (kernel: Dim, dilation: number): number | undefined =>
  typeof kernel === 'number' ? (kernel - 1) * dilation + 1 : undefined

// With stride 1 the size drops out.
function samePadding(size: Dim, extent: number | undefined, stride: number): number | undefined {
  if (extent === undefined) return undefined
  if (stride === 1) return extent - 1
  return typeof size === 'number' ? Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0) : undefined
}

const times = (dim: Dim, factor: number): Dim =>
  typeof dim === 'number' ? dim * factor : factor === 1 ? dim : freshDim()

/** Returns how many places the window has along each axis. */
export function placesOf({ kernel, strides, dilations, pads, auto, ceil }: Window, sizes: readonly Dim[]): Dim[] {
  const rank = sizes.length
  return sizes.map((size, axis) => {
    const [stride, extent] = [strides[axis], extentOf(kernel[axis], dilations[axis])]
    if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER')
      return typeof size === 'number' ? Math.ceil(size / stride) : stride === 1 ? size : freshDim()
    if (extent === undefined || pads === undefined) return freshDim()
    const [begin, end] = [pads[axis], pads[axis + rank]]
    if (typeof size === 'string') return stride === 1 && begin + end === extent - 1 ? size : freshDim()
    const rest = size + begin + end - extent
    const last = ceil ? Math.ceil(rest / stride) : Math.floor(rest / stride)
    // A last place must begin inside the input or before it.
    return ceil && last * stride >= size + begin ? last : last + 1
  })
}

/** A transposed convolution: the window it slides over its result, and how far that reaches past the last place. */
interface TransposedWindow {
  readonly window: Window
  /** Elements after the last place, an axis. */
  readonly extra: readonly number[]
  /** The sizes asked for by name. */
  readonly asked: readonly number[] | undefined
  readonly auto: AutoPad
  readonly shape: readonly Dim[]
}

/** Returns the geometry of a ConvTranspose over axes of these sizes. */
export function transposedWindowOf(
  use: Pick<Call, 'attributes'>,
  kernel: readonly Dim[],
  sizes: readonly Dim[],
): TransposedWindow {
  const window = windowOf({ attributes: without(use.attributes, 'auto_pad') }, kernel, sizes)
  const given = text(use, 'auto_pad', 'NOTSET') as AutoPad
  const auto = given === 'VALID' ? 'NOTSET' : given
  const same = auto === 'SAME_UPPER' || auto === 'SAME_LOWER'
  const extra = ints(use, 'output_padding') ?? sizes.map(() => 0)
  const asked = ints(use, 'output_shape')?.slice(-sizes.length)
  const { strides, dilations } = window
  const full = sizes.map((size, axis) => {
    const extent = extentOf(kernel[axis], dilations[axis])
    return typeof size === 'number' && extent !== undefined
      ? (size - 1) * strides[axis] + extra[axis] + extent
      : undefined
  })
  if (asked === undefined && !same) {
    const pads = window.pads!
    const shape = full.map((length, axis) =>
      length === undefined ? freshDim() : length - pads[axis] - pads[axis + sizes.length],
    )
    return { window, extra, asked, auto, shape }
  }
  const shape = asked ?? sizes.map((size, axis) => times(size, strides[axis]))
  const totals = full.map((length, axis) => {
    const size = shape[axis]
    if (length !== undefined && typeof size === 'number') return Math.max(length - size, 0)
    // As long as the stride: what is cut off does not depend on the size.
    const extent = extentOf(kernel[axis], dilations[axis])
    return same && asked === undefined && extent !== undefined
      ? Math.max(extent + extra[axis] - strides[axis], 0)
      : undefined
  })
  const pads = totals.every((total) => total !== undefined)
    ? halved(totals, auto === 'SAME_UPPER' ? 'SAME_UPPER' : 'SAME_LOWER')
    : undefined
  return { window: { ...window, pads }, extra, asked, auto, shape }
}

const without = (attributes: Call['attributes'], name: string): Call['attributes'] =>
  Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== name))

/** Checks the window's attributes against the number of spatial axes. Throws `SHAPE_MISMATCH`, `OPTION_INVALID`. */
export function checkWindow(call: Call, rank: number): void {
  const counts: readonly (readonly [string, number, number])[] = [
    ['kernel_shape', rank, 1],
    ['strides', rank, 1],
    ['dilations', rank, 1],
    ['pads', 2 * rank, 0],
  ]
  for (const [name, count, least] of counts) {
    const list = ints(call, name)
    if (list === undefined) continue
    if (list.length !== count)
      throw refuse(
        call,
        'SHAPE_MISMATCH',
        `${name} [${list.join(', ')}] has ${list.length} numbers, but ${rank} spatial axes take ${count}`,
        name === 'pads' ? 'list all begins, then all ends' : undefined,
      )
    if (!list.every((number) => Number.isInteger(number) && number >= least))
      throw refuse(call, 'OPTION_INVALID', `${name} [${list.join(', ')}] must be whole numbers >= ${least}`)
  }
  const auto = text(call, 'auto_pad', 'NOTSET')
  if (!AUTO_PADS.includes(auto))
    throw refuse(call, 'OPTION_INVALID', `auto_pad is one of ${AUTO_PADS.join(', ')}, not "${auto}"`)
  if (auto !== 'NOTSET' && ints(call, 'pads')?.some((pad) => pad !== 0))
    throw refuse(call, 'OPTION_INVALID', `pads and auto_pad ${auto} contradict each other`, 'give one of them')
}

const AUTO_PADS: readonly string[] = ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'] satisfies AutoPad[]

/** Checks that a window has at least one place along each axis whose size is known. */
export function checkPlaces(call: Call, places: readonly Dim[], sizes: readonly Dim[], { kernel, pads }: Window): void {
  for (const [axis, count] of places.entries())
    if (typeof count === 'number' && count < 1 && sizes[axis] !== 0)
      throw refuse(
        call,
        'SHAPE_MISMATCH',
        `a window of ${kernel.join(' x ')} does not fit into ${sizes.join(' x ')}${pads?.some(Boolean) ? ` with pads [${pads.join(', ')}]` : ''}`,
        'pad the input, or take a smaller window or dilation',
      )
}
