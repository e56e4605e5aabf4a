import { intsOf } from '../known.ts'
import { type Call, differ, dtypeIn, float, int, ints, oneOf, refuse, type Schema, same } from '../schema.ts'
import { type AttributeKind, type Dim, freshDim, tensorType, type Value } from '../value.ts'
import { checkPlaces, checkWindow, placesOf, WINDOW_ATTRIBUTES, windowOf } from '../window.ts'

/** Returns the kernel_shape of a pooling, which must be there, of one number a spatial axis. */
function kernelOf(call: Call): readonly number[] {
  const { shape } = call.inputs[0]!
  if (shape.length < 3)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes an input of at least 3 axes: [batch, channels, spatial axes...]')
  const kernel = ints(call, 'kernel_shape')
  if (kernel === undefined) throw refuse(call, 'ATTRIBUTE_MISSING', 'kernel_shape is missing')
  checkWindow(call, shape.length - 2)
  return kernel
}

function poolShape(call: Call): readonly Dim[] {
  const kernel = kernelOf(call)
  const { shape } = call.inputs[0]!
  const sizes = shape.slice(2)
  const window = windowOf(call, kernel, sizes)
  for (const [axis, size] of kernel.entries()) {
    const pads = window.pads
    if (pads && Math.max(pads[axis], pads[axis + kernel.length]) >= (size - 1) * window.dilations[axis] + 1)
      throw refuse(
        call,
        'OPTION_INVALID',
        `pads [${pads.join(', ')}] must be smaller than the window of ${kernel.join(' x ')}`,
        'a window that sees nothing but padding has no value',
      )
  }
  const places = placesOf(window, sizes)
  checkPlaces(call, places, sizes, window)
  return [shape[0], shape[1], ...places]
}

function powerIn(call: Call): void {
  const p = int(call, 'p', 2)
  if (!Number.isInteger(p) || p < 1) throw refuse(call, 'OPTION_INVALID', `p must be a whole number >= 1, not ${p}`)
}

const global = (since: number, attributes: Record<string, AttributeKind> = {}): Schema => ({
  since,
  inputs: [1, 1],
  attributes,
  types: same('float'),
  shapes: (call) => {
    const { shape } = call.inputs[0]!
    if (shape.length < 3)
      throw refuse(call, 'SHAPE_MISMATCH', 'it takes an input of at least 3 axes: [batch, channels, spatial axes...]')
    powerIn(call)
    return [shape.map((dim, axis) => (axis < 2 ? dim : 1))]
  },
})

function unpoolShape(call: Call): readonly Dim[] {
  const [x, indices, size] = call.inputs as readonly [Value, Value, Value | undefined]
  const kernel = kernelOf(call)
  if (indices.shape.length !== x.shape.length)
    throw refuse(call, 'SHAPE_MISMATCH', 'the indices must have the shape of the input')
  if (size) {
    const known = intsOf(size)
    if (known && known.length !== x.shape.length)
      throw refuse(call, 'SHAPE_MISMATCH', `the output shape lists ${known.length} sizes, not ${x.shape.length}`)
    return known ?? [x.shape[0], x.shape[1], ...kernel.map(freshDim)]
  }
  const { strides, pads } = windowOf(call, kernel, x.shape.slice(2))
  return x.shape.map((dim, i) => {
    if (i < 2) return dim
    const axis = i - 2
    if (typeof dim !== 'number') return freshDim()
    return (dim - 1) * strides[axis] + kernel[axis] - pads![axis] - pads![axis + kernel.length]
  })
}

function roiShape(call: Call, height: number, width: number): readonly Dim[] {
  const [{ shape: x }, { shape: rois }] = call.inputs as readonly [Value, Value]
  if (x.length !== 4)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes an input of 4 axes: [batch, channels, height, width]')
  if (height < 1 || width < 1) throw refuse(call, 'OPTION_INVALID', `a region cannot be pooled to ${height} x ${width}`)
  return [rois[0], x[1], height, width]
}

function roiAlignShape(call: Call): readonly Dim[] {
  const [, { shape: rois }, { shape: indices }] = call.inputs as readonly [Value, Value, Value]
  if (rois.length !== 2 || differ(rois[1], 4))
    throw refuse(call, 'SHAPE_MISMATCH', 'regions must have the shape [count, 4]: x1, y1, x2, y2')
  if (indices.length !== 1 || differ(rois[0], indices[0]))
    throw refuse(call, 'SHAPE_MISMATCH', 'each region needs the index of its image: a list of one number a region')
  oneOf(call, 'mode', ['avg', 'max'])
  oneOf(call, 'coordinate_transformation_mode', ['half_pixel', 'output_half_pixel'])
  if (!(float(call, 'spatial_scale', 1) > 0)) throw refuse(call, 'OPTION_INVALID', 'spatial_scale must be above 0')
  return roiShape(call, int(call, 'output_height', 1), int(call, 'output_width', 1))
}

const POOL = { ...WINDOW_ATTRIBUTES, ceil_mode: 'int' } as const

/** Operators that take one number from each window, or from each region. */
export const pooling = {
  MaxPool: {
    since: 12,
    inputs: [1, 1],
    attributes: { ...POOL, storage_order: 'int' },
    types: (call) => [tensorType(dtypeIn(call, 0, 'number')), tensorType('int64')],
    shapes: (call) => [poolShape(call)],
  },
  AveragePool: {
    since: 19,
    inputs: [1, 1],
    attributes: { ...POOL, count_include_pad: 'int' },
    types: same('float'),
    shapes: (call) => [poolShape(call)],
  },
  LpPool: {
    since: 18,
    inputs: [1, 1],
    attributes: { ...POOL, p: 'int' },
    types: same('float'),
    shapes: (call) => {
      powerIn(call)
      return [poolShape(call)]
    },
  },
  GlobalAveragePool: global(1),
  GlobalMaxPool: global(1),
  GlobalLpPool: global(2, { p: 'int' }),
  MaxUnpool: {
    since: 11,
    inputs: [2, 3],
    attributes: { kernel_shape: 'ints', strides: 'ints', pads: 'ints' },
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      if (call.inputs[2]) dtypeIn(call, 2, 'int64')
      return same('float', 1)(call)
    },
    shapes: (call) => [unpoolShape(call)],
  },
  RoiAlign: {
    since: 16,
    inputs: [3, 3],
    attributes: {
      mode: 'string',
      coordinate_transformation_mode: 'string',
      output_height: 'int',
      output_width: 'int',
      sampling_ratio: 'int',
      spatial_scale: 'float',
    },
    types: (call) => {
      dtypeIn(call, 2, 'int64')
      return same('float', 2)(call)
    },
    shapes: (call) => [roiAlignShape(call)],
  },
  MaxRoiPool: {
    since: 1,
    inputs: [2, 2],
    attributes: { pooled_shape: 'ints', spatial_scale: 'float' },
    types: same('float'),
    shapes: (call) => {
      const pooled = ints(call, 'pooled_shape')
      if (pooled?.length !== 2) throw refuse(call, 'ATTRIBUTE_MISSING', 'pooled_shape must list a height and a width')
      const { shape: rois } = call.inputs[1]!
      if (rois.length !== 2 || differ(rois[1], 5))
        throw refuse(call, 'SHAPE_MISMATCH', 'regions must have the shape [count, 5]: image, x1, y1, x2, y2')
      return [roiShape(call, pooled[0], pooled[1])]
    },
  },
} as const satisfies Record<string, Schema>
