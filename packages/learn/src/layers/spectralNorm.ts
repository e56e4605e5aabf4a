import { PodError, type Tensor } from '@mlpod/contract'
import { div, matMul, max, mul, reduceL2, reduceSum, reshape, stopGradient, transpose, type Value } from '@mlpod/graph'
import type { Random } from '@mlpod/math'
import type { Layer } from './layer.ts'
import { whole } from './shape.ts'

/** Settings of `spectralNorm`. */
export interface SpectralNormOptions {
  /** The axis of the weight that stands for the rows of its matrix. Default that of the units: 1 of two axes (dense), else 0. */
  readonly dimension?: number
  /** Steps of the power iteration in a step of training. Default 1. */
  readonly iterations?: number
  /** The least length that is divided by. Default 1e-12. */
  readonly epsilon?: number
}

/** The singular vectors of the largest singular value, as far as they are found. */
interface Pair<T> {
  readonly u: T
  readonly v: T
}

/**
 * Returns a layer whose weight is divided by its largest singular value. Its vectors are kept as `weight_u` and `weight_v`, begin
 * with 15 steps of the power iteration, and take `iterations` more at each step of training; a trained network uses them as they
 * are. The derivative takes them as constants: W / (u^T W v). Throws `LAYER_INVALID`.
 * Source: Miyato et al. (2018); torch.nn.utils.parametrizations.spectral_norm.
 */
export function spectralNorm(
  layer: Layer,
  { dimension, iterations = 1, epsilon = 1e-12 }: SpectralNormOptions = {},
): Layer {
  whole('spectral norm', { iterations })
  return (x, scope) =>
    layer(x, {
      ...scope,
      parameter(name, shape, initialize, fans) {
        const weight = scope.parameter(name, shape, initialize, fans)
        if (name !== 'weight') return weight
        const axis = dimension ?? (shape.length === 2 ? 1 : 0)
        if (!(Number.isInteger(axis) && shape.length > 1 && axis >= 0 && axis < shape.length))
          throw new PodError(
            'LAYER_INVALID',
            `the weight [${shape.join(', ')}] at "${scope.path}" has no axis ${axis} beside others`,
          )
        const order = [axis, ...shape.map((_, i) => i).filter((i) => i !== axis)]
        const rows = shape[axis]
        const columns = shape.reduce((product, dim) => product * dim, 1) / rows
        const matrix = reshape(transpose(weight, order), [rows, columns])
        const unit = (vector: Value): Value => div(vector, max(reduceL2(vector), epsilon))
        const turned = (v: Value): Pair<Value> => {
          const fixed = stopGradient(matrix)
          let found = { u: v, v }
          for (let i = 0; i < iterations; i++) {
            const u = unit(matMul(fixed, found.v))
            found = { u, v: unit(matMul(u, fixed)) }
          }
          return found
        }
        const first = lazily((draw: Random) => begun(firstOf(weight), shape, axis, draw, epsilon))
        const v = scope.state(
          'weight_v',
          [columns],
          (draw) => first(draw).v,
          () => used.v,
        )
        const u = scope.state(
          'weight_u',
          [rows],
          (draw) => first(draw).u,
          () => used.u,
        )
        // the next left vector follows from the right one alone
        const used = scope.training ? turned(v) : { u, v }
        return div(weight, reduceSum(mul(used.u, matMul(matrix, used.v))))
      },
    })
}

function lazily<A, T>(make: (argument: A) => T): (argument: A) => T {
  let made: T | undefined
  return (argument) => {
    made ??= make(argument)
    return made
  }
}

/** The values that a parameter begins with; a weight that is itself computed has none. */
function firstOf({ operation: { type, attributes } }: Value): Tensor | undefined {
  const { value } = attributes
  return type === 'Parameter' && value?.kind === 'tensor' ? value.value : undefined
}

/** Returns the vectors to begin with: drawn, then 15 steps. */
function begun(
  weight: Tensor | undefined,
  shape: readonly number[],
  axis: number,
  draw: Random,
  epsilon: number,
): Pair<Float32Array> {
  const rows = shape[axis]
  const data = (weight?.data ?? []) as ArrayLike<number>
  const inner = shape.slice(axis + 1).reduce((product, dim) => product * dim, 1)
  const columns = shape.reduce((product, dim) => product * dim, 1) / rows
  const unit = (vector: Float32Array): Float32Array => {
    const length = Math.max(epsilon, Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)))
    return vector.map((value) => value / length)
  }
  let v = unit(draw.at('v').fillNormal(new Float32Array(columns)))
  let u = unit(draw.at('u').fillNormal(new Float32Array(rows)))
  if (weight === undefined) return { u, v }
  // element (r, c) of the matrix: c counts the axes before and behind
  const place = (r: number, c: number): number => (Math.floor(c / inner) * rows + r) * inner + (c % inner)
  for (let turn = 0; turn < 15; turn++) {
    u = new Float32Array(rows)
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) u[r] += data[place(r, c)] * v[c]
    u = unit(u)
    v = new Float32Array(columns)
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) v[c] += data[place(r, c)] * u[r]
    v = unit(v)
  }
  return { u, v }
}
