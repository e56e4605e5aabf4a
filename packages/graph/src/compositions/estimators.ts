import { PodError, tensor } from '@mlpod/contract'
import { constant } from '../leaf.ts'
import {
  add,
  cast,
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
import { gemm } from '../operators/linear.ts'
import { reduceSumSquare, softmax } from '../operators/reduction.ts'
import { concat, transpose, unsqueeze } from '../operators/structure.ts'
import { floats, int, text } from '../schema.ts'
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
  SVMRegressor: (use) => [supported(use)],
}

function classesOf({ attributes: { classlabels_ints: numbers, classlabels_strings: names } }: Use): number {
  const labels = names ?? numbers
  return labels?.kind === 'strings' || labels?.kind === 'ints' ? labels.value.length : 0
}
