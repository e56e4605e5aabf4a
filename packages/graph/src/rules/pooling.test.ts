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
