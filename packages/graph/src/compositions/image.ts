import { interpolated } from '../interpolation.ts'
import { add, cast, div, max, mul, sub } from '../operators/elementwise.ts'
import { gather } from '../operators/indexing.ts'
import { matMul } from '../operators/linear.ts'
import { concat, constantOfShape, expand, pad, reshape, transpose } from '../operators/structure.ts'
import { type SampleMode, type SamplePadding, sampled, sizeLike } from '../sampling.ts'
import { int, ints, text } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import { elementAt, minus, over, sizeAt, sizeList, spatialOf, times, upTo } from '../windows.ts'
import type { Composition } from './composition.ts'

/** What operators that resize, sample and rearrange images are made of. */
export const image = {
  Resize: (use) => [interpolated(use)],
  GridSample: (use) => {
    const [x, grid] = use.inputs as readonly [Value, Value]
    const alignCorners = int(use, 'align_corners', 0) === 1
    const sizes = spatialOf(x)
    // The grid names its last axis first, and its ends are -1 and 1.
    const places = sizes.map((size, axis) => {
      const v = reshape(gather(grid, sizes.length - 1 - axis, { axis: -1 }), sizeList([sizeAt(grid, 0), -1]))
      const n = sizeLike(size, x)
      return alignCorners ? mul(div(add(v, 1), 2), sub(n, 1)) : div(sub(mul(add(v, 1), n), 1), 2)
    })
    const mode = text(use, 'mode', 'linear') as SampleMode
    const padding = text(use, 'padding_mode', 'zeros') as SamplePadding
    const y = sampled(x, places, { mode, padding, alignCorners })
    const outer = grid.shape.slice(1, -1).map((_, i) => sizeAt(grid, i + 1))
    return [reshape(y, sizeList([sizeAt(x, 0), sizeAt(x, 1), ...outer]))]
  },
  // every place of the result, with a 1 behind it, times theta
  AffineGrid: (use) => {
    const [theta, list] = use.inputs as readonly [Value, Value]
    const rank = (theta.shape[1] === 3 || list.shape[0] === 5 ? 3 : 2) as number
    const sizes = Array.from({ length: rank }, (_, axis) => elementAt(list, axis + 2))
    const aligned = int(use, 'align_corners', 0) === 1
    const all = sizeList([...sizes, 1])
    const axes = sizes.map((size, axis) => {
      const [i, n] = [cast(upTo(size), dtypeOf(theta)!), sizeLike(size, theta)]
      const v = aligned ? sub(1, div(mul(2, sub(sub(n, 1), i)), max(sub(n, 1), 1))) : sub(div(add(mul(2, i), 1), n), 1)
      const along = Array.from({ length: rank + 1 }, (_, at) => (at === axis ? -1 : 1))
      return expand(reshape(v, along), all)
    })
    const ones = constantOfShape(all, 1, dtypeOf(theta))
    const places = reshape(concat([...axes.toReversed(), ones], { axis: -1 }), [-1, rank + 1])
    const grid = matMul(places, transpose(theta, [0, 2, 1]))
    return [reshape(grid, sizeList([sizeAt(theta, 0), ...sizes, rank]))]
  },
  DepthToSpace: (use) => {
    const [x] = use.inputs as readonly [Value]
    const block = int(use, 'blocksize', 1)
    const [n, h, w] = [0, 2, 3].map((axis) => sizeAt(x, axis))
    const blocksFirst = text(use, 'mode', 'DCR') === 'DCR'
    const parted = reshape(x, sizeList(blocksFirst ? [n, block, block, -1, h, w] : [n, -1, block, block, h, w]))
    const moved = transpose(parted, blocksFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3])
    return [reshape(moved, sizeList([n, -1, times(h, block), times(w, block)]))]
  },
  SpaceToDepth: (use) => {
    const [x] = use.inputs as readonly [Value]
    const block = int(use, 'blocksize', 1)
    const [n, c, h, w] = [0, 1, 2, 3].map((axis) => sizeAt(x, axis))
    const parted = reshape(x, sizeList([n, c, over(h, block), block, over(w, block), block]))
    const moved = transpose(parted, [0, 3, 5, 1, 2, 4])
    return [reshape(moved, sizeList([n, -1, over(h, block), over(w, block)]))]
  },
  // what is too much or too little is shared by both ends, the odd one at the end
  CenterCropPad: (use) => {
    const [x, target] = use.inputs as readonly [Value, Value]
    const list = cast(target, 'int64')
    const axes = (ints(use, 'axes') ?? x.shape.map((_, axis) => axis)).map((axis) =>
      axis < 0 ? axis + x.shape.length : axis,
    )
    const extra = x.shape.map((_, axis) => {
      const at = axes.indexOf(axis)
      return at < 0 ? 0 : minus(elementAt(list, at), sizeAt(x, axis))
    })
    const begins = extra.map((size) => over(size, 2))
    const ends = extra.map((size, axis) => minus(size, begins[axis]))
    return [pad(x, sizeList([...begins, ...ends]))]
  },
} as const satisfies Record<string, Composition>
