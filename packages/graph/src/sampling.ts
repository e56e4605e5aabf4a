import {
  abs,
  add,
  and,
  cast,
  clip,
  div,
  equal,
  floor,
  greaterOrEqual,
  less,
  lessOrEqual,
  like,
  max,
  min,
  mul,
  round,
  sub,
  where,
} from './operators/elementwise.ts'
import { gatherND } from './operators/indexing.ts'
import { concat, expand, reshape, shape, transpose, unsqueeze } from './operators/structure.ts'
import { dtypeOf, isValue, type Value } from './value.ts'
import { asScalar, type Size, sizeAt, sizeList, spatialOf, upTo } from './windows.ts'

/** How elements between places are found. */
export type SampleMode = 'linear' | 'nearest' | 'cubic'
/** What lies outside: zeros, the nearest border, or the image reflected there. */
export type SamplePadding = 'zeros' | 'border' | 'reflection'

/** One element that a sample takes from an axis, and how much of it; all of it where no weight is given. */
interface Tap {
  /** Float, maybe outside. */
  readonly place: Value
  readonly weight: Value | undefined
}

/** Returns a size as a scalar of x's element type. */
export const sizeLike = (size: Size, x: Value): Value =>
  isValue(size) ? cast(reshape(size, []), dtypeOf(x)!) : like(x, size)

/**
 * Returns the weight of an element at distance d in a cubic convolution, 0 from distance 2 on.
 * Source: Keys 1981; a = -0.75 is PyTorch's and ONNX's.
 */
export function cubicWeight(d: Value, a = -0.75): Value {
  const x = abs(d)
  const near = add(1, mul(mul(x, x), sub(mul(a + 2, x), a + 3)))
  const far = mul(a, sub(mul(x, add(mul(x, sub(x, 5)), 8)), 4))
  return where(lessOrEqual(x, 1), near, where(less(x, 2), far, 0))
}

const TAPS: Readonly<Record<SampleMode, (v: Value) => readonly Tap[]>> = {
  nearest: (v) => [{ place: round(v), weight: undefined }],
  linear: (v) => {
    const low = floor(v)
    const t = sub(v, low)
    return [
      { place: low, weight: sub(1, t) },
      { place: add(low, 1), weight: t },
    ]
  },
  cubic: (v) => {
    const low = floor(v)
    const t = sub(v, low)
    return [-1, 0, 1, 2].map((offset) => ({ place: add(low, offset), weight: cubicWeight(sub(t, offset)) }))
  },
}

/** Returns v reflected at both ends until it lies between them. */
function reflected(v: Value, low: Value, high: Value): Value {
  const span = max(sub(high, low), 1e-9)
  const from = abs(sub(v, low))
  const turns = floor(div(from, span))
  const rest = sub(from, mul(turns, span))
  const isBack = equal(sub(turns, mul(2, floor(div(turns, 2)))), 1)
  return add(low, where(isBack, sub(span, rest), rest))
}

/** How samples are taken. */
interface SampleOptions {
  readonly mode: SampleMode
  readonly padding: SamplePadding
  /** Whether the ends of an axis are the centres of its first and last element, and not their outer edges. */
  readonly alignCorners: boolean
}

/** Returns what samples at v take from an axis of a size: indices inside, and weights. */
function tapsOf(
  v: Value,
  size: Size,
  { mode, padding, alignCorners }: SampleOptions,
): readonly { readonly index: Value; readonly weight: Value | undefined }[] {
  const last = sub(sizeLike(size, v), 1)
  const zero = like(v, 0)
  const inside = (place: Value): Value => {
    if (padding !== 'reflection') return place
    return alignCorners ? reflected(place, zero, last) : reflected(place, like(v, -0.5), add(last, 0.5))
  }
  // A cubic convolution looks for each of its elements by itself; else it is the sample that is brought inside.
  const moved = padding === 'zeros' || mode === 'cubic' ? v : clip(inside(v), zero, last)
  return TAPS[mode](moved).map(({ place, weight }) => {
    const there = mode === 'cubic' ? inside(place) : place
    const index = cast(min(max(there, zero), last), 'int64')
    if (padding !== 'zeros') return { index, weight }
    const isThere = and(greaterOrEqual(place, zero), lessOrEqual(place, last))
    return { index, weight: where(isThere, weight ?? like(v, 1), 0) }
  })
}

/**
 * Returns what samples of images x [N, C, sizes...] at real places are summed up from: the elements around, weighted, each
 * [M, P, C]. `places` has one value [M, P] for each spatial axis, counted in elements; row m looks at image `owner[m]`
 * (int64 [M]; default image m).
 */
export function samples(x: Value, places: readonly Value[], options: SampleOptions, owner?: Value): readonly Value[] {
  const sizes = spatialOf(x)
  const pixels = reshape(x, sizeList([sizeAt(x, 0), sizeAt(x, 1), -1]))
  const rows = transpose(pixels, [0, 2, 1])
  const images = owner ?? upTo(sizeAt(places[0], 0))
  const from = unsqueeze(expand(unsqueeze(images, [1]), shape(places[0])), [-1])
  const taps = places.map((v, axis) => tapsOf(v, sizes[axis], options))
  const around = taps.reduce((all, own, axis) =>
    all.flatMap((other) =>
      own.map(({ index, weight }) => ({
        index: add(mul(other.index, asScalar(sizes[axis])), index),
        weight: other.weight && weight ? mul(other.weight, weight) : (other.weight ?? weight),
      })),
    ),
  )
  return around.map(({ index, weight }) => {
    const found = gatherND(rows, concat([from, unsqueeze(index, [-1])], { axis: -1 }))
    return weight ? mul(found, unsqueeze(weight, [-1])) : found
  })
}

/** Returns samples of images at real places, as `samples` tells: [M, C, P]. */
export function sampled(x: Value, places: readonly Value[], options: SampleOptions, owner?: Value): Value {
  const sum = samples(x, places, options, owner).reduce((a, b) => add(a, b))
  return transpose(sum, [0, 2, 1])
}
