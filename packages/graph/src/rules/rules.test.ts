import { tensor } from '@mlpod/contract'
import { applyOne } from '../apply.ts'
import * as g from '../index.ts'
import { type Case, int64, positive, testDerivatives, unary } from '../testDerivatives.ts'
import type { Value } from '../value.ts'

const cases: Readonly<Record<string, Case>> = {
  neg: unary(g.neg),
  abs: unary(g.abs),
  sign: unary((x) => g.mul(x, g.sign(x))),
  sqrt: unary(g.sqrt, positive),
  exp: unary(g.exp),
  log: unary(g.log, positive),
  reciprocal: unary(g.reciprocal, positive),
  erf: unary(g.erf, { dtype: 'float32' }),
  floor: unary((x) => g.mul(x, g.floor(x))),
  ceil: unary((x) => g.mul(x, g.ceil(x))),
  round: unary((x) => g.mul(x, g.round(x))),
  sin: unary(g.sin),
  cos: unary(g.cos),
  relu: unary(g.relu),
  leakyRelu: unary((x) => g.leakyRelu(x, { alpha: 0.2 }), { dtype: 'float32' }),
  elu: unary((x) => g.elu(x, { alpha: 1.5 }), { dtype: 'float32' }),
  softplus: unary(g.softplus, { dtype: 'float32' }),
  'leakyRelu in double precision': unary((x) => g.leakyRelu(x, { alpha: 0.2 })),
  'elu in double precision': unary((x) => g.elu(x, { alpha: 1.5 })),
  'softplus in double precision': unary(g.softplus),
  'oneHot of values': {
    shapes: [[2]],
    make: (values) => g.mul(applyOne('OneHot', [int64(0, 2), g.constant(3, 'int64'), values]), 2),
    dtype: 'float32',
  },
  sigmoid: unary(g.sigmoid),
  tanh: unary(g.tanh),
  gelu: unary((x) => g.gelu(x), { dtype: 'float32' }),
  'gelu tanh': unary((x) => g.gelu(x, { approximate: 'tanh' }), { dtype: 'float32' }),
  identity: unary(g.identity),
  'cast there and back': unary((x) => g.cast(g.cast(x, 'float32'), 'float64'), {
    epsilon: 0.1,
    tolerance: 1e-3,
    rounded: true,
  }),
  add: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    make: g.add,
  },
  'add a row': { shapes: [[2, 3], [3]], make: g.add },
  'add a scalar': { shapes: [[], [2, 3]], make: g.add },
  'sub a column': {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    make: g.sub,
  },
  'mul both broadcast': {
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    make: g.mul,
  },
  'mul by itself': { shapes: [[3]], make: (x) => g.mul(x, x) },
  div: { shapes: [[2, 3], [3]], make: g.div, within: [0.5, 2] },
  pow: { shapes: [[2, 3], [3]], make: g.pow, within: [0.5, 2] },
  'pow 2': unary((x) => g.pow(x, 2)),
  'pow 3': unary((x) => g.pow(x, 3)),
  'pow 0.5': unary((x) => g.pow(x, 0.5), positive),
  'pow -1.5': unary((x) => g.pow(x, -1.5), positive),
  'mod of the dividend': { shapes: [[2, 3], [3]], make: (a, b) => g.mod(a, b, { fmod: true }), within: [0.6, 0.9] },
  min: { shapes: [[2, 3], [3]], make: g.min },
  max: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    make: g.max,
  },
  'max of three': { shapes: [[4], [4], [4]], make: (a, b, c) => g.mul(g.max(a, b, c), g.max(a, b, c)) },
  sum: { shapes: [[2, 3], [3], []], make: (a, b, c) => g.sum(a, b, g.mul(c, c)) },
  where: { shapes: [[2, 3], [3]], make: (a, b) => g.where(g.greater(a, 0), g.mul(a, a), b) },
  'clip both': unary((x) => g.clip(g.mul(x, x), 0.5, 2)),
  'clip by values': {
    shapes: [[5], [], []],
    make: (x, a, b) => g.clip(x, g.sub(g.mul(a, 0.1), 0.5), g.add(g.mul(b, 0.1), 0.5)),
  },
  matMul: {
    shapes: [
      [2, 3],
      [3, 4],
    ],
    make: g.matMul,
  },
  'matMul row': { shapes: [[3], [3, 4]], make: g.matMul },
  'matMul column': { shapes: [[2, 3], [3]], make: g.matMul },
  'matMul inner': { shapes: [[3], [3]], make: g.matMul },
  'matMul batches': {
    shapes: [
      [5, 2, 3],
      [5, 3, 4],
    ],
    make: g.matMul,
  },
  'matMul one matrix': {
    shapes: [
      [5, 2, 3],
      [3, 4],
    ],
    make: g.matMul,
  },
  'matMul broadcast batches': {
    shapes: [
      [5, 1, 2, 3],
      [2, 3, 4],
    ],
    make: g.matMul,
  },
  'matMul batch by vector': { shapes: [[5, 2, 3], [3]], make: g.matMul },
  'matMul vector by batch': { shapes: [[3], [5, 3, 2]], make: g.matMul },
  gemm: { shapes: [[2, 3], [3, 4], [4]], make: (a, b, c) => g.gemm(a, b, c, { alpha: 0.5, beta: 2 }) },
  'gemm transposed': {
    shapes: [
      [3, 2],
      [4, 3],
      [2, 1],
    ],
    make: (a, b, c) => g.gemm(a, b, c, { alpha: -1, transA: true, transB: true }),
  },
  'gemm one side': { shapes: [[2, 3], [4, 3], []], make: (a, b, c) => g.gemm(a, b, c, { transB: true }) },
  softmax: unary((x) => g.softmax(x)),
  'softmax axis 0': unary((x) => g.softmax(x, { axis: 0 })),
  logSoftmax: unary((x) => g.logSoftmax(x)),
  cumSum: unary((x) => g.cumSum(g.mul(x, x), 1)),
  'cumSum exclusive reverse': unary((x) => g.cumSum(g.mul(x, x), 0, { exclusive: true, reverse: true })),
  reshape: unary((x) => g.reshape(g.mul(x, x), [-1])),
  'reshape by a value': { shapes: [[2, 3]], make: (x) => g.reshape(g.mul(x, x), g.concat([g.shape(x, 1), int64(-1)])) },
  flatten: { shapes: [[2, 3, 4]], make: (x) => g.flatten(g.mul(x, x), { axis: 2 }) },
  transpose: { shapes: [[2, 3, 4]], make: (x) => g.transpose(g.mul(x, x), [1, 2, 0]) },
  squeeze: { shapes: [[2, 1, 3]], make: (x) => g.squeeze(g.mul(x, x), [1]) },
  unsqueeze: unary((x) => g.unsqueeze(g.mul(x, x), [0, 2])),
  expand: { shapes: [[3, 1]], make: (x) => g.expand(g.mul(x, x), [2, 3, 4]) },
  'expand by a value': { shapes: [[3], [2, 3]], make: (x, y) => g.mul(g.expand(x, g.shape(y)), y) },
  tile: unary((x) => g.tile(g.mul(x, x), [2, 3])),
  concat: {
    shapes: [
      [2, 3],
      [2, 1],
      [2, 2],
    ],
    make: (a, b, c) => g.concat([a, g.mul(b, b), c], { axis: 1 }),
  },
  split: { shapes: [[2, 5]], make: (x) => g.split(g.mul(x, x), [2, 3], { axis: 1 }) },
  'split, one part': { shapes: [[2, 5]], make: (x) => g.split(g.mul(x, x), [2, 3], { axis: 1 })[1] },
  'pad constant': { shapes: [[2, 3], []], make: (x, v) => g.pad(g.mul(x, x), [1, 0, 0, 2], { value: v }) },
  'pad negative': { shapes: [[3, 4]], make: (x) => g.pad(g.mul(x, x), [-1, 2, 0, -1]) },
  'pad reflect': { shapes: [[3, 4]], make: (x) => g.pad(g.mul(x, x), [1, 2, 0, 1], { mode: 'reflect' }) },
  'pad edge': { shapes: [[3, 4]], make: (x) => g.pad(g.mul(x, x), [1, 2, 0, 1], { mode: 'edge' }) },
  'pad wrap': { shapes: [[3, 4]], make: (x) => g.pad(g.mul(x, x), [1, 2, 0, 1], { mode: 'wrap' }) },
  range: {
    shapes: [[], []],
    make: (a, d) => g.range(a, g.constant(10, 'float64'), d),
    ragged: true,
    within: [0.9, 1.4],
  },
  slice: { shapes: [[4, 5]], make: (x) => g.slice(g.mul(x, x), [1, -3], [3, -1]) },
  'slice with a step': {
    shapes: [[5, 6]],
    make: (x) => g.slice(g.mul(x, x), [0, 4], [5, 0], { axes: [0, 1], steps: [2, -2] }),
  },
  'slice to the end': { shapes: [[5]], make: (x) => g.slice(g.mul(x, x), [1], [2 ** 31]) },
  'slice by a value': { shapes: [[5]], make: (x) => g.slice(g.mul(x, x), g.sub(g.shape(x), 2), g.shape(x)) },
  gather: { shapes: [[4, 3]], make: (x) => g.gather(g.mul(x, x), [2, -1, 2]) },
  'gather axis 1, matrix of indices': {
    shapes: [[2, 4, 3]],
    make: (x) => g.gather(g.mul(x, x), g.reshape(int64(0, 1, 1, 3), [2, 2]), { axis: 1 }),
  },
  'gather one': { shapes: [[2, 4]], make: (x) => g.gather(g.mul(x, x), 1, { axis: 1 }) },
  gatherElements: {
    shapes: [[3, 4]],
    make: (x) => g.gatherElements(g.mul(x, x), g.reshape(int64(0, 2, 2, -1), [2, 2]), { axis: 1 }),
  },
  gatherND: { shapes: [[3, 4, 2]], make: (x) => g.gatherND(g.mul(x, x), g.reshape(int64(0, 1, 2, 3, 0, 1), [3, 2])) },
  'gatherND in batches': {
    shapes: [[2, 4, 3]],
    make: (x) => g.gatherND(g.mul(x, x), g.reshape(int64(1, 3, 0, 0), [2, 2, 1]), { batchDims: 1 }),
  },
  scatterElements: {
    shapes: [
      [3, 4],
      [2, 4],
    ],
    make: (x, u) =>
      g.scatterElements(
        g.mul(x, x),
        g.constant(tensor('int64', [2, 4], BigInt64Array.of(0n, 1n, 2n, 0n, 1n, 2n, 0n, 1n))),
        g.mul(u, u),
      ),
  },
  'scatterElements add': {
    shapes: [[3], [4]],
    make: (x, u) => g.scatterElements(g.mul(x, x), int64(0, 1, 1, 0), g.mul(u, u), { reduction: 'add' }),
  },
  'scatterElements max': {
    shapes: [[3], [4]],
    make: (x, u) => g.scatterElements(g.mul(x, x), int64(0, 1, 1, 0), g.mul(u, u), { reduction: 'max' }),
  },
  scatterND: {
    shapes: [
      [4, 3],
      [2, 3],
    ],
    make: (x, u) => g.scatterND(g.mul(x, x), g.reshape(int64(3, 1), [2, 1]), g.mul(u, u)),
  },
  'scatterND add': {
    shapes: [
      [4, 3],
      [3, 3],
    ],
    make: (x, u) => g.scatterND(g.mul(x, x), g.reshape(int64(3, 1, 3), [3, 1]), g.mul(u, u), { reduction: 'add' }),
  },
  'scatterND min': {
    shapes: [[4], [3]],
    make: (x, u) => g.scatterND(g.mul(x, x), g.reshape(int64(3, 1, 3), [3, 1]), g.mul(u, u), { reduction: 'min' }),
  },
  topK: { shapes: [[3, 5]], make: (x) => g.topK(g.mul(x, x), 2).values },
  'topK smallest axis 0': { shapes: [[3, 5]], make: (x) => g.topK(g.mul(x, x), 2, { axis: 0, largest: false }).values },
  trilu: { shapes: [[3, 4]], make: (x) => g.trilu(g.mul(x, x), { upper: false, diagonal: 1 }) },
  'where, one branch infinite': unary((x) => g.where(g.greater(x, 0), g.log(g.max(x, 1e-300)), x)),
  'if, first branch': {
    shapes: [[3], [3]],
    make: (x, w) =>
      g.ifElse(
        g.greater(g.reduceSum(g.mul(x, x)), 0),
        () => g.mul(g.exp(x), w),
        () => g.mul(x, x),
      ),
  },
  'if, second branch': {
    shapes: [[3], [3]],
    make: (x, w) => {
      const y = g.mul(x, w)
      return g.ifElse(
        g.less(g.reduceSum(g.mul(x, x)), 0),
        () => g.mul(y, w),
        () => g.mul(y, g.sin(g.add(x, y))),
      )
    },
  },
  'if in an if': {
    shapes: [[3]],
    make: (x) => {
      const s = g.reduceSum(g.mul(x, x))
      return g.ifElse(
        g.greater(s, 0),
        () =>
          g.mul(
            x,
            g.ifElse(
              g.less(s, 0),
              () => x,
              () => g.exp(g.mul(s, g.mul(x, 0.1))),
            ),
          ),
        () => x,
      )
    },
  },
  'two outputs of one if': {
    shapes: [[3]],
    make: (x) =>
      g.ifElse(
        g.greater(g.reduceSum(g.mul(x, x)), 0),
        () => [g.exp(x), g.mul(x, x)],
        () => [x, x],
      ),
  },
}

const reductions = {
  reduceSum: g.reduceSum,
  reduceMean: g.reduceMean,
  reduceMax: g.reduceMax,
  reduceMin: g.reduceMin,
  reduceSumSquare: g.reduceSumSquare,
  reduceL2: g.reduceL2,
  reduceLogSumExp: g.reduceLogSumExp,
}

for (const [name, reduce] of Object.entries(reductions))
  Object.assign(cases, {
    [`${name} all`]: unary((x) => reduce(x)),
    [`${name} last`]: unary((x) => reduce(x, { axes: [-1] })),
    [`${name} kept`]: { shapes: [[2, 3, 2]], make: (x: Value) => reduce(x, { axes: [0, 2], keepDims: true }) },
    [`${name} none`]: unary((x) => reduce(g.mul(x, x), { axes: [] })),
  })

testDerivatives(cases)
