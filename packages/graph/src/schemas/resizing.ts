import { constantOf, dimsOf } from '../known.ts'
import { axisIn, type Call, differ, int, ints, oneOf, refuse, text } from '../schema.ts'
import { type Dim, freshDim, type Value } from '../value.ts'

const COORDINATES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_crop_and_resize',
] as const

/** Returns an input unless it is left out, or empty as older files have it. */
export const present = (value: Value | null | undefined): Value | undefined =>
  value && value.shape[0] !== 0 ? value : undefined

/** Returns the axes that a Resize changes, in the order of its lists. */
export const resizedAxes = (call: Pick<Call, 'attributes' | 'inputs'>): readonly number[] => {
  const rank = call.inputs[0]!.shape.length
  return (
    ints(call, 'axes')?.map((axis) => (axis < 0 ? axis + rank : axis)) ?? call.inputs[0]!.shape.map((_, axis) => axis)
  )
}

/** Returns the numbers of a constant list of floats, or undefined. */
export const floatsOf = (value: Value | undefined): readonly number[] | undefined => {
  const tensor = constantOf(value)
  return tensor && (tensor.dtype === 'float32' || tensor.dtype === 'float64')
    ? Array.from(tensor.data as ArrayLike<number>)
    : undefined
}

/** Returns the size that a scale gives, in single precision as the runtime counts. */
export const scaledSize = (size: number, scale: number): number => Math.floor(Math.fround(size * scale))

/** Returns the shape that a Resize gives. */
export function resizeShape(call: Call): readonly Dim[] {
  const [{ shape }, roi] = call.inputs as readonly [Value, Value | undefined]
  const [scales, sizes] = [present(call.inputs[2]), present(call.inputs[3])]
  for (const axis of ints(call, 'axes') ?? []) axisIn(call, axis, shape.length)
  const axes = resizedAxes(call)
  if ((scales === undefined) === (sizes === undefined))
    throw refuse(call, 'INPUT_MISSING', 'it takes either scales or sizes', 'give one of them')
  for (const [name, list, count] of [
    ['scales', scales, axes.length],
    ['sizes', sizes, axes.length],
    ['roi', present(roi), 2 * axes.length],
  ] as const)
    if (list && (list.shape.length !== 1 || differ(list.shape[0], count)))
      throw refuse(call, 'SHAPE_MISMATCH', `${name} must list ${count} numbers`, 'or name fewer axes')
  checkResize(call)
  const policy = text(call, 'keep_aspect_ratio_policy', 'stretch')
  const [factors, asked] = [floatsOf(scales), dimsOf(sizes)]
  if (factors?.some((scale) => !(scale > 0)))
    throw refuse(call, 'OPTION_INVALID', `scales [${factors.join(', ')}] must be above 0`)
  const all = keptSizes(
    policy,
    axes.map((axis) => shape[axis]),
    asked,
  )
  return shape.map((dim, axis) => {
    const at = axes.indexOf(axis)
    if (at < 0) return dim
    if (sizes) return all?.[at] ?? freshDim()
    const scale = factors?.[at]
    if (scale === 1) return dim
    return scale !== undefined && typeof dim === 'number' ? scaledSize(dim, scale) : freshDim()
  })
}

/** Returns the sizes that a policy makes of those asked for. */
function keptSizes(
  policy: string,
  sizes: readonly Dim[],
  asked: readonly Dim[] | undefined,
): readonly Dim[] | undefined {
  if (policy === 'stretch' || asked === undefined) return asked
  if (![...sizes, ...asked].every((dim) => typeof dim === 'number')) return undefined
  const ratios = (asked as readonly number[]).map((size, i) => size / (sizes[i] as number))
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios)
  return (sizes as readonly number[]).map((size) => Math.floor(size * scale + 0.5))
}

function checkResize(call: Call): void {
  oneOf(call, 'mode', ['nearest', 'linear', 'cubic'])
  oneOf(call, 'coordinate_transformation_mode', COORDINATES)
  oneOf(call, 'nearest_mode', ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'])
  oneOf(call, 'keep_aspect_ratio_policy', ['stretch', 'not_larger', 'not_smaller'])
  const mode = text(call, 'mode', 'nearest')
  if (int(call, 'antialias', 0) === 1 && mode === 'nearest')
    throw refuse(call, 'OPTION_INVALID', 'antialias takes linear or cubic interpolation, not nearest')
  if (text(call, 'coordinate_transformation_mode', 'half_pixel') === 'tf_crop_and_resize' && !present(call.inputs[1]))
    throw refuse(call, 'INPUT_MISSING', 'tf_crop_and_resize takes a region: the roi is missing')
  if (present(call.inputs[2]) && text(call, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch')
    throw refuse(call, 'OPTION_INVALID', 'keep_aspect_ratio_policy goes with sizes, not with scales')
}
