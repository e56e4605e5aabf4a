import { tensor } from '@mlpod/contract'
import {
  add,
  constant,
  div,
  gather,
  greater,
  ifElse,
  matMul,
  mul,
  reduceSum,
  repeat,
  sqrt,
  topK,
  transpose,
  type Value,
  where,
} from '@mlpod/graph'
import { random } from '@mlpod/math'
import { lerp, square } from './arithmetic.ts'
import { each, filled, type Updated, zeros } from './each.ts'
import { orthonormal } from './galore.ts'
import { decays } from './momentum.ts'
import { optimizer } from './optimizer.ts'
import { count, fixed, nonNegative, positive, rate, unit } from './option.ts'
import type { Trained } from './transform.ts'

/** The eigenvectors of a symmetric matrix, largest eigenvalue first, by orthogonal iteration. */
function eigenvectors(a: Value, turns: number): Value {
  const n = a.shape[0] as number
  const start = random({ seed: 0, path: 'soap' }).fillNormal(new Float32Array(n * n))
  const [q] = repeat(turns, [orthonormal(constant(tensor('float32', [n, n], start)))], ([current]) => [
    orthonormal(matMul(a, current)),
  ])
  return q
}

/** One more turn of the iteration, its columns in the order of what they say of the eigenvalues; with that order. */
function turned(a: Value, q: Value): { readonly q: Value; readonly order: Value } {
  // the diagonal of Q^T A Q
  const values = reduceSum(mul(q, matMul(a, q)), { axes: [0] })
  const { indices: order } = topK(values, a.shape[0] as number)
  return { q: orthonormal(matMul(a, gather(q, order, { axis: 1 }))), order }
}

/**
 * Returns SOAP: Adam in the eigenbasis of Shampoo's two matrices, which follows them by one turn of orthogonal iteration every
 * `every` steps; the first step only looks. What is no matrix, or has a side above `most`, has Adam.
 * Source: Vyas et al. (2024), Algorithm 3, with the first basis by `turns` turns of the iteration.
 */
export const soap = optimizer({
  name: 'soap',
  source: 'Vyas et al. (2024)',
  parameters: {
    learningRate: rate(3e-3),
    beta1: unit(0.95),
    beta2: unit(0.95),
    betaOfMatrices: unit(0.95),
    epsilon: positive(1e-8),
    every: count(10),
    turns: fixed(count(50)),
    most: fixed(count(1024)),
    weightDecay: nonNegative(0.01),
    decays,
  },
  make(options) {
    const { beta1, beta2, betaOfMatrices, epsilon, every, turns, most, weightDecay } = options
    const isMatrix = (shape: readonly number[]): boolean => shape.length === 2 && Math.max(...shape) <= most
    const side =
      (axis: number) =>
      ({ shape }: Trained) =>
        isMatrix(shape) ? filled([shape[axis], shape[axis]]) : undefined
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, restOfMatrices: 1 - betaOfMatrices, epsilon },
      scalars(t, rate) {
        // the first step only looks
        const taken = t - 1
        return {
          begins: taken === 0 ? 1 : 0,
          follows: taken > 0 && taken % every === 0 ? 1 : 0,
          factor: taken === 0 ? 0 : (-rate * Math.sqrt(1 - beta2 ** taken)) / (1 - beta1 ** taken),
          shrink: taken === 0 ? 0 : -rate * weightDecay,
          active: taken === 0 ? 0 : 1,
        }
      },
      ...each(
        { m: zeros, v: zeros, left: side(0), right: side(1), leftBasis: side(0), rightBasis: side(1) },
        ({ gradient: g, parameter, slots, numbers, shape, path }): Updated => {
          const matrix = isMatrix(shape)
          const { leftBasis, rightBasis } = slots
          const into = (x: Value): Value => (matrix ? matMul(matMul(transpose(leftBasis), x), rightBasis) : x)
          const out = (x: Value): Value => (matrix ? matMul(matMul(leftBasis, x), transpose(rightBasis)) : x)
          const m = lerp(slots.m, g, mul(numbers.active, numbers.rest1))
          const v = lerp(slots.v, square(into(g)), mul(numbers.active, numbers.rest2))
          const direction = out(div(into(m), add(sqrt(v), numbers.epsilon)))
          // before the first basis there is no direction, nor a number
          const step = where(greater(numbers.active, 0.5), mul(direction, numbers.factor), 0)
          const shrinks = weightDecay !== 0 && options.decays(path)
          const gradient = shrinks ? add(step, mul(parameter, numbers.shrink)) : step
          if (!matrix) return { gradient, slots: { m, v } }
          const left = lerp(slots.left, matMul(g, transpose(g)), numbers.restOfMatrices)
          const right = lerp(slots.right, matMul(transpose(g), g), numbers.restOfMatrices)
          const [nextLeft, nextRight, nextV] = ifElse<readonly Value[]>(
            greater(numbers.begins, 0.5),
            () => [eigenvectors(left, turns), eigenvectors(right, turns), v],
            () =>
              ifElse<readonly Value[]>(
                greater(numbers.follows, 0.5),
                () => {
                  const [a, b] = [turned(left, leftBasis), turned(right, rightBasis)]
                  return [a.q, b.q, gather(gather(v, a.order, { axis: 0 }), b.order, { axis: 1 })]
                },
                () => [leftBasis, rightBasis, v],
              ),
          )
          return { gradient, slots: { m, v: nextV, left, right, leftBasis: nextLeft, rightBasis: nextRight } }
        },
      ),
    }
  },
})
