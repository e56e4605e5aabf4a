import { conv, convTranspose } from '../operators/convolution.ts'
import { add, cast, mul, sub } from '../operators/elementwise.ts'
import { gather } from '../operators/indexing.ts'
import { matMul } from '../operators/linear.ts'
import { expand, flatten, reshape, transpose } from '../operators/structure.ts'
import { sampled } from '../sampling.ts'
import { int } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import { windowOf } from '../window.ts'
import {
  biased,
  elementAt,
  looks,
  minus,
  over,
  overlaid,
  padSpatial,
  padsInRun,
  plus,
  reachOf,
  type Size,
  seen,
  sizeAt,
  sizeList,
  spatialOf,
  times,
  transposedPads,
} from '../windows.ts'
import type { Composition } from './composition.ts'

/** Returns a kernel as one matrix a group: [groups, first axis / groups, all other]. */
function grouped(w: Value, groups: number): Value {
  const rows = flatten(w, { axis: 1 })
  return reshape(rows, sizeList([groups, -1, sizeAt(rows, 1)]))
}

/** Returns [N, C, ..., places...] as [N, groups, C / groups * ..., all places]. */
const columns = (x: Value, groups: number, places: readonly Size[]): Value =>
  reshape(x, sizeList([sizeAt(x, 0), groups, -1, places.reduce(times, 1)]))

/** What the operators with a kernel are made of: each is a matrix product with what a window sees. */
export const convolution = {
  Conv: (use) => {
    const [x, w, bias] = use.inputs as readonly [Value, Value, Value | null | undefined]
    const window = windowOf(use, w.shape.slice(2), x.shape.slice(2))
    const group = int(use, 'group', 1)
    const kernel = spatialOf(w)
    const [begins, ends] = padsInRun(window, x, kernel)
    const { strides, dilations } = window
    // Pads that a run tells are put around x before.
    if (window.pads === undefined) return [conv(padSpatial(x, begins, ends), w, bias, { strides, dilations, group })]
    const view = seen(padSpatial(x, begins, ends), kernel, window)
    const places = Array.from({ length: kernel.length }, (_, i) => sizeAt(view, 2 + kernel.length + i))
    const y = matMul(grouped(w, group), columns(view, group, places))
    return [biased(reshape(y, sizeList([sizeAt(x, 0), sizeAt(w, 0), ...places])), bias)]
  },
  ConvTranspose: (use) => {
    const [x, w, bias] = use.inputs as readonly [Value, Value, Value | null | undefined]
    const [kernel, places] = [spatialOf(w), spatialOf(x)]
    const group = int(use, 'group', 1)
    const { window, ends, begins, full } = transposedPads(use)
    const { strides, dilations } = window
    if (window.pads === undefined)
      return [biased(padSpatial(convTranspose(x, w, null, { strides, dilations, group }), begins, ends), bias)]
    const rows = transpose(grouped(w, group), [0, 2, 1])
    const view = reshape(
      matMul(rows, columns(x, group, places)),
      sizeList([sizeAt(x, 0), times(sizeAt(w, 1), group), ...kernel, ...places]),
    )
    return [biased(padSpatial(overlaid(view, full, window), begins, ends), bias)]
  },
  // each element of the window looks where its offset moves it, and takes as much as its mask says
  DeformConv: (use) => {
    const [x, w, offset, bias, mask] = use.inputs as readonly (Value | null | undefined)[] as readonly Value[]
    const window = windowOf(use, w.shape.slice(2), x.shape.slice(2))
    const [group, parts] = [int(use, 'group', 1), int(use, 'offset_group', 1)]
    const [kernel, places] = [spatialOf(w), spatialOf(offset)]
    const images = sizeList([-1, kernel.reduce(times), 2, ...places])
    const moves = reshape(offset, images)
    const at = places.map((count, axis) => {
      const base = looks(kernel[axis], count, window.strides[axis], window.dilations[axis])
      const line = [
        axis === 0 ? kernel[0] : 1,
        axis === 1 ? kernel[1] : 1,
        axis === 0 ? count : 1,
        axis === 1 ? count : 1,
      ]
      const all = expand(reshape(sub(base, window.pads![axis]), sizeList(line)), sizeList([...kernel, ...places]))
      const start = reshape(cast(all, dtypeOf(x)!), sizeList([kernel.reduce(times), ...places]))
      return flatten(add(gather(moves, axis, { axis: 2 }), start), { axis: 1 })
    })
    const shared = reshape(x, sizeList([times(sizeAt(x, 0), parts), -1, ...spatialOf(x)]))
    const found = sampled(shared, at, { mode: 'linear', padding: 'zeros', alignCorners: true })
    const kept = mask ? mul(found, reshape(mask, sizeList([sizeAt(found, 0), 1, sizeAt(found, 2)]))) : found
    const view = reshape(kept, sizeList([sizeAt(x, 0), sizeAt(x, 1), ...kernel, ...places]))
    const y = matMul(grouped(w, group), columns(view, group, places))
    return [biased(reshape(y, sizeList([sizeAt(x, 0), sizeAt(w, 0), ...places])), bias)]
  },
  Col2Im: (use) => {
    const [x, image, block] = use.inputs as readonly [Value, Value, Value]
    const rank = use.inputs[1]!.shape[0] as number
    const [sizes, kernel] = [image, block].map((list) =>
      Array.from({ length: rank }, (_, axis) => elementAt(list, axis)),
    )
    const unknown = kernel.map(() => '?')
    const window = windowOf(use, unknown, unknown)
    const { strides, dilations } = window
    const [begins, ends] = [window.pads!.slice(0, rank), window.pads!.slice(rank)]
    const padded = sizes.map((size, axis) => plus(size, begins[axis] + ends[axis]))
    const places = padded.map((size, axis) =>
      plus(over(minus(size, reachOf(kernel[axis], dilations[axis])), strides[axis]), 1),
    )
    const view = reshape(x, sizeList([sizeAt(x, 0), -1, ...kernel, ...places]))
    const negative = (list: readonly number[]): number[] => list.map((size) => -size)
    return [padSpatial(overlaid(view, padded, window), negative(begins), negative(ends))]
  },
} as const satisfies Record<string, Composition>
