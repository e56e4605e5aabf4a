import { sizeOf } from '@mlpod/contract'
import { contractionOf } from './contraction.ts'
import { int } from './schema.ts'
import { elementwise } from './schemas/elementwise.ts'
import type { OperatorName } from './schemas/index.ts'
import { indexing } from './schemas/indexing.ts'
import { random } from './schemas/random.ts'
import { directionsOf, GATES } from './schemas/recurrent.ts'
import { strings } from './schemas/strings.ts'
import { structure } from './schemas/structure.ts'
import type { Operation } from './value.ts'

/** An operation with all its sizes as numbers; an input or output that is left out has the shape []. */
interface Sized {
  readonly operation: Operation
  readonly inputs: readonly (readonly number[])[]
  readonly outputs: readonly (readonly number[])[]
}

/** How many operations on numbers one use of an operator takes; a multiplication and the addition after it are two. */
export interface Count {
  /** Whether it is a product of matrices or the like, which counters of PyTorch count as well. */
  readonly product?: boolean
  readonly count: (use: Sized) => number
}

const numbers = (shape: readonly number[] = []): number => sizeOf(shape)
const product = (count: Count['count']): Count => ({ product: true, count })
/** So many for each element that comes out. */
const made = (each: number): Count => ({ count: ({ outputs }) => each * numbers(outputs[0]) })
/** So many for each element that goes in. */
const read = (each: number): Count => ({ count: ({ inputs }) => each * numbers(inputs[0]) })

/** Every row of what comes out is a sum of products over the last axis of a. */
const matMul = product(({ inputs: [a], outputs: [y] }) => 2 * numbers(y) * (a.at(-1) ?? 1))

const gemm = product(
  ({ operation, inputs: [a], outputs: [y] }) => 2 * numbers(y) * a[int(operation, 'transA', 0) ? 0 : 1],
)

/** Every element that comes out is a sum over a window of w: [out, in / groups, ...window]. */
const convolved = (at: number): Count =>
  product(({ inputs, outputs: [y] }) => 2 * numbers(y) * numbers(inputs[at].slice(1)))

/** Every element that goes in is spread over a window of w: [in, out / groups, ...window]. */
const spread = product(({ inputs: [x, w] }) => 2 * numbers(x) * numbers(w.slice(1)))

/** The elements of all axes at once, times the factors of each product and its sum. */
const einsum = product(({ operation, inputs, outputs: [y] }) => {
  const { terms, result } = contractionOf({ ...operation, outputs: 1, site: operation.meta.site })
  const sizes = new Map(terms.flatMap((term, i) => term.map((label, axis) => [label, inputs[i][axis]] as const)))
  const summed = sizes.size > result.length ? 1 : 0
  const all = [...sizes.values()].reduce((size, each) => size * each, 1)
  return terms.length === 2 ? 2 * all : summed ? terms.length * all : (terms.length - 1) * numbers(y)
})

/** In each turn every gate is a product with the inputs and one with the state. */
const recurrent = product(({ operation, inputs: [x, , r] }) => {
  const gates = GATES[operation.type as keyof typeof GATES]
  const hidden = r[2]
  return 2 * x[0] * x[1] * directionsOf(operation) * gates * hidden * (x[2] + hidden)
})

/** Queries times keys, and weights times values. */
const attention = product(({ inputs: [q, k, , , past], outputs: [y] }) => {
  const keys = k[k.length - 2] + (past?.[2] ?? 0)
  return 2 * keys * (numbers(q) + numbers(y))
})

/** The kernel of each row with each support vector, and a coefficient for each pair of classes. */
const supported = product(({ operation: { attributes, type }, inputs: [x], outputs }) => {
  const vectors = attributes.support_vectors
  const features = x.at(-1) ?? 1
  const rows = numbers(x) / features
  const decisions = type === 'SVMClassifier' ? (outputs[1]?.at(-1) ?? 1) : 1
  const count = vectors?.kind === 'floats' ? vectors.value.length / features : 0
  return 2 * rows * (count > 0 ? count * (features + decisions) : features * decisions)
})

/** Every element that comes out looks at a window. */
const pooled: Count = {
  count: ({ operation, outputs: [y] }) => {
    const window = operation.attributes.kernel_shape
    return numbers(y) * (window?.kind === 'ints' ? numbers(window.value.map(Number)) : 1)
  },
}

const all = <T extends object>(family: T, count: Count): Partial<Record<keyof T, Count>> =>
  Object.fromEntries(Object.keys(family).map((name) => [name, count])) as Partial<Record<keyof T, Count>>

const NOTHING: Count = { count: () => 0 }
/** Means, differences, squares and their means, scales, gains and shifts. */
const normalized = read(7)

/**
 * What operators cost, by name: products as in torch.utils.flop_counter (2 m n k, biases not counted), one for each element
 * of a function of elements however dear it is, nothing for what only moves elements. Operators that are not listed are not
 * counted, and named as such.
 */
export const COUNTS: { readonly [O in OperatorName]?: Count } = {
  ...all(structure, NOTHING),
  ...all(indexing, NOTHING),
  ...all(strings, NOTHING),
  ...all(random, made(1)),
  ...all(elementwise, made(1)),
  Cast: NOTHING,
  CastLike: NOTHING,
  BitCast: NOTHING,
  Identity: NOTHING,
  Input: NOTHING,
  Formal: NOTHING,
  Parameter: NOTHING,
  Sum: { count: ({ inputs, outputs: [y] }) => Math.max(inputs.length - 1, 0) * numbers(y) },
  MatMul: matMul,
  FusedMatMul: matMul,
  MatMulInteger: matMul,
  QLinearMatMul: matMul,
  Gemm: gemm,
  Einsum: einsum,
  Conv: convolved(1),
  ConvInteger: convolved(1),
  QLinearConv: convolved(3),
  DeformConv: convolved(1),
  ConvTranspose: spread,
  RNN: recurrent,
  GRU: recurrent,
  LSTM: recurrent,
  Attention: attention,
  RotaryEmbedding: made(3),
  Det: product(({ inputs: [x] }) => (2 / 3) * numbers(x) * (x.at(-1) ?? 1)),
  Inverse: product(({ inputs: [x] }) => 2 * numbers(x) * (x.at(-1) ?? 1)),
  LinearRegressor: product(({ inputs: [x], outputs: [y] }) => 2 * numbers(x) * (y.at(-1) ?? 1)),
  LinearClassifier: product(({ inputs: [x], outputs: [, scores] }) => 2 * numbers(x) * (scores?.at(-1) ?? 1)),
  SVMRegressor: supported,
  SVMClassifier: supported,
  ReduceSum: read(1),
  ReduceMean: read(1),
  ReduceMax: read(1),
  ReduceMin: read(1),
  ReduceProd: read(1),
  ReduceL1: read(2),
  ReduceL2: read(2),
  ReduceSumSquare: read(2),
  ReduceLogSum: read(1),
  ReduceLogSumExp: read(4),
  ArgMax: read(1),
  ArgMin: read(1),
  CumSum: read(1),
  CumProd: read(1),
  Softmax: read(5),
  LogSoftmax: read(5),
  Hardmax: read(1),
  LayerNormalization: normalized,
  GroupNormalization: normalized,
  InstanceNormalization: normalized,
  MeanVarianceNormalization: normalized,
  SkipLayerNormalization: read(8),
  RMSNormalization: read(4),
  SimplifiedLayerNormalization: read(4),
  SkipSimplifiedLayerNormalization: read(5),
  LpNormalization: read(3),
  BatchNormalization: read(4),
  BiasGelu: made(2),
  FastGelu: made(1),
  QuickGelu: made(1),
  MaxPool: pooled,
  AveragePool: pooled,
  LpPool: pooled,
  GlobalAveragePool: read(1),
  GlobalMaxPool: read(1),
  GlobalLpPool: read(2),
  QuantizeLinear: made(2),
  DequantizeLinear: made(2),
  NegativeLogLikelihoodLoss: read(1),
  SoftmaxCrossEntropyLoss: read(6),
}
