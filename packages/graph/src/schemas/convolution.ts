import { intsOf } from '../known.ts'
import { type Call, differ, dtypeIn, int, ints, refuse, type Schema, same } from '../schema.ts'
import { type Dim, freshDim, tensorType, type Value } from '../value.ts'
import { checkPlaces, checkWindow, placesOf, transposedWindowOf, WINDOW_ATTRIBUTES, windowOf } from '../window.ts'

const times = (dim: Dim, factor: number): Dim =>
  typeof dim === 'number' ? dim * factor : factor === 1 ? dim : freshDim()

/** Checks x [N, C, ...] and a kernel [a, b, ...] of one rank, and a kernel_shape that says the same; returns the kernel's sizes. */
function checkKernel(call: Call): readonly Dim[] {
  const [{ shape: x }, { shape: w }] = call.inputs as readonly [Value, Value]
  if (x.length < 3)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes an input of at least 3 axes: [batch, channels, spatial axes...]')
  if (w.length !== x.length)
    throw refuse(call, 'SHAPE_MISMATCH', `the kernel has ${w.length} axes, but the input has ${x.length}`)
  checkWindow(call, x.length - 2)
  const kernel = w.slice(2)
  const listed = ints(call, 'kernel_shape')
  if (listed?.some((size, axis) => differ(size, kernel[axis])))
    throw refuse(call, 'SHAPE_MISMATCH', `kernel_shape [${listed.join(', ')}] is not that of the kernel`)
  return listed ?? kernel
}

/** Returns the number of groups of channels, which must divide these sizes. */
function groupsIn(call: Call, name: string, ...sizes: readonly Dim[]): number {
  const groups = int(call, name, 1)
  if (!Number.isInteger(groups) || groups < 1)
    throw refuse(call, 'OPTION_INVALID', `${name} must be a whole number >= 1, not ${groups}`)
  for (const size of sizes)
    if (typeof size === 'number' && size % groups !== 0)
      throw refuse(call, 'SHAPE_MISMATCH', `${groups} groups do not divide ${size} channels`)
  return groups
}

function checkBias(call: Call, bias: Value | null | undefined, channels: Dim): void {
  if (bias && (bias.shape.length !== 1 || differ(bias.shape[0], channels)))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `the bias must have the shape [${channels}]: one number a channel of the result`,
    )
}

/** Returns the shape that a convolution of input 0 with the kernel of input 1 has. */
export function convShape(call: Call): readonly Dim[] {
  const [{ shape: x }, { shape: w }, bias] = call.inputs as readonly [Value, Value, Value | undefined]
  const kernel = checkKernel(call)
  const groups = groupsIn(call, 'group', x[1], w[0])
  if (differ(x[1], times(w[1], groups)))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `the input has ${x[1]} channels, but the kernel takes ${times(w[1], groups)}${groups > 1 ? ` (${groups} groups of ${w[1]})` : ''}`,
      'a kernel has the shape [channels out, channels in / group, ...]',
    )
  checkBias(call, bias, w[0])
  const sizes = x.slice(2)
  const window = windowOf(call, kernel, sizes)
  const places = placesOf(window, sizes)
  checkPlaces(call, places, sizes, window)
  return [x[0], w[0], ...places]
}

function convTransposeShape(call: Call): readonly Dim[] {
  const [{ shape: x }, { shape: w }, bias] = call.inputs as readonly [Value, Value, Value | undefined]
  const kernel = checkKernel(call)
  const groups = groupsIn(call, 'group', x[1], w[0])
  if (differ(x[1], w[0]))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `the input has ${x[1]} channels, but the kernel takes ${w[0]}`,
      'a kernel has the shape [channels in, channels out / group, ...]',
    )
  const channels = times(w[1], groups)
  checkBias(call, bias, channels)
  const rank = x.length - 2
  const extra = ints(call, 'output_padding')
  if (extra && (extra.length !== rank || extra.some((size, axis) => size < 0 || size >= limitOf(call, axis))))
    throw refuse(
      call,
      'OPTION_INVALID',
      `output_padding [${extra.join(', ')}] must be ${rank} numbers >= 0, each below the stride or the dilation of its axis`,
    )
  const asked = ints(call, 'output_shape')
  if (asked && asked.length !== rank && asked.length !== rank + 2)
    throw refuse(call, 'SHAPE_MISMATCH', `output_shape [${asked.join(', ')}] must list ${rank} spatial sizes`)
  return [x[0], channels, ...transposedWindowOf(call, kernel, x.slice(2)).shape]
}

const limitOf = (call: Call, axis: number): number =>
  Math.max(ints(call, 'strides')?.[axis] ?? 1, ints(call, 'dilations')?.[axis] ?? 1)

function col2ImShape(call: Call): readonly Dim[] {
  const [{ shape: x }, image, block] = call.inputs as readonly [Value, Value, Value]
  if (x.length !== 3)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes columns of 3 axes: [batch, channels * block, places]')
  const rank = image.shape[0] ?? block.shape[0]
  if (typeof rank !== 'number') throw refuse(call, 'RANK_UNKNOWN', 'the number of spatial axes is known in a run only')
  if (differ(image.shape[0], block.shape[0]))
    throw refuse(call, 'SHAPE_MISMATCH', `an image of ${image.shape[0]} axes has no block of ${block.shape[0]}`)
  checkWindow(call, rank)
  const [sizes, kernel] = [intsOf(image), intsOf(block)]
  const length = kernel?.reduce((product, size) => product * size, 1)
  if (length !== undefined && typeof x[1] === 'number' && x[1] % length !== 0)
    throw refuse(call, 'SHAPE_MISMATCH', `${x[1]} rows are not a whole number of blocks of ${length}`)
  if (sizes && kernel && typeof x[2] === 'number') {
    const places = (placesOf(windowOf(call, kernel, sizes), sizes) as number[]).reduce((a, b) => a * b, 1)
    if (places !== x[2])
      throw refuse(call, 'SHAPE_MISMATCH', `the block has ${places} places in the image, but there are ${x[2]} columns`)
  }
  const channels = length !== undefined && typeof x[1] === 'number' ? x[1] / length : length === 1 ? x[1] : freshDim()
  return [x[0], channels, ...(sizes ?? Array.from({ length: rank }, freshDim))]
}

function deformShape(call: Call): readonly Dim[] {
  const [{ shape: x }, { shape: w }, { shape: offset }, bias, mask] = call.inputs as readonly [
    Value,
    Value,
    Value,
    Value | null | undefined,
    Value | null | undefined,
  ]
  if (x.length !== 4)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes an input of 4 axes: [batch, channels, height, width]')
  const kernel = checkKernel(call)
  const groups = groupsIn(call, 'group', x[1], w[0])
  const parts = groupsIn(call, 'offset_group', x[1])
  if (differ(x[1], times(w[1], groups)))
    throw refuse(call, 'SHAPE_MISMATCH', `the input has ${x[1]} channels, but the kernel takes ${times(w[1], groups)}`)
  checkBias(call, bias, w[0])
  const sizes = x.slice(2)
  const window = windowOf(call, kernel, sizes)
  const places = placesOf(window, sizes)
  checkPlaces(call, places, sizes, window)
  const length =
    typeof kernel[0] === 'number' && typeof kernel[1] === 'number' ? kernel[0] * kernel[1] * parts : undefined
  for (const [name, shape, factor] of [['offset', offset, 2] as const, ['mask', mask?.shape, 1] as const]) {
    if (shape === undefined) continue
    const expected = [x[0], length === undefined ? freshDim() : length * factor, ...places]
    if (shape.length !== 4 || shape.some((dim, axis) => differ(dim, expected[axis])))
      throw refuse(call, 'SHAPE_MISMATCH', `the ${name} must have the shape [${expected.join(', ')}]`)
  }
  return [x[0], w[0], ...places]
}

/** Operators in which a kernel slides over an image, and their transposes. */
export const convolution = {
  Conv: {
    since: 11,
    inputs: [2, 3],
    attributes: { ...WINDOW_ATTRIBUTES, group: 'int' },
    types: same('float'),
    shapes: (call) => [convShape(call)],
  },
  ConvTranspose: {
    since: 11,
    inputs: [2, 3],
    attributes: { ...WINDOW_ATTRIBUTES, group: 'int', output_padding: 'ints', output_shape: 'ints' },
    types: same('float'),
    shapes: (call) => [convTransposeShape(call)],
  },
  DeformConv: {
    since: 19,
    inputs: [3, 5],
    attributes: {
      kernel_shape: 'ints',
      strides: 'ints',
      dilations: 'ints',
      pads: 'ints',
      group: 'int',
      offset_group: 'int',
    },
    types: same('float'),
    shapes: (call) => [deformShape(call)],
  },
  Col2Im: {
    since: 18,
    inputs: [3, 3],
    attributes: { strides: 'ints', dilations: 'ints', pads: 'ints' },
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      dtypeIn(call, 2, 'int64')
      return [tensorType(dtypeIn(call, 0, 'any'))]
    },
    shapes: (call) => [col2ImShape(call)],
  },
} as const satisfies Record<string, Schema>
