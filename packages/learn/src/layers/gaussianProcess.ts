import { PodError, type Tensor, tensor } from '@mlpod/contract'
import {
  add,
  cast,
  cholesky,
  constant,
  div,
  dtypeOf,
  exp,
  eye,
  log,
  matMul,
  max,
  mul,
  neg,
  pow,
  reduceSum,
  solveTriangular,
  sub,
  transpose,
  type Value,
} from '@mlpod/graph'
import { choleskySolve, cholesky as factorOf } from '@mlpod/math'
import { type KernelName, kernelMatrix, kernelValue } from './kernels.ts'
import type { Initializer, Scope } from './layer.ts'
import { known, unfit } from './shape.ts'

/** Settings of `gaussianProcess`. */
export interface GaussianProcessOptions {
  /** `rbf` is exp(-d^2 / 2). Default `rbf`. */
  readonly kernel?: Extract<KernelName, 'rbf' | 'matern12' | 'matern32' | 'matern52'>
  /** Distances are in units of it: one for all features, or one each. Default 1. */
  readonly lengthScale?: number | readonly number[]
  /** Of the function. Default 1. */
  readonly variance?: number
  /** Variance that the training targets have besides. Default 1e-10. */
  readonly noise?: number
  /**
   * Whether `log_length_scale`, `log_variance` and `log_noise` are parameters; for at most 64 training points, as the
   * factorisation is written into the graph. Default false: it is computed once.
   */
  readonly learned?: boolean
}

/** What a Gaussian process says of points. */
export interface Posterior {
  /** [batch, outputs]. */
  readonly mean: Value
  /** Of the function, without noise, [batch, 1]. */
  readonly variance: Value
  /** The log density of the training targets, a number: what learning raises. With `learned` alone. */
  readonly evidence?: Value
}

const MOST_LEARNED = 64

/**
 * Returns the posterior of a Gaussian process of mean 0 given training points [m, d] and targets [m] or [m, outputs]:
 * mean k (K + noise)^-1 y, variance k(x, x) - k (K + noise)^-1 k. Computed in double precision. Throws `SHAPE_MISMATCH`,
 * `LAYER_INVALID`, `MATRIX_NOT_POSITIVE` (raise the noise). Source: Rasmussen, Williams (2006), algorithm 2.1;
 * sklearn GaussianProcessRegressor with `optimizer=None`.
 */
export function gaussianProcess(
  points: Tensor,
  targets: Tensor,
  { kernel = 'rbf', lengthScale = 1, variance = 1, noise = 1e-10, learned = false }: GaussianProcessOptions = {},
): (x: Value, scope: Scope) => Posterior {
  const [m, d] = points.shape
  const outputs = targets.shape[1] ?? 1
  if (points.shape.length !== 2 || targets.shape[0] !== m || targets.shape.length > 2)
    throw new PodError(
      'SHAPE_MISMATCH',
      `a Gaussian process takes points [m, d] and targets [m] or [m, outputs], not [${points.shape.join(', ')}] and [${targets.shape.join(', ')}]`,
    )
  const scales = typeof lengthScale === 'number' ? new Array<number>(d).fill(lengthScale) : lengthScale
  if (scales.length !== d || [...scales, variance, noise].some((value) => !(value > 0)))
    throw new PodError('LAYER_INVALID', `${d} length scales, a variance and a noise above 0 are needed`)
  if (learned && m > MOST_LEARNED)
    throw new PodError('LAYER_INVALID', `${m} training points are more than the ${MOST_LEARNED} of a learned process`, {
      hint: 'leave out learned, or use randomFeatureProcess',
    })
  const given = Float64Array.from(points.data as ArrayLike<number>, Number)
  const told = Float64Array.from(targets.data as ArrayLike<number>, Number)
  const y = double([m, outputs], told)
  // exp(-d^2 / 2): the gamma of the kernel
  const settings = { gamma: kernel === 'rbf' ? 0.5 : 1 }
  const fixed = learned ? undefined : precomputed()
  return (x, scope) => {
    if (x.shape.length !== 2 || known(x, 1, 'Gaussian process', scope) !== d)
      throw unfit('Gaussian process', `[batch, ${d}]`, x, scope)
    const back = (value: Value): Value => cast(value, dtypeOf(x)!)
    const [lengths, height, own] = hyperparameters(scope)
    const places = div(double([m, d], given), lengths)
    const k = mul(kernelValue(div(cast(x, 'float64'), lengths), places, kernel, settings), height)
    const posterior = (weights: Value, spread: Value): Posterior => ({
      mean: back(matMul(k, weights)),
      variance: back(max(sub(height, reduceSum(pow(spread, 2), { axes: [1], keepDims: true })), 0)),
    })
    if (fixed) return posterior(fixed.weights, matMul(k, fixed.backwards))
    const all = add(mul(kernelValue(places, places, kernel, settings), height), mul(eye(m, { dtype: 'float64' }), own))
    const l = cholesky(all)
    const white = solveTriangular(l, y)
    const rows = transpose(solveTriangular(l, transpose(k)))
    const half = reduceSum(log(matMul(mul(l, eye(m, { dtype: 'float64' })), constant(ones(m)))))
    const density = add(neg(div(reduceSum(pow(white, 2)), 2)), neg(mul(outputs, half)))
    return {
      mean: back(matMul(rows, white)),
      variance: posterior(y, rows).variance,
      evidence: back(sub(density, (m * outputs * Math.log(2 * Math.PI)) / 2)),
    }
  }

  function hyperparameters(scope: Scope): [Value, Value, Value] {
    const values: [readonly number[], readonly number[], readonly number[]] = [scales, [variance], [noise]]
    if (!learned) return values.map((list) => double([list.length], Float64Array.from(list))) as [Value, Value, Value]
    const names = ['log_length_scale', 'log_variance', 'log_noise']
    return values.map((list, i) => {
      const initial: Initializer = () => Float32Array.from(list, Math.log)
      return exp(cast(scope.parameter(names[i], [list.length], initial, { fanIn: 1, fanOut: 1 }), 'float64'))
    }) as [Value, Value, Value]
  }

  /** K^-1 y, and L^-T, in which a row k has the length of L^-1 k. */
  function precomputed(): { weights: Value; backwards: Value } {
    const k = kernelMatrix(
      given.map((value, i) => value / scales[i % d]),
      m,
      kernel,
      settings,
    ).map((value, i) => variance * value + (i % (m + 1) === 0 ? noise : 0))
    const l = factorOf(k, m)
    const backwards = new Float64Array(m * m)
    for (let j = 0; j < m; j++)
      for (let i = j; i < m; i++) {
        let sum = Number(i === j)
        for (let s = j; s < i; s++) sum -= l[i * m + s] * backwards[j * m + s]
        backwards[j * m + i] = sum / l[i * m + i]
      }
    return {
      weights: double([m, outputs], choleskySolve(l, m, told, outputs)),
      backwards: double([m, m], backwards),
    }
  }
}

const double = (shape: readonly number[], data: Float64Array): Value => constant(tensor('float64', shape, data))
const ones = (m: number): Tensor => tensor('float64', [m, 1], new Float64Array(m).fill(1))
