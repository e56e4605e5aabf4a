import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from '../index.ts'
import { type Case, testDerivatives } from '../testDerivatives.ts'

const single = { dtype: 'float32', epsilon: 1e-2, tolerance: 3e-2 } as const

/** The operator itself, which runs in single precision, and what stands for it in double precision. */
const both = (cases: Readonly<Record<string, Case>>): Readonly<Record<string, Case>> =>
  Object.fromEntries(
    Object.entries(cases).flatMap(([name, entry]) => [
      [name, { ...entry, ...single }],
      [`${name}, in double precision`, entry],
    ]),
  )

testDerivatives({
  maxPool: { shapes: [[2, 2, 4, 5]], make: (x) => g.maxPool(g.mul(x, x), 2, { strides: 2 }) },
  'maxPool, windows that overlap': {
    shapes: [[2, 2, 4, 4]],
    make: (x) => g.maxPool(g.mul(x, x), [3, 2], { strides: [1, 2], pads: [1, 0, 1, 1] }),
  },
  'maxPool with ceil': {
    shapes: [[1, 2, 5, 6]],
    make: (x) => g.maxPool(g.mul(x, x), 2, { strides: 3, ceil: true }),
  },
  'maxPool with ceil, whose last window reaches beyond the border': {
    shapes: [[1, 2, 5]],
    make: (x) => g.maxPool(g.mul(x, x), 2, { strides: 2, ceil: true }),
  },
  'maxPool with pads, windows apart': {
    shapes: [[1, 2, 8]],
    make: (x) => g.maxPool(g.mul(x, x), 2, { strides: 2, pads: 1 }),
  },
  'maxPool with dilations': {
    shapes: [[1, 2, 7]],
    make: (x) => g.maxPool(g.mul(x, x), 3, { dilations: 2, strides: 2 }),
  },
  'maxPool SAME_UPPER': {
    shapes: [[1, 2, 5, 4]],
    make: (x) => g.maxPool(g.mul(x, x), 2, { autoPad: 'SAME_UPPER', strides: 2 }),
  },
  'maxPool of 3 axes': { shapes: [[1, 2, 3, 2, 4]], make: (x) => g.maxPool(g.mul(x, x), 2) },
  'maxPool there and back': {
    shapes: [[2, 1, 4, 4]],
    make: (x) => {
      const { values, indices } = g.maxPoolWithIndices(g.mul(x, x), 2, { strides: 2 })
      return g.maxUnpool(values, indices, 2, { strides: 2 })
    },
  },
  ...both({
    averagePool: { shapes: [[2, 2, 4, 5]], make: (x) => g.averagePool(g.mul(x, x), 2, { strides: 2 }) },
    'averagePool, windows that overlap the padding': {
      shapes: [[2, 2, 4, 4]],
      make: (x) => g.averagePool(g.mul(x, x), [3, 2], { strides: [1, 2], pads: [1, 0, 1, 1] }),
    },
    'averagePool counting the padding': {
      shapes: [[2, 2, 4, 4]],
      make: (x) => g.averagePool(g.mul(x, x), [3, 2], { strides: [1, 2], pads: [1, 0, 1, 1], countIncludePad: true }),
    },
    'averagePool with ceil': {
      shapes: [[1, 2, 5, 6]],
      make: (x) => g.averagePool(g.mul(x, x), 2, { strides: 3, ceil: true }),
    },
    'averagePool with ceil, counting the padding': {
      shapes: [[1, 2, 6]],
      make: (x) => g.averagePool(g.mul(x, x), 3, { strides: 2, pads: 1, ceil: true, countIncludePad: true }),
    },
    'averagePool with dilations': {
      shapes: [[1, 2, 7]],
      make: (x) => g.averagePool(g.mul(x, x), 3, { dilations: 2, strides: 2, pads: 1 }),
    },
    'averagePool SAME_LOWER': {
      shapes: [[1, 2, 5, 4]],
      make: (x) => g.averagePool(g.mul(x, x), 2, { autoPad: 'SAME_LOWER', strides: 2 }),
    },
    'lpPool 2': { shapes: [[2, 2, 4, 5]], make: (x) => g.lpPool(x, 2, { strides: 2, pads: 1 }) },
    'lpPool 1': { shapes: [[2, 2, 5]], make: (x) => g.lpPool(x, 3, { p: 1, strides: 2 }) },
    'lpPool 3': { shapes: [[1, 1, 5, 3]], make: (x) => g.lpPool(x, [3, 2], { p: 3 }) },
    globalAveragePool: { shapes: [[2, 2, 3, 2]], make: (x) => g.globalAveragePool(g.mul(x, x)) },
    globalMaxPool: { shapes: [[2, 2, 3, 2]], make: (x) => g.globalMaxPool(g.mul(x, x)) },
    globalLpPool: { shapes: [[2, 2, 3, 2]], make: (x) => g.globalLpPool(x, { p: 3 }) },
  }),
})

const f32 = (...shape: g.Dim[]) => g.input('x', 'float32', shape)

describe('what cannot be is refused by name', () => {
  const x = f32('n', 4, 6, 6)
  const rois = f32(5, 4)
  const owners = g.input('i', 'int64', [5])
  const refused: Readonly<Record<string, readonly [make: () => unknown, code: string, message: string]>> = {
    'too few axes': [() => g.maxPool(f32(4, 6), 2), 'SHAPE_MISMATCH', 'at least 3 axes'],
    'one number for axes that are not known': [() => g.maxPool(f32(4), 2), 'RANK_UNKNOWN', 'kernel_shape'],
    'a window of another rank': [
      () => g.maxPool(x, [2, 2, 2]),
      'SHAPE_MISMATCH',
      'kernel_shape [2, 2, 2] has 3 numbers',
    ],
    'a window that does not fit': [
      () => g.averagePool(x, 7),
      'SHAPE_MISMATCH',
      'a window of 7 x 7 does not fit into 6 x 6',
    ],
    'windows of nothing but padding': [() => g.maxPool(x, 2, { pads: 2 }), 'OPTION_INVALID', 'smaller than the window'],
    'a norm of order 0': [() => g.lpPool(x, 2, { p: 0 }), 'OPTION_INVALID', 'p must be a whole number >= 1'],
    'a global norm of order 1.5': [() => g.globalLpPool(x, { p: 1.5 }), 'OPTION_INVALID', 'p must be a whole number'],
    'a global pooling of rows': [() => g.globalAveragePool(f32(4, 6)), 'SHAPE_MISMATCH', 'at least 3 axes'],
    'indices of another rank': [() => g.maxUnpool(x, owners, 2), 'SHAPE_MISMATCH', 'the indices must have the shape'],
    'an output shape of another rank': [
      () => g.maxUnpool(x, g.input('i', 'int64', ['n', 4, 6, 6]), 2, { outputShape: [12, 12] }),
      'SHAPE_MISMATCH',
      'lists 2 sizes, not 4',
    ],
    'regions of three numbers': [() => g.roiAlign(x, f32(5, 3), owners), 'SHAPE_MISMATCH', 'x1, y1, x2, y2'],
    'regions without an image': [
      () => g.roiAlign(x, f32(4, 4), owners),
      'SHAPE_MISMATCH',
      'each region needs the index of its image',
    ],
    'regions of volumes': [() => g.roiAlign(f32(1, 1, 2, 2, 2), rois, owners), 'SHAPE_MISMATCH', '4 axes'],
    'no size': [() => g.roiAlign(x, rois, owners, { outputHeight: 0 }), 'OPTION_INVALID', 'pooled to 0 x 1'],
    'no scale': [
      () => g.roiAlign(x, rois, owners, { spatialScale: 0 }),
      'OPTION_INVALID',
      'spatial_scale must be above 0',
    ],
    'regions that do not name an image': [
      () => g.maxRoiPool(x, rois, [2, 2]),
      'SHAPE_MISMATCH',
      'image, x1, y1, x2, y2',
    ],
    'the derivative of a MaxRoiPool': [
      () => g.grad(g.reduceSum(g.maxRoiPool(x, f32(5, 5), [2, 2])), [x]),
      'NOT_DIFFERENTIABLE',
      'MaxRoiPool has no derivative',
    ],
  }
  test.each(Object.entries(refused))('%s', (_, [make, code, message]) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})

test('a pooling and the indices that its derivative needs are one operation of the file', () => {
  const x = f32('n', 2, 'h', 'w')
  const y = g.maxPool(x, 2, { strides: 2 })
  const [dx] = g.grad(g.reduceSum(g.mul(y, y)), [x])
  const { operators } = g.summary(g.compile({ outputs: { y, dx } }))
  expect(operators).toMatchObject({ MaxPool: 1, MaxUnpool: 1 })
})

test('a batch of no images has derivatives of 0', async () => {
  const x = f32('n', 2, 4, 4)
  const y = g.averagePool(g.maxPool(x, 2, { strides: 2 }), 2, { pads: 1 })
  const [dx] = g.grad(g.reduceSum(g.mul(y, y)), [x])
  await using session = await g.openSession(g.compile({ outputs: { dx } }))
  expect((await session.run({ x: tensor('float32', [0, 2, 4, 4], new Float32Array(0)) })).dx.shape).toEqual([
    0, 2, 4, 4,
  ])
})
