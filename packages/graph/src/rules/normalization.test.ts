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
