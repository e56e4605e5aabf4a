import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from '../index.ts'
import { type Case, testDerivatives } from '../testDerivatives.ts'
import { dtypeOf, type Value } from '../value.ts'

const single = { dtype: 'float32', epsilon: 1e-2, tolerance: 3e-2 } as const

/** The operator itself, which runs in single precision, and what stands for it in double precision. */
const both = (cases: Readonly<Record<string, Case>>): Readonly<Record<string, Case>> =>
  Object.fromEntries(
    Object.entries(cases).flatMap(([name, entry]) => [
      [name, { ...entry, ...single }],
      [`${name}, in double precision`, entry],
    ]),
  )

const channels = [[3], [3]] as const
/** Above zero, as variances are. */
const above = (x: Value) => g.add(0.5, g.mul(x, x))

testDerivatives({
  // in single precision even where x is not
  'layerNormalization with its statistics': {
    ...single,
    shapes: [[2, 3, 4], [4], [4]],
    make: (x, scale, bias) => {
      const { y, mean, inverseDeviation } = g.layerNormalizationWithStatistics(x, scale, bias)
      const [m, r] = [mean, inverseDeviation].map((value) => g.cast(value, dtypeOf(x)!))
      return g.add(g.mul(y, m), r)
    },
  },

  ...both({
    batchNormalization: {
      shapes: [[2, 3, 2, 2], ...channels, ...channels],
      make: (x, scale, bias, mean, variance) => g.batchNormalization(x, scale, bias, mean, above(variance)),
    },
    'batchNormalization of rows': {
      shapes: [[4, 3], ...channels, ...channels],
      make: (x, scale, bias, mean, variance) =>
        g.batchNormalization(x, scale, bias, mean, above(variance), { epsilon: 0.1 }),
    },
    'batchNormalization in training': {
      shapes: [[3, 3, 2, 2], ...channels],
      make: (x, scale, bias) =>
        g.batchNormalizationInTraining(x, scale, bias, g.mul(scale, 0), g.mul(scale, 0), { epsilon: 0.01 }).y,
    },
    'batchNormalization of rows in training': {
      shapes: [[5, 3], ...channels],
      make: (x, scale, bias) => g.batchNormalizationInTraining(x, scale, bias, bias, g.mul(bias, bias)).y,
    },
    layerNormalization: {
      shapes: [[2, 3, 4], [4], [4]],
      make: (x, scale, bias) => g.layerNormalization(x, scale, bias),
    },
    'layerNormalization over two axes': {
      shapes: [
        [2, 3, 4],
        [3, 4],
      ],
      make: (x, scale) => g.layerNormalization(x, scale, null, { axis: 1, epsilon: 0.1 }),
    },
    'layerNormalization, scale and bias broadcast': {
      shapes: [
        [2, 3, 4],
        [3, 1],
        [1, 4],
      ],
      make: (x, scale, bias) => g.layerNormalization(x, scale, bias, { axis: -2 }),
    },
    rmsNormalization: { shapes: [[2, 3, 4], [4]], make: (x, scale) => g.rmsNormalization(x, scale) },
    'rmsNormalization over two axes': {
      shapes: [
        [2, 3, 4],
        [3, 4],
      ],
      make: (x, scale) => g.rmsNormalization(x, scale, { axis: 1, epsilon: 0.1 }),
    },
    groupNormalization: {
      shapes: [[2, 4, 3, 2], [4], [4]],
      make: (x, scale, bias) => g.groupNormalization(x, scale, bias, 2),
    },
    instanceNormalization: {
      shapes: [[2, 3, 3, 2], ...channels],
      make: (x, scale, bias) => g.instanceNormalization(x, scale, bias, { epsilon: 0.01 }),
    },
    lrn: { shapes: [[2, 5, 2, 2]], make: (x) => g.lrn(x, 3, { alpha: 0.3, beta: 0.6, bias: 1.5 }) },
    'lrn over an even number of channels': { shapes: [[1, 5, 3]], make: (x) => g.lrn(x, 4, { alpha: 0.5 }) },
    lpNormalization: { shapes: [[2, 3, 4]], make: (x) => g.lpNormalization(x, { axis: 1 }) },
    'lpNormalization 1': { shapes: [[2, 3, 4]], make: (x) => g.lpNormalization(x, { p: 1 }) },
    meanVarianceNormalization: { shapes: [[2, 3, 2, 2]], make: (x) => g.meanVarianceNormalization(x) },
    'meanVarianceNormalization over one axis': {
      shapes: [[2, 5]],
      make: (x) => g.meanVarianceNormalization(x, { axes: [1] }),
    },
  }),
})

const f32 = (...shape: g.Dim[]) => g.input('x', 'float32', shape)

describe('what cannot be is refused by name', () => {
  const x = f32('n', 4, 6, 6)
  const [four, three] = [f32(4), f32(3)]
  const refused: Readonly<Record<string, readonly [make: () => unknown, code: string, message: string]>> = {
    'statistics of other channels': [
      () => g.batchNormalization(x, four, four, three, four),
      'SHAPE_MISMATCH',
      'mean must have the shape [4]',
    ],
    'a batch of scalars': [
      () => g.batchNormalization(f32(3), three, three, three, three),
      'SHAPE_MISMATCH',
      'at least 2 axes',
    ],
    'a layer beyond the last axis': [
      () => g.layerNormalization(x, f32(6), null, { axis: 4 }),
      'AXIS_OUT_OF_RANGE',
      'axis 4 is not in a tensor of 4 axes',
    ],
    'a scale that does not broadcast': [
      () => g.layerNormalization(x, three),
      'SHAPE_MISMATCH',
      '[3] does not broadcast to the input',
    ],
    'a scale larger than the input': [
      () => g.rmsNormalization(f32(3), f32(2, 3)),
      'SHAPE_MISMATCH',
      '[2, 3] does not broadcast to the input',
    ],
    'groups that do not divide the channels': [
      () => g.groupNormalization(x, four, four, 3),
      'SHAPE_MISMATCH',
      '3 groups do not divide 4 channels',
    ],
    'no groups': [() => g.groupNormalization(x, four, four, 0), 'ATTRIBUTE_MISSING', 'num_groups'],
    'one number a group': [
      () => g.groupNormalization(x, f32(2), four, 2),
      'SHAPE_MISMATCH',
      'scale must have the shape [4]',
    ],
    'instances without places': [
      () => g.instanceNormalization(f32(2, 3), three, three),
      'SHAPE_MISMATCH',
      'at least 3 axes',
    ],
    'a sum of no channels': [() => g.lrn(x, 0), 'OPTION_INVALID', 'size is the number of channels summed'],
    'a norm of order 3': [() => g.lpNormalization(x, { p: 3 as 2 }), 'OPTION_INVALID', 'p is 1 or 2, not 3'],
    'an axis that is not there': [
      () => g.meanVarianceNormalization(f32(2, 3)),
      'AXIS_OUT_OF_RANGE',
      'axis 2 is not in a tensor of 2 axes',
    ],
  }
  test.each(Object.entries(refused))('%s', (_, [make, code, message]) => {
    expect(make).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })
})

describe('running statistics', () => {
  const x = f32(4, 2)
  const [scale, mean, variance] = ['scale', 'mean', 'variance'].map((name) => g.input(name, 'float32', [2]))
  const vector = (...numbers: number[]) => tensor('float32', [2], Float32Array.from(numbers))
  const feeds = {
    x: tensor('float32', [4, 2], Float32Array.of(1, 2, 3, 4, 5, 6, 7, 12)),
    scale: vector(1, 1),
    mean: vector(0, 10),
    variance: vector(1, 2),
  }

  test('move towards those of the batch, and what was fed stays as it was', async () => {
    const trained = g.batchNormalizationInTraining(x, scale, scale, mean, variance, { momentum: 0.75 })
    await using session = await g.openSession(
      g.compile({ outputs: { mean2: trained.mean, variance2: trained.variance } }),
    )
    for (let again = 0; again < 2; again++) {
      const { mean2, variance2 } = await session.run(feeds)
      expect(Array.from(mean2.data as Float32Array)).toEqual([1, 9])
      expect(Array.from(variance2.data as Float32Array)).toEqual([2, 5])
    }
    expect(Array.from(feeds.mean.data as Float32Array)).toEqual([0, 10])
  })
})

test('a layer and the statistics that its derivative needs are one operation of the file', () => {
  const x = f32('n', 5)
  const y = g.layerNormalization(x, g.input('scale', 'float32', [5]))
  const [dx] = g.grad(g.reduceSum(g.mul(y, y)), [x])
  expect(g.summary(g.compile({ outputs: { y, dx } })).operators).toMatchObject({ LayerNormalization: 1 })
})
