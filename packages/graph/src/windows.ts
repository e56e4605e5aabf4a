import { intsOf } from './known.ts'
import { constant } from './leaf.ts'
import { add, div, max, mul, sub } from './operators/elementwise.ts'
import { gather, slice } from './operators/indexing.ts'
import { concat, type Ints, pad, range, reshape, shape, transpose, unsqueeze } from './operators/structure.ts'
import { ungather } from './rules/shape.ts'
import { isValue, type Operation, type Value } from './value.ts'
import { transposedWindowOf, type Window } from './window.ts'

/** A size: known, or a list of one number that the graph computes. */
export type Size = number | Value

/** Returns the size of one axis: the number, or how the graph reads it. */
export const sizeAt = (x: Value, axis: number): Size => {
  const dim = x.shape[axis]
  return typeof dim === 'number' ? dim : shape(x, axis, axis + 1)
}

/** Returns a size as an int64 scalar. */
export const asScalar = (size: Size): Value => (isValue(size) ? reshape(size, []) : constant(size, 'int64'))

/** Returns 0, 1, ... below a size (int64). */
export const upTo = (size: Size): Value => range(constant(0, 'int64'), asScalar(size))

/** Returns one element of a list of sizes. */
export const elementAt = (list: Value, i: number): Size => {
  const known = intsOf(list)
  return known === undefined ? slice(list, [i], [i + 1]) : known[i]
}

/** Returns the sizes of all axes but the first two. */
export const spatialOf = (x: Value): Size[] => x.shape.slice(2).map((_, i) => sizeAt(x, i + 2))

/** Returns sizes as one list: numbers where all are known. */
export const sizeList = (sizes: readonly Size[]): Ints => {
  if (sizes.every((size) => !isValue(size))) return sizes as readonly number[]
  return concat(sizes.map((size) => (isValue(size) ? size : constant([size], 'int64'))))
}

/** Arithmetic of sizes is done now where they are known. */
const compute = (
  a: Size,
  b: Size,
  known: (a: number, b: number) => number,
  inRun: (a: Value, b: Value) => Value,
): Size => (isValue(a) || isValue(b) ? inRun(asList(a), asList(b)) : known(a, b))

const asList = (size: Size): Value => (isValue(size) ? size : constant([size], 'int64'))

export const plus = (a: Size, b: Size): Size => (b === 0 ? a : compute(a, b, (x, y) => x + y, add))
export const minus = (a: Size, b: Size): Size => (b === 0 ? a : compute(a, b, (x, y) => x - y, sub))
export const times = (a: Size, b: Size): Size => (b === 1 ? a : compute(a, b, (x, y) => x * y, mul))
/** Sizes divided, cut towards 0. */
export const over = (a: Size, b: Size): Size => (b === 1 ? a : compute(a, b, (x, y) => Math.trunc(x / y), div))
export const atLeast = (a: Size, b: Size): Size => compute(a, b, Math.max, (x, y) => max(x, y))

/** Returns how far a window reaches along an axis. */
export const reachOf = (kernel: Size, dilation: number): Size => plus(times(minus(kernel, 1), dilation), 1)

/** Returns x with zeros added to its spatial axes, or taken away below 0. */
export function padSpatial(x: Value, begins: readonly Size[], ends: readonly Size[]): Value {
  const pads = [0, 0, ...begins, 0, 0, ...ends]
  return pads.every((size) => size === 0) ? x : pad(x, sizeList(pads))
}

/** Returns the zeros that a window puts around x, as begins and ends, where need be computed in the run. */
export function padsInRun({ pads, auto, strides, dilations }: Window, x: Value, kernel: readonly Size[]): Size[][] {
  const rank = kernel.length
  if (pads !== undefined) return [pads.slice(0, rank), pads.slice(rank)]
  const totals = spatialOf(x).map((size, axis) => {
    const places = over(plus(size, strides[axis] - 1), strides[axis])
    const read = plus(times(minus(places, 1), strides[axis]), reachOf(kernel[axis], dilations[axis]))
    return atLeast(minus(read, size), 0)
  })
  const less = totals.map((total) => over(total, 2))
  const more = totals.map((total, axis) => minus(total, less[axis]))
  return auto === 'SAME_LOWER' ? [more, less] : [less, more]
}

/** Returns for each element of the window and each place where along the axis it looks: int64 [kernel, places]. */
export function looks(kernel: Size, places: Size, stride: number, dilation: number): Value {
  const scaled = (list: Value, factor: number): Value => (factor === 1 ? list : mul(list, factor))
  return add(unsqueeze(scaled(upTo(kernel), dilation), [1]), scaled(upTo(places), stride))
}

/** Returns how many places a window has along each axis of a padded input. */
const countPlaces = (x: Value, kernel: readonly Size[], { strides, dilations }: Window): Size[] =>
  spatialOf(x).map((size, axis) => plus(over(minus(size, reachOf(kernel[axis], dilations[axis])), strides[axis]), 1))

/**
 * Returns what a window sees of a padded x [N, C, sizes...] at each place: [N, C, kernel..., places...]. Also known as
 * im2col or unfold; every operator with a window is a product or a reduction of this.
 */
export function seen(x: Value, kernel: readonly Size[], window: Window): Value {
  const rank = kernel.length
  const places = countPlaces(x, kernel, window)
  let result = x
  for (let axis = 0; axis < rank; axis++)
    result = gather(result, looks(kernel[axis], places[axis], window.strides[axis], window.dilations[axis]), {
      axis: 2 + 2 * axis,
    })
  const pairs = Array.from({ length: rank }, (_, axis) => 2 + 2 * axis)
  return rank === 1 ? result : transpose(result, [0, 1, ...pairs, ...pairs.map((axis) => axis + 1)])
}

/**
 * Returns the transpose of `seen`: what lies at [N, C, kernel..., places...] summed up where the window saw it, in an
 * image of these sizes. Also known as col2im or fold.
 */
export function overlaid(x: Value, sizes: readonly Size[], { strides, dilations }: Window): Value {
  const rank = sizes.length
  const pairs = Array.from({ length: rank }, (_, axis) => [2 + axis, 2 + rank + axis])
  let result = rank === 1 ? x : transpose(x, [0, 1, ...pairs.flat()])
  for (let axis = rank - 1; axis >= 0; axis--) {
    const at = 2 + 2 * axis
    const [kernel, places] = [sizeAt(result, at), sizeAt(result, at + 1)]
    const all = result.shape.map((_, i) => sizeAt(result, i))
    const merged = reshape(result, sizeList([...all.slice(0, at), times(kernel, places), ...all.slice(at + 2)]))
    const index = reshape(looks(kernel, places, strides[axis], dilations[axis]), [-1])
    const size = sizes[axis]
    result = ungather(merged, index, at, isValue(size) ? size : constant([size], 'int64'))
  }
  return result
}

/** Returns x with a vector added along its channels. */
export const biased = (x: Value, bias: Value | null | undefined): Value =>
  bias
    ? add(
        x,
        unsqueeze(
          bias,
          Array.from({ length: x.shape.length - 2 }, (_, i) => i + 1),
        ),
      )
    : x

/** How much a ConvTranspose adds to all that its window writes, before and after; below 0 it takes away. */
export function transposedPads(use: Pick<Operation, 'inputs' | 'attributes'>): {
  readonly window: Window
  readonly full: Size[]
  readonly begins: Size[]
  readonly ends: Size[]
} {
  const [x, w] = use.inputs as readonly [Value, Value]
  const { window, extra, asked, auto } = transposedWindowOf(use, w.shape.slice(2), x.shape.slice(2))
  const [kernel, places] = [spatialOf(w), spatialOf(x)]
  const full = places.map((size, axis) =>
    plus(times(minus(size, 1), window.strides[axis]), reachOf(kernel[axis], window.dilations[axis])),
  )
  const askedAt = (axis: number): Size => asked?.[axis] ?? times(places[axis], window.strides[axis])
  const begins = full.map((length, axis) => {
    if (window.pads !== undefined) return window.pads[axis]
    const total = atLeast(minus(plus(length, extra[axis]), askedAt(axis)), 0)
    return auto === 'SAME_UPPER' ? over(total, 2) : over(plus(total, 1), 2)
  })
  const ends = full.map((length, axis) =>
    asked === undefined && auto === 'NOTSET'
      ? extra[axis] - window.pads![axis + full.length]
      : plus(minus(askedAt(axis), length), begins[axis]),
  )
  return { window, full, begins: begins.map((size) => minus(0, size)), ends }
}
