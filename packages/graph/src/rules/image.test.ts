import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from '../index.ts'
import { type Case, int64, testDerivatives } from '../testDerivatives.ts'
import type { Value } from '../value.ts'

const single = { dtype: 'float32', epsilon: 1e-2, tolerance: 3e-2 } as const

/** The operator itself, which runs in single precision, and what stands for it in double precision. */
const both = (cases: Readonly<Record<string, Case>>): Readonly<Record<string, Case>> =>
  Object.fromEntries(
    Object.entries(cases).flatMap(([name, entry]) => [
      [name, { ...entry, ...single }],
      [`${name}, in double precision`, entry],
    ]),
  )

const resized = (options: g.ResizeOptions, shape: readonly number[] = [2, 2, 4, 3]): Case => ({
  shapes: [shape],
  make: (x) => g.resize(g.mul(x, x), options),
})

const region = tensor('float32', [8], Float32Array.of(0, 0, 0.1, 0.2, 1, 1, 0.8, 1.3))

testDerivatives({
  ...both({
    'resize nearest up': resized({ scales: [1, 1, 2, 2] }),
    'resize nearest down': resized({ sizes: [2, 3], axes: [3, 2] }),
    'resize nearest, round_prefer_ceil': resized({ sizes: [6, 5], axes: [2, 3], nearestMode: 'round_prefer_ceil' }),
    'resize nearest, floor, asymmetric': resized({
      scales: [1.7, 0.6],
      axes: [2, 3],
      nearestMode: 'floor',
      coordinateTransformationMode: 'asymmetric',
    }),
    'resize nearest, ceil, align_corners': resized({
      sizes: [7, 2],
      axes: [-2, -1],
      nearestMode: 'ceil',
      coordinateTransformationMode: 'align_corners',
    }),
    'resize linear': resized({ scales: [1, 1, 1.5, 2], mode: 'linear' }),
    'resize linear down': resized({ sizes: [2, 2, 3, 2], mode: 'linear' }),
    'resize linear, align_corners': resized({
      sizes: [2, 2, 6, 1],
      mode: 'linear',
      coordinateTransformationMode: 'align_corners',
    }),
    'resize linear, pytorch_half_pixel': resized({
      sizes: [2, 2, 1, 5],
      mode: 'linear',
      coordinateTransformationMode: 'pytorch_half_pixel',
    }),
    'resize linear, half_pixel_symmetric': resized({
      scales: [1, 1, 1.3, 0.7],
      mode: 'linear',
      coordinateTransformationMode: 'half_pixel_symmetric',
    }),
    'resize cubic': resized({ scales: [1, 1, 2, 1.4], mode: 'cubic' }),
    'resize cubic, a of -0.5, excluding what is outside': resized({
      sizes: [2, 2, 7, 5],
      mode: 'cubic',
      cubicCoeffA: -0.5,
      excludeOutside: true,
    }),
    'resize linear, antialias': resized({ sizes: [2, 2, 3, 2], mode: 'linear', antialias: true }, [2, 2, 8, 5]),
    'resize cubic, antialias': resized({ sizes: [1, 1, 3, 6], mode: 'cubic', antialias: true }, [1, 1, 8, 5]),
    'resize not larger': resized({ sizes: [7, 4], axes: [2, 3], mode: 'linear', keepAspectRatioPolicy: 'not_larger' }),
    'resize not smaller': resized({
      sizes: [7, 4],
      axes: [2, 3],
      mode: 'linear',
      keepAspectRatioPolicy: 'not_smaller',
    }),
    'resize tf_crop_and_resize': resized({
      sizes: [2, 2, 5, 4],
      mode: 'linear',
      coordinateTransformationMode: 'tf_crop_and_resize',
      roi: region,
      extrapolationValue: 3,
    }),
    'resize of one spatial axis': resized({ scales: [1, 1, 1.5], mode: 'linear' }, [2, 2, 4]),
    'resize of three spatial axes': resized({ scales: [1, 1, 1.5, 0.5, 2], mode: 'linear' }, [1, 1, 4, 4, 2]),
  }),
  gridSample: {
    shapes: [
      [2, 2, 3, 4],
      [2, 2, 3, 2],
    ],
    make: (x, grid) => g.gridSample(x, g.mul(grid, 0.6)),
  },
  'gridSample, align_corners and border': {
    shapes: [
      [1, 2, 3, 4],
      [1, 2, 3, 2],
    ],
    make: (x, grid) => g.gridSample(x, grid, { alignCorners: true, paddingMode: 'border' }),
  },
  'gridSample by reflection': {
    shapes: [
      [1, 2, 3, 4],
      [1, 2, 3, 2],
    ],
    make: (x, grid) => g.gridSample(x, g.mul(grid, 1.7), { paddingMode: 'reflection' }),
  },
  'gridSample by reflection, align_corners': {
    shapes: [
      [1, 2, 3, 4],
      [1, 2, 3, 2],
    ],
    make: (x, grid) => g.gridSample(x, g.mul(grid, 1.7), { paddingMode: 'reflection', alignCorners: true }),
  },
  'gridSample nearest': {
    shapes: [
      [2, 2, 3, 4],
      [2, 2, 3, 2],
    ],
    make: (x, grid) => g.gridSample(g.mul(x, x), grid, { mode: 'nearest' }),
  },
  ...Object.fromEntries(
    (['zeros', 'border', 'reflection'] as const).flatMap((paddingMode) =>
      [true, false].map((alignCorners) => [
        `gridSample cubic, ${paddingMode}${alignCorners ? ', align_corners' : ''}`,
        {
          shapes: [
            [2, 2, 4, 5],
            [2, 2, 3, 2],
          ],
          make: (x: Value, grid: Value) =>
            g.gridSample(x, g.mul(grid, 0.8), { mode: 'cubic', paddingMode, alignCorners }),
        },
      ]),
    ),
  ),
  'gridSample of volumes': {
    shapes: [
      [1, 2, 3, 2, 4],
      [1, 2, 1, 2, 3],
    ],
    make: (x, grid) => g.gridSample(x, g.mul(grid, 0.6)),
  },
  affineGrid: { shapes: [[2, 2, 3]], make: (theta) => g.affineGrid(g.mul(theta, theta), [2, 1, 3, 4]) },
  'affineGrid of volumes, align_corners': {
    shapes: [[1, 3, 4]],
    make: (theta) => g.affineGrid(g.mul(theta, theta), [1, 1, 2, 3, 2], { alignCorners: true }),
  },
  'affineGrid and gridSample': {
    shapes: [
      [1, 1, 4, 4],
      [1, 2, 3],
    ],
    make: (x, theta) => g.gridSample(x, g.affineGrid(g.mul(theta, 0.4), [1, 1, 3, 3])),
  },
  'depthToSpace DCR': { shapes: [[2, 8, 2, 3]], make: (x) => g.depthToSpace(g.mul(x, x), 2) },
  'depthToSpace CRD': { shapes: [[2, 8, 2, 3]], make: (x) => g.depthToSpace(g.mul(x, x), 2, { mode: 'CRD' }) },
  spaceToDepth: { shapes: [[2, 2, 4, 6]], make: (x) => g.spaceToDepth(g.mul(x, x), 2) },
  'centerCropPad crops and pads': { shapes: [[4, 3, 2]], make: (x) => g.centerCropPad(g.mul(x, x), [1, 6, 2]) },
  'centerCropPad of some axes': {
    shapes: [[4, 3, 5]],
    make: (x) => g.centerCropPad(g.mul(x, x), [2, 4], { axes: [-1, 0] }),
  },
  roiAlign: {
    shapes: [
      [2, 2, 5, 6],
      [3, 4],
    ],
    make: (x, rois) =>
      g.roiAlign(x, placed(rois), int64(0, 1, 1), { outputHeight: 2, outputWidth: 3, samplingRatio: 2 }),
    within: [0.2, 1],
  },
  'roiAlign, as many samples as elements': {
    shapes: [
      [2, 2, 5, 6],
      [3, 4],
    ],
    make: (x, rois) => g.roiAlign(x, placed(rois), int64(0, 1, 1), { outputHeight: 2, outputWidth: 1 }),
    within: [0.2, 0.9],
    // how many samples there are depends on the regions
    ragged: true,
  },
  'roiAlign max, output_half_pixel': {
    shapes: [
      [2, 2, 5, 6],
      [2, 4],
    ],
    make: (x, rois) =>
      g.roiAlign(x, placed(rois), int64(1, 0), {
        outputHeight: 2,
        outputWidth: 2,
        samplingRatio: 2,
        spatialScale: 0.8,
        mode: 'max',
        coordinateTransformationMode: 'output_half_pixel',
      }),
    within: [0.2, 1],
  },
  deformConv: {
    shapes: [
      [2, 2, 4, 4],
      [3, 2, 2, 2],
      [2, 8, 3, 3],
    ],
    make: (x, w, offset) => g.deformConv(x, w, offset),
  },
  'deformConv with all it takes': {
    shapes: [[1, 4, 5, 4], [2, 2, 2, 3], [1, 24, 3, 2], [1, 12, 3, 2], [2]],
    make: (x, w, offset, mask, bias) =>
      g.deformConv(x, w, offset, {
        mask,
        bias,
        group: 2,
        offsetGroup: 2,
        strides: [2, 2],
        pads: [1, 1, 0, 1],
        dilations: [1, 1],
      }),
  },
})

/** Corners (y1 < y2, x1 < x2) from numbers above 0. */
function placed(rois: Value): Value {
  const at = (i: number): Value => g.gather(rois, [i], { axis: 1 })
  return g.concat([at(0), at(1), g.add(at(0), g.mul(4, at(2))), g.add(at(1), g.mul(3.5, at(3)))], { axis: 1 })
}

const f32 = (...shape: g.Dim[]) => g.input('x', 'float32', shape)

describe('what cannot be is refused by name', () => {
  const x = f32('n', 4, 6, 8)
  const refused: Readonly<Record<string, readonly [make: () => unknown, code: string, message: string]>> = {
    'neither scales nor sizes': [() => g.resize(x, {}), 'INPUT_MISSING', 'either scales or sizes'],
    'both scales and sizes': [
      () => g.resize(x, { scales: [1, 1, 2, 2], sizes: [1, 4, 12, 16] }),
      'INPUT_MISSING',
      'either scales or sizes',
    ],
    'too few scales': [() => g.resize(x, { scales: [2, 2] }), 'SHAPE_MISMATCH', 'scales must list 4 numbers'],
    'scales of 0': [() => g.resize(x, { scales: [0, 1], axes: [2, 3] }), 'OPTION_INVALID', 'must be above 0'],
    'an axis that is not there': [() => g.resize(x, { scales: [2], axes: [4] }), 'AXIS_OUT_OF_RANGE', 'axis 4'],
    'nearest and antialias': [
      () => g.resize(x, { scales: [2], axes: [3], antialias: true }),
      'OPTION_INVALID',
      'linear or cubic',
    ],
    'an unknown mode': [
      () => g.resize(x, { scales: [2], axes: [3], mode: 'bilinear' as 'linear' }),
      'OPTION_INVALID',
      'mode is one of nearest, linear, cubic, not "bilinear"',
    ],
    'a crop without a region': [
      () => g.resize(x, { sizes: [2], axes: [3], coordinateTransformationMode: 'tf_crop_and_resize' }),
      'INPUT_MISSING',
      'the roi is missing',
    ],
    'a policy for scales': [
      () => g.resize(x, { scales: [2], axes: [3], keepAspectRatioPolicy: 'not_larger' }),
      'OPTION_INVALID',
      'goes with sizes',
    ],
    'a grid of other places': [
      () => g.gridSample(x, f32('n', 3, 3, 3)),
      'SHAPE_MISMATCH',
      'the grid must have the shape',
    ],
    'a grid of another rank': [() => g.gridSample(x, f32('n', 3, 2)), 'SHAPE_MISMATCH', 'the grid must have the shape'],
    'other numbers of grids': [
      () => g.gridSample(f32(2, 1, 4, 4), f32(3, 2, 2, 2)),
      'SHAPE_MISMATCH',
      'there are 2 images, but 3 grids',
    ],
    'cubic volumes': [
      () => g.gridSample(f32(1, 1, 4, 4, 4), f32(1, 2, 2, 2, 3), { mode: 'cubic' }),
      'SHAPE_MISMATCH',
      '2 spatial axes',
    ],
    'theta of another shape': [
      () => g.affineGrid(f32('n', 3, 4), [1, 1, 4, 4]),
      'SHAPE_MISMATCH',
      'theta must have the shape [N, 2, 3]',
    ],
    'a grid of one axis': [() => g.affineGrid(f32('n', 2, 3), [1, 1, 4]), 'SHAPE_MISMATCH', '4 or 5 numbers'],
    'blocks that do not divide the channels': [
      () => g.depthToSpace(f32(1, 6, 2, 2), 2),
      'SHAPE_MISMATCH',
      'blocks of 4 do not divide 6 channels',
    ],
    'blocks that do not divide the rows': [
      () => g.spaceToDepth(f32(1, 1, 3, 2), 2),
      'SHAPE_MISMATCH',
      'blocks of 2 do not divide 3 rows',
    ],
    'blocks of volumes': [() => g.depthToSpace(f32(1, 8, 2, 2, 2), 2), 'SHAPE_MISMATCH', '4 axes'],
    'an unknown order': [
      () => g.depthToSpace(f32(1, 4, 2, 2), 2, { mode: 'RCD' as 'CRD' }),
      'OPTION_INVALID',
      'mode is one of DCR, CRD',
    ],
    'a middle of other axes': [
      () => g.centerCropPad(f32(4, 5), [2, 2], { axes: [0] }),
      'SHAPE_MISMATCH',
      'the shape lists 2 sizes for 1 axes',
    ],
  }
  test.each(Object.entries(refused))('%s', (_, [make, code, message]) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})

test('operators without a kernel in a later opset run there as what they are made of', async () => {
  const [x, rois] = [f32(1, 2, 4, 4), g.input('rois', 'float32', [1, 4])]
  const pooled = g.roiAlign(x, rois, int64(0), { outputHeight: 2, outputWidth: 2, samplingRatio: 1 })
  const outputs = { pooled, norm: g.globalLpPool(x) }
  const feeds = {
    x: tensor(
      'float32',
      [1, 2, 4, 4],
      Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
    ),
    rois: tensor('float32', [1, 4], Float32Array.of(0.5, 0.2, 3, 2.6)),
  }
  const run = async (more: Readonly<Record<string, Value>>) => {
    await using session = await g.openSession(g.compile({ outputs: { ...outputs, ...more } }))
    return session.run(feeds)
  }
  const [early, late] = [await run({}), await run({ newer: g.rmsNormalization(x, 1) })]
  for (const name of ['pooled', 'norm'])
    for (const [i, value] of (early[name].data as Float32Array).entries())
      expect(Number(late[name].data[i])).toBeCloseTo(value, 5)
})

test('a resize of named sizes leaves the axes alone that keep theirs', () => {
  const x = f32('n', 'c', 'h', 'w')
  const y = g.resize(x, { sizes: g.concat([g.shape(x, 0, 2), int64(6, 8)]), mode: 'linear' })
  expect(y.shape).toEqual(['n', 'c', 6, 8])
  const [dx] = g.grad(g.reduceSum(g.mul(y, y)), [x])
  expect(g.summary(g.compile({ outputs: { dx } })).operators.MatMul).toBe(2)
})
