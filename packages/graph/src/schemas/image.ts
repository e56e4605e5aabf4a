import { dimsOf } from '../known.ts'
import { axisIn, type Call, differ, dtypeIn, int, ints, oneOf, refuse, type Schema, same, text } from '../schema.ts'
import { type Dim, freshDim, tensorType, type Value } from '../value.ts'
import { resizeShape } from './resizing.ts'

function gridSampleShape(call: Call): readonly Dim[] {
  const [{ shape: x }, { shape: grid }] = call.inputs as readonly [Value, Value]
  const rank = x.length - 2
  if (rank < 1) throw refuse(call, 'SHAPE_MISMATCH', 'it takes images of at least 3 axes: [batch, channels, sizes...]')
  if (grid.length !== x.length || differ(grid[rank + 1], rank))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `the grid must have the shape [${x[0]}, sizes of the result..., ${rank}]`,
      'the last axis holds a place: x, y and so on, from -1 to 1',
    )
  if (differ(x[0], grid[0])) throw refuse(call, 'SHAPE_MISMATCH', `there are ${x[0]} images, but ${grid[0]} grids`)
  oneOf(call, 'mode', ['linear', 'nearest', 'cubic'])
  oneOf(call, 'padding_mode', ['zeros', 'border', 'reflection'])
  if (text(call, 'mode', 'linear') === 'cubic' && rank !== 2)
    throw refuse(call, 'SHAPE_MISMATCH', 'cubic samples are taken from images of 2 spatial axes')
  return [x[0], x[1], ...grid.slice(1, -1)]
}

function affineGridShape(call: Call): readonly Dim[] {
  const [{ shape: theta }, size] = call.inputs as readonly [Value, Value]
  const sizes = dimsOf(size)
  const count = sizes?.length ?? size.shape[0]
  if (typeof count !== 'number' || (count !== 4 && count !== 5))
    throw refuse(call, 'SHAPE_MISMATCH', 'the size lists 4 or 5 numbers: [N, C, H, W] or [N, C, D, H, W]')
  const rank = count - 2
  if (theta.length !== 3 || [rank, rank + 1].some((dim, i) => differ(theta[i + 1], dim)))
    throw refuse(call, 'SHAPE_MISMATCH', `theta must have the shape [N, ${rank}, ${rank + 1}]`)
  return [theta[0], ...(sizes?.slice(2) ?? Array.from({ length: rank }, freshDim)), rank]
}

function blockShape(call: Call, change: (dim: Dim, axis: number, block: number) => Dim): readonly Dim[] {
  const { shape } = call.inputs[0]!
  const block = int(call, 'blocksize', 0)
  if (!Number.isInteger(block) || block < 1)
    throw refuse(call, 'ATTRIBUTE_MISSING', 'blocksize must be a whole number >= 1')
  if (shape.length !== 4)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes an input of 4 axes: [batch, channels, height, width]')
  return shape.map((dim, axis) => (axis === 0 ? dim : block === 1 ? dim : change(dim, axis, block)))
}

function divided(call: Call, dim: Dim, by: number, what: string): Dim {
  if (typeof dim !== 'number') return freshDim()
  if (dim % by !== 0) throw refuse(call, 'SHAPE_MISMATCH', `blocks of ${by} do not divide ${dim} ${what}`)
  return dim / by
}

const multiplied = (dim: Dim, by: number): Dim => (typeof dim === 'number' ? dim * by : freshDim())

function cropShape(call: Call): readonly Dim[] {
  const [{ shape }, target] = call.inputs as readonly [Value, Value]
  const axes = ints(call, 'axes')?.map((axis) => axisIn(call, axis, shape.length)) ?? shape.map((_, axis) => axis)
  const count = target.shape[0]
  if (differ(count, axes.length))
    throw refuse(call, 'SHAPE_MISMATCH', `the shape lists ${count} sizes for ${axes.length} axes`)
  const asked = dimsOf(target)
  return shape.map((dim, axis) => (axes.includes(axis) ? (asked?.[axes.indexOf(axis)] ?? freshDim()) : dim))
}

/** Operators that resize, sample and rearrange images. */
export const image = {
  Resize: {
    since: 19,
    inputs: [1, 4],
    attributes: {
      mode: 'string',
      coordinate_transformation_mode: 'string',
      nearest_mode: 'string',
      cubic_coeff_a: 'float',
      exclude_outside: 'int',
      extrapolation_value: 'float',
      antialias: 'int',
      axes: 'ints',
      keep_aspect_ratio_policy: 'string',
    },
    types: (call) => {
      if (call.inputs[1]) dtypeIn(call, 1, 'float')
      if (call.inputs[2]) dtypeIn(call, 2, 'float')
      if (call.inputs[3]) dtypeIn(call, 3, 'int64')
      return [tensorType(dtypeIn(call, 0, 'number'))]
    },
    shapes: (call) => [resizeShape(call)],
  },
  GridSample: {
    since: 20,
    inputs: [2, 2],
    attributes: { mode: 'string', padding_mode: 'string', align_corners: 'int' },
    types: same('float', 2),
    shapes: (call) => [gridSampleShape(call)],
  },
  AffineGrid: {
    since: 20,
    inputs: [2, 2],
    attributes: { align_corners: 'int' },
    types: (call) => {
      dtypeIn(call, 1, 'int64')
      return [tensorType(dtypeIn(call, 0, 'float'))]
    },
    shapes: (call) => [affineGridShape(call)],
  },
  DepthToSpace: {
    since: 13,
    inputs: [1, 1],
    attributes: { blocksize: 'int', mode: 'string' },
    types: same('any'),
    shapes: (call) => {
      oneOf(call, 'mode', ['DCR', 'CRD'])
      return [
        blockShape(call, (dim, axis, block) =>
          axis === 1 ? divided(call, dim, block * block, 'channels') : multiplied(dim, block),
        ),
      ]
    },
  },
  SpaceToDepth: {
    since: 13,
    inputs: [1, 1],
    attributes: { blocksize: 'int' },
    types: same('any'),
    shapes: (call) => [
      blockShape(call, (dim, axis, block) =>
        axis === 1 ? multiplied(dim, block * block) : divided(call, dim, block, axis === 2 ? 'rows' : 'columns'),
      ),
    ],
  },
  CenterCropPad: {
    since: 18,
    inputs: [2, 2],
    attributes: { axes: 'ints' },
    types: (call) => {
      dtypeIn(call, 1, 'index')
      return [tensorType(dtypeIn(call, 0, 'any'))]
    },
    shapes: (call) => [cropShape(call)],
  },
} as const satisfies Record<string, Schema>
