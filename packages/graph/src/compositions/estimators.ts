import { PodError, tensor } from '@mlpod/contract'
import { constant } from '../leaf.ts'
import {
  add,
  cast,
  clip,
  equal,
  exp,
  greater,
  like,
  mul,
  neg,
  pow,
  sigmoid,
  sub,
  tanh,
  where,
} from '../operators/elementwise.ts'
import { slice } from '../operators/indexing.ts'
import { gemm, inverse } from '../operators/linear.ts'
import { reduceSum, reduceSumSquare, softmax } from '../operators/reduction.ts'
import { concat, eye, pad, reshape, squeeze, transpose, unsqueeze } from '../operators/structure.ts'
import { floats, int, ints, text } from '../schema.ts'
import { capture } from '../site.ts'
import type { Value } from '../value.ts'
import type { Compositions, Use } from './composition.ts'

/** Returns the rows of features in single precision. */
function rowsOf(use: Use): Value {
  const x = cast(use.inputs[0]!, 'float32')
  return x.shape.length === 1 ? unsqueeze(x, [0]) : x
}

const matrix = (list: readonly number[], rows: number): Value =>
  constant(tensor('float32', [rows, list.length / rows], Float32Array.from(list)))

/** Returns x W^T + b for the rows of W in a list. */
function linear(use: Use, x: Value, rows: number): Value {
  const intercepts = floats(use, 'intercepts')
  return gemm(x, matrix(floats(use, 'coefficients')!, rows), intercepts ? like(x, intercepts) : null, { transB: true })
}

/** The softmax of what is not 0; 0 stays. */
function softmaxOfOthers(scores: Value): Value {
  const idle = equal(scores, 0)
  const powers = softmax(where(idle, Number.NEGATIVE_INFINITY, scores))
  return where(idle, 0, powers)
}

const TRANSFORMS: Readonly<Record<string, ((scores: Value) => Value) | undefined>> = {
  NONE: (scores) => scores,
  LOGISTIC: sigmoid,
  SOFTMAX: (scores) => softmax(scores),
  SOFTMAX_ZERO: softmaxOfOthers,
}

/** Returns scores [rows, classes] as an operator of ai.onnx.ml gives them out. Throws `NOT_DIFFERENTIABLE` for PROBIT. */
export function transformed(scores: Value, use: Use): Value {
  const name = text(use, 'post_transform', 'NONE')
  const transform = TRANSFORMS[name]
  if (transform === undefined)
    throw new PodError('NOT_DIFFERENTIABLE', `scores that are transformed by ${name} have no derivative`, {
      at: capture().at,
      hint: `use ${Object.keys(TRANSFORMS).join(', ')}`,
    })
  return transform(scores)
}

/** The scores of two classes from that of the second. */
function ofTwo(score: Value, use: Use): Value {
  const logistic = text(use, 'post_transform', 'NONE') === 'LOGISTIC'
  const [first, second] = logistic ? [sigmoid(neg(score)), sigmoid(score)] : [sub(1, score), score]
  return concat([first, second], { axis: 1 })
}

/** Returns the kernel of rows of features with support vectors. Source: libsvm. */
function kernelOf(use: Use, x: Value, vectors: Value): Value {
  const [gamma = 0, offset = 0, degree = 0] = floats(use, 'kernel_params') ?? []
  const products = gemm(x, vectors, null, { transB: true })
  switch (text(use, 'kernel_type', 'LINEAR')) {
    case 'POLY':
      return pow(add(mul(gamma, products), offset), degree)
    case 'RBF': {
      const own = reduceSumSquare(x, { axes: [1], keepDims: true })
      const theirs = transpose(reduceSumSquare(vectors, { axes: [1], keepDims: true }))
      return exp(mul(-gamma, add(sub(own, mul(2, products)), theirs)))
    }
    case 'SIGMOID':
      return tanh(add(mul(gamma, products), offset))
    default:
      return products
  }
}

function supported(use: Use): Value {
  const [x, count, coefficients] = [rowsOf(use), int(use, 'n_supports', 0), floats(use, 'coefficients') ?? []]
  const [rho = 0] = floats(use, 'rho') ?? []
  const weights = matrix(coefficients, 1)
  const y =
    count > 0
      ? gemm(kernelOf(use, x, matrix(floats(use, 'support_vectors')!, count)), weights, null, { transB: true })
      : gemm(x, weights, null, { transB: true })
  const moved = add(y, rho)
  return int(use, 'one_class', 0) === 1 ? where(greater(moved, 0), 1, like(moved, -1)) : moved
}

/**
 * Returns the decisions [rows, pairs] between any two classes: i before j is a sum over the vectors of both, each with a
 * coefficient for every other class. Source: libsvm.
 */
function decisions(use: Use, x: Value, counts: readonly number[]): Value {
  const vectors = counts.reduce((sum, count) => sum + count, 0)
  const starts = counts.map((_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0))
  const coefficients = floats(use, 'coefficients')!
  const rows = pairsOf(counts.length).map(([i, j]) => {
    const row = new Array<number>(vectors).fill(0)
    for (let v = starts[i]; v < starts[i] + counts[i]; v++) row[v] = coefficients[(j - 1) * vectors + v]
    for (let v = starts[j]; v < starts[j] + counts[j]; v++) row[v] = coefficients[i * vectors + v]
    return row
  })
  const kernels = kernelOf(use, x, matrix(floats(use, 'support_vectors')!, vectors))
  const rho = constant(floats(use, 'rho')!.slice(0, rows.length), 'float32')
  return gemm(kernels, matrix(rows.flat(), rows.length), rho, { transB: true })
}

const pairsOf = (classes: number): readonly (readonly [number, number])[] =>
  Array.from({ length: classes }, (_, i) =>
    Array.from({ length: classes - 1 - i }, (_, k) => [i, i + 1 + k] as const),
  ).flat()

/** The chance of the first of each pair of classes, by Platt's sigmoid, kept off 0 and 1. */
function chances(use: Use, scores: Value): Value {
  const [a, b] = [floats(use, 'prob_a') ?? [], floats(use, 'prob_b') ?? []].map((list) => constant(list, 'float32'))
  return clip(sigmoid(neg(add(mul(scores, a), b))), 1e-7, 1 - 1e-7)
}

/**
 * Returns the probabilities p [rows, classes] that agree best with those r of pairs: they minimise the sum over pairs of
 * (r_ji p_i - r_ij p_j)^2, and sum to 1. The runtime comes near them by turns, we solve for them.
 * Source: Wu, Lin and Weng, Probability Estimates for Multi-class Classification by Pairwise Coupling (2004).
 */
function coupled(r: Value, classes: number): Value {
  const pairs = pairsOf(classes)
  if (pairs.length === 1) return concat([r, sub(1, r)], { axis: 1 })
  // W [classes * classes, pairs], so that R = |W r - below|: r_ij above the diagonal, 1 - r_ij below
  const weights = Array.from({ length: classes * classes }, (_, at) => {
    const [i, j] = [Math.floor(at / classes), at % classes]
    return pairs.map(([a, b]) => (a === i && b === j ? 1 : a === j && b === i ? -1 : 0))
  })
  const below = weights.map((row) => (row.includes(-1) ? 1 : 0))
  const flat = add(
    gemm(r, matrix(weights.flat(), classes * classes), null, { transB: true }),
    constant(below, 'float32'),
  )
  const chance = reshape(flat, [-1, classes, classes])
  const across = transpose(chance, [0, 2, 1])
  const own = mul(reduceSum(mul(across, across), { axes: [2], keepDims: true }), eye(classes))
  const quadratic = sub(own, mul(chance, across))
  // the multiplier of the sum makes one more row and column of ones
  const edged = add(
    pad(quadratic, [0, 0, 0, 0, 1, 1]),
    constant(tensor('float32', [classes + 1, classes + 1], edge(classes))),
  )
  return squeeze(slice(inverse(edged), [0, classes], [classes, classes + 1], { axes: [1, 2] }), [2])
}

const edge = (classes: number): Float32Array =>
  Float32Array.from({ length: (classes + 1) ** 2 }, (_, at) =>
    (Math.floor(at / (classes + 1)) === classes) !== (at % (classes + 1) === classes) ? 1 : 0,
  )

/** The scores of two classes from the decision for the first. */
function ofDecision(score: Value, use: Use): Value {
  const logistic = text(use, 'post_transform', 'NONE') === 'LOGISTIC'
  return concat(logistic ? [sigmoid(neg(score)), sigmoid(score)] : [neg(score), score], { axis: 1 })
}

function decided(use: Use): Value {
  const [x, classes] = [rowsOf(use), classesOf(use)]
  const counts = ints(use, 'vectors_per_class') ?? []
  if (!counts.some((count) => count > 0)) {
    const [rho = 0] = floats(use, 'rho') ?? []
    return transformed(add(gemm(x, matrix(floats(use, 'coefficients')!, classes), null, { transB: true }), rho), use)
  }
  const scores = decisions(use, x, counts)
  if (floats(use, 'prob_a')) return transformed(coupled(chances(use, scores), classes), use)
  return classes === 2 ? ofDecision(scores, use) : transformed(scores, use)
}

/** What estimators of ai.onnx.ml are made of. */
export const estimators: Compositions = {
  LinearRegressor: (use) => {
    const targets = int(use, 'targets', 1)
    const y = linear(use, rowsOf(use), targets)
    // the runtime transforms the scores of several targets alone
    return [targets === 1 ? y : transformed(y, use)]
  },
  LinearClassifier: (use) => {
    const rows = floats(use, 'intercepts')?.length ?? classesOf(use)
    const scores = linear(use, rowsOf(use), rows)
    return [undefined, rows === 1 ? ofTwo(scores, use) : transformed(scores, use)]
  },
  SVMClassifier: (use) => [undefined, decided(use)],
  SVMRegressor: (use) => [supported(use)],
}

function classesOf({ attributes: { classlabels_ints: numbers, classlabels_strings: names } }: Use): number {
  const labels = names ?? numbers
  return labels?.kind === 'strings' || labels?.kind === 'ints' ? labels.value.length : 0
}
