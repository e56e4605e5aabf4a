import type { Use } from './compositions/composition.ts'
import { dimsOf } from './known.ts'
import type { Operand } from './leaf.ts'
import {
  abs,
  add,
  cast,
  ceil,
  div,
  equal,
  floor,
  greater,
  less,
  like,
  max,
  min,
  mul,
  or,
  sub,
  where,
} from './operators/elementwise.ts'
import { gather } from './operators/indexing.ts'
import { matMul } from './operators/linear.ts'
import { reduceSum } from './operators/reduction.ts'
import { reshape, transpose, unsqueeze } from './operators/structure.ts'
import { cubicWeight, sizeLike } from './sampling.ts'
import { float, int, text } from './schema.ts'
import { floatsOf, present, resizedAxes, scaledSize } from './schemas/resizing.ts'
import { dtypeOf, isValue, type Value } from './value.ts'
import { elementAt, type Size, sizeAt, sizeList, upTo } from './windows.ts'

/** How an axis is resized. */
interface Resizing {
  readonly axis: number
  readonly from: Size
  readonly to: Size
  /** Elements of the result an element of x. */
  readonly scale: Operand
  /** The part of the axis that is taken, from 0 to 1; with tf_crop_and_resize alone. */
  readonly region: readonly [Value, Value] | undefined
}

const scalarAt = (list: Value, i: number, x: Value): Value => cast(gather(list, i), dtypeOf(x)!)

/** Returns how each axis of a Resize changes; axes that stay as they are left out. */
function resizings(use: Use): readonly Resizing[] {
  const x = use.inputs[0]!
  const [roi, scales, sizes] = use.inputs.slice(1).map(present)
  const axes = resizedAxes(use)
  const crops = text(use, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize'
  const factors = floatsOf(scales)
  const ratio = (i: number): Operand => {
    const [from, to] = [sizeAt(x, axes[i]), elementAt(sizes!, i)]
    return isValue(from) || isValue(to) ? div(sizeLike(to, x), sizeLike(from, x)) : to / from
  }
  const policy = text(use, 'keep_aspect_ratio_policy', 'stretch')
  const ratios = sizes === undefined || policy === 'stretch' ? undefined : axes.map((_, i) => ratio(i))
  const common = ratios && kept(policy, ratios)
  const asked = policy === 'stretch' ? dimsOf(sizes) : undefined
  return axes.flatMap((axis, i) => {
    if (asked?.[i] === x.shape[axis] && !crops) return []
    const from = sizeAt(x, axis)
    const scale = common ?? (sizes ? ratio(i) : (factors?.[i] ?? scalarAt(scales!, i, x)))
    const to = common ? rounded(from, common, x) : sizes ? elementAt(sizes, i) : scaled(from, scale, x)
    if (scale === 1 && !crops) return []
    const region = crops ? ([scalarAt(roi!, i, x), scalarAt(roi!, i + axes.length, x)] as const) : undefined
    return [{ axis, from, to, scale, region }]
  })
}

function kept(policy: string, ratios: readonly Operand[]): Operand {
  if (ratios.every((ratio) => typeof ratio === 'number'))
    return policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios)
  return policy === 'not_larger' ? min(...ratios) : max(...ratios)
}

const asSize = (value: Value): Value => reshape(cast(value, 'int64'), [1])

const scaled = (from: Size, scale: Operand, x: Value): Size =>
  typeof scale === 'number' && !isValue(from) ? scaledSize(from, scale) : asSize(floor(mul(sizeLike(from, x), scale)))

const rounded = (from: Size, scale: Operand, x: Value): Size =>
  typeof scale === 'number' && !isValue(from)
    ? Math.floor(from * scale + 0.5)
    : asSize(floor(add(mul(sizeLike(from, x), scale), 0.5)))

const count = (size: Size, x: Value): Value => cast(upTo(size), dtypeOf(x)!)

/** Returns where on the axis of x each element of the result lies, in elements. */
function placesOn(use: Use, { from, to, scale, region }: Resizing): Value {
  const x = use.inputs[0]!
  const i = count(to, x)
  const [n, m] = [sizeLike(from, x), sizeLike(to, x)]
  const last = sub(n, 1)
  const steps = max(sub(m, 1), 1)
  const half = (): Value => sub(div(add(i, 0.5), scale), 0.5)
  switch (text(use, 'coordinate_transformation_mode', 'half_pixel')) {
    case 'asymmetric':
      return div(i, scale)
    case 'align_corners':
      return div(mul(i, last), steps)
    case 'pytorch_half_pixel':
      return where(greater(m, 1), half(), 0)
    case 'half_pixel_symmetric':
      return add(mul(div(n, 2), sub(1, div(m, mul(n, scale)))), half())
    case 'tf_crop_and_resize': {
      const [start, end] = region!
      const many = add(mul(start, last), div(mul(mul(i, sub(end, start)), last), steps))
      return where(greater(m, 1), many, mul(mul(0.5, add(start, end)), last))
    }
    default:
      return half()
  }
}

const NEAREST: Readonly<Record<string, (v: Value) => Value>> = {
  round_prefer_floor: (v) => ceil(sub(v, 0.5)),
  round_prefer_ceil: (v) => floor(add(v, 0.5)),
  floor,
  ceil,
}

/** How much the result's elements (rows) take from x's (columns) along an axis: [to, from]. */
function weightsOf(use: Use, resizing: Resizing, places: Value): Value {
  const x = use.inputs[0]!
  const { from, scale } = resizing
  const mode = text(use, 'mode', 'nearest')
  const last = sub(sizeLike(from, x), 1)
  const columns = count(from, x)
  const rows = unsqueeze(places, [1])
  if (mode === 'nearest') {
    const nearest = NEAREST[text(use, 'nearest_mode', 'round_prefer_floor')](rows)
    return cast(equal(min(max(nearest, 0), last), columns), dtypeOf(x)!)
  }
  const smooths = int(use, 'antialias', 0) === 1
  const linear = (d: Value): Value => max(sub(1, abs(d)), 0)
  const weigh = mode === 'linear' ? linear : (d: Value): Value => cubicWeight(d, float(use, 'cubic_coeff_a', -0.75))
  if (mode === 'linear' && !smooths) return weigh(sub(columns, min(max(rows, 0), last)))
  // Smaller results look further, so that nothing is skipped.
  const narrow: Operand = !smooths ? 1 : typeof scale === 'number' ? Math.min(scale, 1) : min(scale, 1)
  const outside = int(use, 'exclude_outside', 0) === 1
  const reach = mode === 'linear' ? 1 : 2
  const at = (places: Value): Value => weigh(mul(sub(places, rows), narrow))
  const inside = at(columns)
  if (outside) return normal(inside)
  // What lies outside counts for the element at the border.
  const beyond = typeof narrow === 'number' ? like(x, Math.ceil(reach / narrow) + 1) : add(ceil(div(reach, narrow)), 1)
  const far = add(count(asSize(beyond), x), 1)
  const total = (places: Value): Value => reduceSum(at(places), { axes: [1], keepDims: true })
  const [before, after] = [total(sub(0, far)), total(add(last, far))]
  const atBorder = (border: Operand, sum: Value): Value => where(equal(columns, border), sum, 0)
  const all = add(inside, add(atBorder(0, before), atBorder(last, after)))
  return smooths ? normal(all) : all
}

const normal = (weights: Value): Value => div(weights, reduceSum(weights, { axes: [1], keepDims: true }))

/** Returns x with a matrix [to, from] applied along an axis. */
function along(x: Value, matrix: Value, axis: number): Value {
  const rank = x.shape.length
  if (axis === rank - 1) return matMul(x, transpose(matrix))
  if (axis === rank - 2) return matMul(matrix, x)
  const sizes = x.shape.map((_, i) => sizeAt(x, i))
  const rows = reshape(x, sizeList([...sizes.slice(0, axis + 1), -1]))
  const y = matMul(matrix, rows)
  return reshape(y, sizeList([...sizes.slice(0, axis), sizeAt(y, axis), ...sizes.slice(axis + 1)]))
}

/** Returns x resized: one product with a matrix of weights an axis. */
export function interpolated(use: Use): Value {
  const x = use.inputs[0]!
  const last = (size: Size): Value => sub(sizeLike(size, x), 1)
  let [y, outside]: [Value, Value | undefined] = [x, undefined]
  for (const resizing of resizings(use)) {
    const places = placesOn(use, resizing)
    y = along(y, weightsOf(use, resizing, places), resizing.axis)
    if (resizing.region === undefined) continue
    const is = or(less(places, 0), greater(places, last(resizing.from)))
    const mask = reshape(
      is,
      Array.from({ length: x.shape.length - resizing.axis }, (_, i) => (i === 0 ? -1 : 1)),
    )
    outside = outside === undefined ? mask : or(outside, mask)
  }
  return outside === undefined ? y : where(outside, float(use, 'extrapolation_value', 0), y)
}
