import { tensor } from '@mlpod/contract'
import {
  add,
  constant,
  div,
  gather,
  greater,
  ifElse,
  matMul,
  max,
  mul,
  oneHot,
  reduceL2,
  repeat,
  sub,
  transpose,
  unsqueeze,
  type Value,
} from '@mlpod/graph'
import { random } from '@mlpod/math'
import { zerosLike } from './arithmetic.ts'
import { around } from './around.ts'
import { filled, keyOf, slotsOf } from './each.ts'
import { type Optimizer, refuse } from './optimizer.ts'
import type { Trained } from './transform.ts'

const TINY = 1e-30

/** Columns made orthonormal one after the other (Gram, Schmidt, twice for the digits). */
export function orthonormal(y: Value): Value {
  const columns = y.shape[1] as number
  const [q] = repeat(columns, [zerosLike(y)], ([done], index) => {
    const without = (x: Value): Value => sub(x, matMul(done, matMul(transpose(done), x)))
    const place = unsqueeze(index, [0])
    const column = without(without(gather(y, place, { axis: 1 })))
    const unit = div(column, max(reduceL2(column), TINY))
    return [add(done, mul(unit, oneHot(place, columns)))]
  })
  return q
}

/**
 * Returns the first `rank` singular vectors of the longer side of a matrix, as columns, by orthogonal iteration on the product
 * of its shorter side: an error shrinks by the square of the ratio of neighbouring singular values in each turn.
 */
export function singularVectors(g: Value, rank: number, iterations: number): Value {
  const [rows, columns] = g.shape as readonly number[]
  const tall = rows >= columns
  const gram = tall ? matMul(transpose(g), g) : matMul(g, transpose(g))
  const n = Math.min(rows, columns)
  const start = random({ seed: 0, path: 'galore' }).fillNormal(new Float32Array(n * rank))
  const [short] = repeat(iterations, [orthonormal(constant(tensor('float32', [n, rank], start)))], ([q]) => [
    orthonormal(matMul(gram, q)),
  ])
  const long = matMul(tall ? g : transpose(g), short)
  return div(long, max(reduceL2(long, { axes: [0], keepDims: true }), TINY))
}

/**
 * Returns an optimizer that works on the gradients of matrices projected on their first `rank` singular vectors, found anew
 * every `every` steps, so that what it keeps has the size of the projection; its steps are projected back, times `factor`.
 * Nothing it does may depend on the parameters: decay goes outside. Throws `OPTIMIZER_INVALID`.
 * Source: Zhao et al. (2024); optax.contrib.galore 0.2.8, with vectors by iteration.
 */
export function galore(optimizer: Optimizer, { rank = 128, every = 200, factor = 1, iterations = 30 } = {}): Optimizer {
  for (const [name, value] of Object.entries({ rank, every, iterations }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw refuse('galore', `${name} is ${value}, not a whole number >= 1`)
  const effective = (shape: readonly number[]): number => Math.min(rank, ...shape)
  const isMatrix = (shape: readonly number[]): boolean => shape.length === 2
  const small = ([rows, columns]: readonly number[]): readonly number[] => {
    const r = effective([rows, columns])
    return rows >= columns ? [r, columns] : [rows, r]
  }
  const projected = (parameter: Trained): Trained => {
    if (!isMatrix(parameter.shape)) return parameter
    const shape = small(parameter.shape)
    return { ...parameter, shape, initial: filled(shape) }
  }
  const wrapper = around(optimizer, {
    name: 'galore',
    options: { rank, every, factor, iterations },
    state: slotsOf({
      projector: ({ shape }) => (isMatrix(shape) ? filled([Math.max(...shape), effective(shape)]) : undefined),
    }),
    scalars: ({ t }) => ({ looks: (t - 1) % every === 0 ? 1 : 0 }),
    transform(step, inside) {
      const projectors: Record<string, Value> = {}
      const tall = (x: Value): boolean => (x.shape[0] as number) >= (x.shape[1] as number)
      const low = step.gradients.map((g, i) => {
        const key = keyOf('projector', step.paths[i])
        const shape = step.parameters[i].shape as readonly number[]
        if (!isMatrix(shape)) return g
        projectors[key] = ifElse(
          greater(step.numbers.looks, 0.5),
          () => singularVectors(g, effective(shape), iterations),
          () => step.state[key],
        )
        return tall(step.parameters[i]) ? matMul(transpose(projectors[key]), g) : matMul(g, projectors[key])
      })
      const { gradients, state } = inside.apply({ ...step, gradients: low, parameters: low.map(zerosLike) })
      return {
        gradients: gradients.map((u, i) => {
          const projector = projectors[keyOf('projector', step.paths[i])]
          if (!projector) return u
          const back = tall(step.parameters[i]) ? matMul(projector, u) : matMul(u, transpose(projector))
          return mul(back, factor)
        }),
        state: { ...state, ...projectors },
      }
    },
  })
  return {
    ...wrapper,
    state: (parameters) => {
      const own = wrapper.state!(parameters)
      const inner = wrapper.state!(parameters.map(projected))
      return Object.fromEntries(
        Object.keys(own).map((name) => [name, name.startsWith('projector ') ? own[name] : inner[name]]),
      )
    },
  }
}
