import { constant } from '../leaf.ts'
import {
  add,
  and,
  cast,
  ceil,
  div,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  like,
  max,
  mul,
  sub,
  where,
} from '../operators/elementwise.ts'
import { gather } from '../operators/indexing.ts'
import { reduceMax, reduceSum } from '../operators/reduction.ts'
import { concat, expand, reshape, shape, transpose, unsqueeze } from '../operators/structure.ts'
import { samples, sizeLike } from '../sampling.ts'
import { float, int, text } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import { type Size, sizeAt, sizeList, spatialOf, upTo } from '../windows.ts'
import type { Composition, Use } from './composition.ts'

/** What each region samples along one axis. */
interface Samples {
  /** Where, in elements: [R, bins, samples]. */
  readonly places: Value
  /** How many samples a bin has: [R or 1, 1, 1]. */
  readonly counts: Value
  /** Which samples a region has: [R or 1, 1, samples]. */
  readonly live: Value
}

function samplesAlong(use: Use, rois: Value, axis: 0 | 1, bins: number): Samples {
  const half = text(use, 'coordinate_transformation_mode', 'half_pixel') === 'half_pixel'
  const edge = (at: number): Value => {
    const place = mul(gather(rois, at, { axis: 1 }), float(use, 'spatial_scale', 1))
    return reshape(half ? sub(place, 0.5) : place, [-1, 1, 1])
  }
  // a region is x1, y1, x2, y2
  const [start, end] = axis === 0 ? [edge(1), edge(3)] : [edge(0), edge(2)]
  const length = half ? sub(end, start) : max(sub(end, start), 1)
  const bin = div(length, bins)
  const ratio = int(use, 'sampling_ratio', 0)
  // Without a ratio a region has as many samples as its bins have elements; here as many as the largest one.
  const counts = ratio > 0 ? reshape(like(rois, ratio), [1, 1, 1]) : ceil(bin)
  const most: Size = ratio > 0 ? ratio : reshape(cast(max(reduceMax(counts), 1), 'int64'), [1])
  const dtype = dtypeOf(rois)!
  const [b, j] = [reshape(cast(upTo(bins), dtype), [-1, 1]), cast(upTo(most), dtype)]
  const places = add(start, mul(bin, add(b, div(add(j, 0.5), max(counts, 1)))))
  return { places, counts, live: less(j, counts) }
}

/** The mean or the largest of the samples in each bin of each region. */
function aligned(use: Use): Value {
  const [x, rois, owner] = use.inputs as readonly [Value, Value, Value]
  const rows = samplesAlong(use, rois, 0, int(use, 'output_height', 1))
  const columns = samplesAlong(use, rois, 1, int(use, 'output_width', 1))
  // All samples of a region: [R, bins, samples, bins, samples].
  const all = [1, sizeAt(rows.places, 1), sizeAt(rows.places, 2), sizeAt(columns.places, 1), sizeAt(columns.places, 2)]
  const grid = [unsqueeze(rows.places, [3, 4]), unsqueeze(columns.places, [1, 2])].map((v) => expand(v, sizeList(all)))
  const places = grid.map((v) => reshape(v, sizeList([sizeAt(rois, 0), -1])))
  const [seenRow, seenColumn] = spatialOf(x).map((size, axis) =>
    and(greaterOrEqual(places[axis], -1), lessOrEqual(places[axis], sizeLike(size, x))),
  )
  const seen = unsqueeze(and(seenRow, seenColumn), [-1])
  const parts = samples(x, places, { mode: 'linear', padding: 'border', alignCorners: true }, owner)
  const sizes = concat([shape(grid[0]), constant([-1], 'int64')])
  const inBins = (part: Value): Value => reshape(where(seen, part, 0), sizes)
  const live = unsqueeze(and(unsqueeze(rows.live, [3, 4]), unsqueeze(columns.live, [1, 2])), [5])
  const counts = mul(rows.counts, columns.counts)
  const isMean = text(use, 'mode', 'avg') === 'avg'
  if (isMean) {
    const sums = reduceSum(where(live, inBins(parts.reduce((a, b) => add(a, b))), 0), { axes: [2, 4] })
    return transpose(div(sums, max(unsqueeze(counts, [3]), 1)), [0, 3, 1, 2])
  }
  // The largest of what the samples are made of, as the runtime has it, not of their sums.
  const largest = inBins(parts.reduce((a, b) => max(a, b)))
  const found = reduceMax(where(live, largest, Number.NEGATIVE_INFINITY), { axes: [2, 4] })
  return transpose(where(greater(unsqueeze(counts, [3]), 0), found, 0), [0, 3, 1, 2])
}

/** What poolings of regions are made of. */
export const region = { RoiAlign: (use) => [aligned(use)] } as const satisfies Record<string, Composition>
