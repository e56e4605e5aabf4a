import { agree, axisIn, type Call, differ, dtypeIn, int, ints, refuse, type Schema, same } from '../schema.ts'
import { type AttributeKind, type Dim, tensorType, type Value } from '../value.ts'

function channelsOf(call: Call, least: number): Dim {
  const { shape } = call.inputs[0]!
  if (shape.length < least)
    throw refuse(call, 'SHAPE_MISMATCH', `it takes an input of at least ${least} axes: [batch, channels, ...]`)
  return shape[1]
}

/** Checks that inputs are vectors of one number a channel. */
function byChannel(call: Call, channels: Dim, names: readonly string[]): void {
  for (const [i, name] of names.entries()) {
    const value = call.inputs[i + 1]
    if (value && (value.shape.length !== 1 || differ(value.shape[0], channels)))
      throw refuse(call, 'SHAPE_MISMATCH', `${name} must have the shape [${channels}]: one number a channel`)
  }
}

/** Checks that scale and bias broadcast to x without making it larger. */
function broadcasts(call: Call): void {
  const x = call.inputs[0]!.shape
  for (const value of call.inputs.slice(1)) {
    const offset = value ? x.length - value.shape.length : 0
    if (value && (offset < 0 || value.shape.some((dim, i) => dim !== 1 && differ(dim, x[i + offset]))))
      throw refuse(call, 'SHAPE_MISMATCH', `[${value.shape.join(', ')}] does not broadcast to the input`)
  }
}

function batchNormShapes(call: Call): readonly (readonly Dim[])[] {
  const channels = channelsOf(call, 2)
  byChannel(call, channels, ['scale', 'bias', 'mean', 'variance'])
  const training = int(call, 'training_mode', 0) === 1
  if (call.outputs > 1 && !training)
    throw refuse(call, 'OPTION_INVALID', 'running statistics come out in training mode only', 'set training_mode to 1')
  const [{ shape }, , , mean] = call.inputs as readonly Value[]
  return [shape, mean.shape, mean.shape]
}

function layerNormShapes(call: Call): readonly (readonly Dim[])[] {
  const { shape } = call.inputs[0]!
  if (shape.length === 0) throw refuse(call, 'SHAPE_MISMATCH', 'a scalar has nothing to normalise over')
  const axis = axisIn(call, int(call, 'axis', -1), shape.length)
  broadcasts(call)
  const kept = shape.map((dim, i) => (i < axis ? dim : 1))
  return [shape, kept, kept]
}

const perLayer = (since: number, inputs: Schema['inputs']): Schema => ({
  since,
  inputs,
  attributes: { axis: 'int', epsilon: 'float', stash_type: 'int' },
  types: (call) => {
    const dtype = agree(call, 'float', 0, call.inputs.length)
    // Mean and deviation come in single precision, whatever x is.
    const kept = tensorType('float32')
    return [tensorType(dtype), kept, kept]
  },
  shapes: layerNormShapes,
})

const along = (since: number, attributes: Record<string, AttributeKind>): Schema => ({
  since,
  inputs: [1, 1],
  attributes,
  types: same('float'),
  shapes: (call) => [call.inputs[0]!.shape],
})

/** Operators that shift and scale to mean 0 and deviation 1, over different axes. */
export const normalization = {
  BatchNormalization: {
    since: 15,
    inputs: [5, 5],
    attributes: { epsilon: 'float', momentum: 'float', training_mode: 'int' },
    types: (call) => {
      const dtype = agree(call, 'float', 0, 3)
      const kept = tensorType(agree(call, 'float', 3, 5))
      return [tensorType(dtype), kept, kept]
    },
    shapes: batchNormShapes,
  },
  LayerNormalization: perLayer(17, [2, 3]),
  RMSNormalization: { ...perLayer(23, [2, 2]), types: same('float') },
  GroupNormalization: {
    since: 21,
    inputs: [3, 3],
    attributes: { epsilon: 'float', num_groups: 'int', stash_type: 'int' },
    types: same('float'),
    shapes: (call) => {
      const channels = channelsOf(call, 3)
      byChannel(call, channels, ['scale', 'bias'])
      const groups = int(call, 'num_groups', 0)
      if (groups < 1) throw refuse(call, 'ATTRIBUTE_MISSING', 'num_groups must be a whole number >= 1')
      if (typeof channels === 'number' && channels % groups !== 0)
        throw refuse(call, 'SHAPE_MISMATCH', `${groups} groups do not divide ${channels} channels`)
      return [call.inputs[0]!.shape]
    },
  },
  InstanceNormalization: {
    since: 6,
    inputs: [3, 3],
    attributes: { epsilon: 'float' },
    types: same('float'),
    shapes: (call) => {
      byChannel(call, channelsOf(call, 3), ['scale', 'bias'])
      return [call.inputs[0]!.shape]
    },
  },
  LRN: {
    since: 13,
    inputs: [1, 1],
    attributes: { alpha: 'float', beta: 'float', bias: 'float', size: 'int' },
    types: same('float'),
    shapes: (call) => {
      channelsOf(call, 3)
      const size = int(call, 'size', 0)
      if (!Number.isInteger(size) || size < 1)
        throw refuse(call, 'OPTION_INVALID', `size is the number of channels summed, at least 1, not ${size}`)
      return [call.inputs[0]!.shape]
    },
  },
  LpNormalization: {
    ...along(1, { axis: 'int', p: 'int' }),
    shapes: (call) => {
      const { shape } = call.inputs[0]!
      axisIn(call, int(call, 'axis', -1), shape.length)
      const p = int(call, 'p', 2)
      if (p !== 1 && p !== 2) throw refuse(call, 'OPTION_INVALID', `p is 1 or 2, not ${p}`)
      return [shape]
    },
  },
  MeanVarianceNormalization: {
    ...along(13, { axes: 'ints' }),
    types: (call) => [tensorType(dtypeIn(call, 0, 'float'))],
    shapes: (call) => {
      const { shape } = call.inputs[0]!
      for (const axis of ints(call, 'axes') ?? [0, 2, 3]) axisIn(call, axis, shape.length)
      return [shape]
    },
  },
} as const satisfies Record<string, Schema>
