import { PodError, type Tensor } from '@mlpod/contract'
import { add, gemm, matMul, mul, neg, pow, reduceSum, sub, transpose, unsqueeze } from '@mlpod/graph'
import { inverse as inverseOf, cholesky as lowerFactor, solve } from '@mlpod/math'
import type { Initializer, Layer } from './layer.ts'
import { known, unfit } from './shape.ts'

/** Classes as normal distributions: what `fitDiscriminant` learns and the two layers are built from. */
export interface Discriminant {
  /** The labels in rising order: class k of the layers is `classes[k]`. */
  readonly classes: readonly number[]
  readonly features: number
  /** One a class; they add up to 1. */
  readonly priors: readonly number[]
  /** One row a class, [classes, features]. */
  readonly means: Float64Array
  /** Of all classes together, [features, features]. */
  readonly covariance: Float64Array
  /** One matrix a class, [classes, features, features]. */
  readonly covariances: readonly Float64Array[]
}

/** Settings of `fitDiscriminant`. */
export interface DiscriminantOptions {
  /** Default the shares of the classes in the data. */
  readonly priors?: readonly number[]
  /** How much of each covariance is replaced by its mean variance on the diagonal, in [0, 1]. Default 0. */
  readonly shrinkage?: number
  /** How much of each covariance is replaced by 1 on the diagonal, in [0, 1]. Default 0. sklearn's `reg_param`. */
  readonly regularization?: number
}

/**
 * Returns the classes of rows [n, features] with labels [n] as normal distributions. Covariances divide by the numbers of
 * rows, the common one is their mean by the priors. Throws `SHAPE_MISMATCH`, `CLASSES_FEW` for less than two classes,
 * `PRIORS_INVALID`, `RANGE_INVALID`. Source: sklearn 1.9 LinearDiscriminantAnalysis(solver="lsqr") and
 * QuadraticDiscriminantAnalysis.
 */
export function fitDiscriminant(
  x: Tensor,
  y: Tensor,
  { priors, shrinkage = 0, regularization = 0 }: DiscriminantOptions = {},
): Discriminant {
  const [n, d] = x.shape
  if (x.shape.length !== 2 || x.dtype === 'string' || y.data.length !== n || y.dtype === 'string')
    throw new PodError(
      'SHAPE_MISMATCH',
      `a discriminant is fitted to numbers [n, features] and labels [n], not [${x.shape.join(', ')}] and [${y.shape.join(', ')}]`,
    )
  for (const [name, value] of Object.entries({ shrinkage, regularization }))
    if (!(value >= 0 && value <= 1)) throw new PodError('RANGE_INVALID', `the ${name} ${value} is not in [0, 1]`)
  const labels = Array.from(y.data as ArrayLike<number>, Number)
  const classes = [...new Set(labels)].sort((a, b) => a - b)
  if (classes.length < 2)
    throw new PodError('CLASSES_FEW', `a discriminant tells classes apart, and there are ${classes.length}`)
  const members = classes.map((label) => labels.flatMap((own, row) => (own === label ? [row] : [])))
  const shares = priors ?? members.map((rows) => rows.length / n)
  if (
    shares.length !== classes.length ||
    shares.some((share) => !(share >= 0)) ||
    Math.abs(shares.reduce((a, b) => a + b, 0) - 1) > 1e-6
  )
    throw new PodError('PRIORS_INVALID', `the priors ${shares.join(', ')} are not ${classes.length} shares of 1`)
  const means = new Float64Array(classes.length * d)
  const covariances = members.map((rows, k) => {
    const mean = means.subarray(k * d, (k + 1) * d)
    for (const row of rows) for (let i = 0; i < d; i++) mean[i] += Number(x.data[row * d + i]) / rows.length
    const sums = new Float64Array(d * d)
    for (const row of rows)
      for (let i = 0; i < d; i++) {
        const left = (Number(x.data[row * d + i]) - mean[i]) / rows.length
        for (let j = 0; j < d; j++) sums[i * d + j] += left * (Number(x.data[row * d + j]) - mean[j])
      }
    return shrunk(sums, d, shrinkage, regularization)
  })
  const covariance = new Float64Array(d * d)
  covariances.forEach((own, k) => {
    for (let i = 0; i < d * d; i++) covariance[i] += shares[k] * own[i]
  })
  return { classes, features: d, priors: shares, means, covariance, covariances }
}

/** A covariance, nearer to its mean variance times 1, and then nearer to 1. */
function shrunk(sums: Float64Array, d: number, shrinkage: number, regularization: number): Float64Array {
  let trace = 0
  for (let i = 0; i < d; i++) trace += sums[i * d + i]
  return sums.map((value, i) => {
    const diagonal = Number(Math.floor(i / d) === i % d)
    const first = (1 - shrinkage) * value + (shrinkage * trace * diagonal) / d
    return (1 - regularization) * first + regularization * diagonal
  })
}

const given =
  (values: ArrayLike<number>): Initializer =>
  () =>
    Float32Array.from(values)
const ONE = { fanIn: 1, fanOut: 1 }

/**
 * Returns the layer x W + b whose softmax are the probabilities of classes that share a covariance C: W = C^-1 mean,
 * b = log prior - 1/2 mean C^-1 mean. [batch, features] to [batch, classes]; `weight` and `bias` go on training if you like.
 * For two classes the difference of the outputs is sklearn's decision function. Throws `MATRIX_NOT_POSITIVE` for features of
 * which one follows from others. Source: Fisher (1936); sklearn LinearDiscriminantAnalysis.
 */
export function linearDiscriminant({ classes, features: d, priors, means, covariance }: Discriminant): Layer {
  const count = classes.length
  const columns = new Float64Array(d * count)
  for (let k = 0; k < count; k++) for (let i = 0; i < d; i++) columns[i * count + k] = means[k * d + i]
  const weight = solve(covariance, d, columns, { columns: count })
  const bias = priors.map((prior, k) => {
    let product = 0
    for (let i = 0; i < d; i++) product += means[k * d + i] * weight[i * count + k]
    return Math.log(prior) - product / 2
  })
  return (x, scope) => {
    if (x.shape.length !== 2 || known(x, 1, 'linear discriminant', scope) !== d)
      throw unfit('linear discriminant', `[batch, ${d}]`, x, scope)
    const w = scope.parameter('weight', [d, count], given(weight), ONE)
    return gemm(x, w, scope.parameter('bias', [count], given(bias), ONE))
  }
}

/**
 * Returns the layer whose softmax are the probabilities of classes that each have a covariance C: log prior - 1/2 log det C
 * - 1/2 |(x - mean) F|^2 with F F^T = C^-1. [batch, features] to [batch, classes]; `means`, `factors` and `bias`. Throws
 * `MATRIX_NOT_POSITIVE`, as of a class with too few rows. Source: sklearn QuadraticDiscriminantAnalysis.
 */
export function quadraticDiscriminant({ classes, features: d, priors, means, covariances }: Discriminant): Layer {
  const count = classes.length
  const factors = new Float64Array(count * d * d)
  const bias = covariances.map((covariance, k) => {
    const factor = lowerFactor(inverseOf(covariance, d), d)
    factors.set(factor, k * d * d)
    let logs = 0
    for (let i = 0; i < d; i++) logs += Math.log(factor[i * d + i])
    return Math.log(priors[k]) + logs
  })
  return (x, scope) => {
    if (x.shape.length !== 2 || known(x, 1, 'quadratic discriminant', scope) !== d)
      throw unfit('quadratic discriminant', `[batch, ${d}]`, x, scope)
    const centres = scope.parameter('means', [count, d], given(means), ONE)
    const f = scope.parameter('factors', [count, d, d], given(factors), ONE)
    const away = transpose(sub(unsqueeze(x, [1]), centres), [1, 0, 2])
    const distances = transpose(reduceSum(pow(matMul(away, f), 2), { axes: [2] }))
    return add(neg(mul(0.5, distances)), scope.parameter('bias', [count], given(bias), ONE))
  }
}
