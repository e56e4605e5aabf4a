import { PodError, type Tensor, tensor } from '@mlpod/contract'
import { constant, grad, matMul, mul, reduceSum, reshape, transpose, type Value } from '@mlpod/graph'
import { symmetricEigen } from '@mlpod/math'
import { productWith, readersOf } from '../readers.ts'
import { blocks, type LinearOperator } from './operator.ts'
import type { Vector } from './vector.ts'

/** A dense layer y = x w (+ b) in a graph, by its weight. */
interface Layer {
  readonly weight: Value
  /** [rows, in], rows being examples, or examples and times. */
  readonly x: Value
  /** The cotangent of the layer's output, [rows, out], of the sum of the losses. */
  readonly g: Value
}

/** Second moments of one layer over the batch: sums, to be added over batches and divided by `count`. */
export interface KroneckerFactors {
  /** sum x x^T, [in, in]. */
  readonly a: Value
  /** sum g g^T, [out, out]. */
  readonly g: Value
}

/** The layers' second moments as graph values, by the weight's name. */
export interface Factors {
  readonly layers: Readonly<Record<string, KroneckerFactors>>
  /** The number of rows summed over, by the weight's name. */
  readonly weights: Vector
}

/**
 * Returns the Kronecker factors of the Fisher matrix of dense layers: for y = x w, E[x x^T] and E[g g^T] as sums over the
 * batch. `losses` are [batch], with labels drawn from the model for the true Fisher matrix, or the data's for the
 * empirical one. Throws `OPERATOR_INVALID` for a weight that is not the matrix of one product.
 * Source: Martens, Grosse (2015), K-FAC.
 */
export function kroneckerFactors(losses: Value, weights: Vector): Factors {
  const layers = layersOf(losses, weights)
  return {
    weights,
    layers: Object.fromEntries(
      layers.map(({ weight, x, g }) => [
        nameOf(weight),
        { a: matMul(transpose(x, [1, 0]), x), g: matMul(transpose(g, [1, 0]), g) },
      ]),
    ),
  }
}

/** Sums that were run, by the weight's name. */
export type Sums = Readonly<Record<string, { readonly a: Tensor; readonly g: Tensor }>>

/** The eigenbases of a layer's factors: columns of `qa` [in, in] and `qg` [out, out], and their eigenvalues. */
export interface Eigenbasis {
  readonly qa: Tensor<'float32'>
  readonly qg: Tensor<'float32'>
  readonly a: Float64Array
  readonly g: Float64Array
}

/** Returns the eigenbases of the factors, divided by the number of rows they were summed over. */
export function eigenbases(sums: Sums, count: number): Readonly<Record<string, Eigenbasis>> {
  if (!(count > 0)) throw new PodError('OPTION_INVALID', `the factors are sums over ${count} rows`)
  return Object.fromEntries(
    Object.entries(sums).map(([name, { a, g }]) => {
      const [left, right] = [a, g].map((sum) => {
        const n = sum.shape[0]
        const { values, vectors } = symmetricEigen(
          Float64Array.from(sum.data as Float32Array, (value) => value / count),
          n,
        )
        // rows of eigenvectors become columns
        const columns = new Float32Array(n * n)
        for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) columns[j * n + i] = vectors[i * n + j]
        return { q: tensor('float32', [n, n], columns), values: values.map((value) => Math.max(value, 0)) }
      })
      return [name, { qa: left.q, qg: right.q, a: left.values, g: right.values }]
    }),
  )
}

/**
 * Returns the second moments of gradients in the eigenbases, summed over the batch, [in, out] by the weight's name: the
 * corrected eigenvalues of EK-FAC. Source: George et al. (2018).
 */
export function correctedEigenvalues(
  losses: Value,
  weights: Vector,
  bases: Readonly<Record<string, Eigenbasis>>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    layersOf(losses, weights).map(({ weight, x, g }) => {
      const { qa, qg } = bases[nameOf(weight)]
      const [u, v] = [matMul(x, constant(qa)), matMul(g, constant(qg))]
      return [nameOf(weight), matMul(transpose(mul(u, u), [1, 0]), mul(v, v))]
    }),
  )
}

/** Settings of `kfac`. */
export interface KfacOptions {
  /** Added to each eigenvalue. Default 1e-3. */
  readonly damping?: number
  /** The corrected eigenvalues (means), [in, out] by the weight's name: EK-FAC. Default: products of the factors' own. */
  readonly eigenvalues?: Readonly<Record<string, Tensor>>
}

/** A block-diagonal approximation of a curvature matrix, with its exact damped inverse. */
export interface Kfac {
  readonly operator: LinearOperator
  readonly inverse: LinearOperator
}

/**
 * Returns the K-FAC (or, with eigenvalues, EK-FAC) matrix of dense layers on vectors of their weights, and its inverse: both
 * cost four small products a layer. Source: Martens, Grosse (2015); George et al. (2018); Grosse et al. (2023).
 */
export function kfac(
  weights: Vector,
  bases: Readonly<Record<string, Eigenbasis>>,
  { damping = 1e-3, eigenvalues }: KfacOptions = {},
): Kfac {
  if (!(damping >= 0)) throw new PodError('OPTION_INVALID', `the damping is ${damping}, no number >= 0`)
  const block = (weight: Value, invert: boolean): LinearOperator => {
    const name = nameOf(weight)
    const basis = bases[name]
    if (basis === undefined) throw new PodError('OPERATOR_INVALID', `no factors are given for the weight "${name}"`)
    const { qa, qg, a, g } = basis
    const [n, m] = [a.length, g.length]
    const [rows, columns] = weight.shape
    const transposedWeight = !(rows === n && columns === m)
    const given = eigenvalues?.[name].data as Float32Array | undefined
    const values = Float32Array.from({ length: n * m }, (_, i) => {
      const value = (given ? given[i] : a[Math.floor(i / m)] * g[i % m]) + damping
      return invert ? 1 / value : value
    })
    const [left, right, scale] = [constant(qa), constant(qg), constant(tensor('float32', [n, m], values))]
    const turned = (v: Value): Value => (transposedWeight ? transpose(v, [1, 0]) : v)
    const apply = ([v]: Vector): Value[] => {
      const inside = matMul(matMul(transpose(left, [1, 0]), turned(v)), right)
      return [turned(matMul(matMul(left, mul(inside, scale)), transpose(right, [1, 0])))]
    }
    return { name: 'K-FAC', domain: [weight], apply, transposed: apply, symmetric: true, positive: true }
  }
  return {
    operator: blocks(weights.map((weight) => block(weight, false))),
    inverse: blocks(weights.map((weight) => block(weight, true))),
  }
}

const nameOf = (weight: Value): string => weight.name ?? weight.operation.type

/** Finds each weight's one product, its rows and the cotangent of its output. */
function layersOf(losses: Value, weights: Vector): readonly Layer[] {
  const all = readersOf(losses, weights)
  const found = weights.map((weight) => {
    const readers = all.get(weight)!
    const product = readers.length === 1 ? productWith(readers[0], weight) : undefined
    if (product === undefined)
      throw new PodError('OPERATOR_INVALID', `the weight "${nameOf(weight)}" is not the matrix of one product x w`, {
        hint: 'K-FAC is for dense layers: leave other parameters out',
      })
    return { weight, ...product }
  })
  const cotangents = grad(
    reduceSum(losses),
    found.map(({ output }) => output),
  )
  const rows = (value: Value): Value =>
    value.shape.length === 2 ? value : reshape(value, [-1, value.shape.at(-1) as number])
  return found.map(({ weight, x, alpha }, i) => ({
    weight,
    x: alpha === 1 ? rows(x) : mul(rows(x), alpha),
    g: rows(cotangents[i]),
  }))
}
