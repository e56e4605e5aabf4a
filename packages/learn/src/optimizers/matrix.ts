import {
  abs,
  add,
  clip,
  constant,
  div,
  greater,
  ifElse,
  loop,
  matMul,
  max,
  mul,
  reduceMax,
  reduceSumSquare,
  sqrt,
  sub,
  transpose,
  type Value,
} from '@mlpod/graph'
import { adamW } from './adam.ts'
import { globalNorm, lerp, square } from './arithmetic.ts'
import { each, filled, keyOf, slotsOf, zeros } from './each.ts'
import { decayed, decays } from './momentum.ts'
import { type Optimizer, optimizer, refuse } from './optimizer.ts'
import { count, fixed, flag, type Given, numbers as list, nonNegative, oneOf, positive, rate, unit } from './option.ts'
import { partition } from './partition.ts'
import type { Trained } from './transform.ts'

/**
 * The nearest orthogonal matrix, roughly: X / |X|, then x <- a x + (b A + c A^2) x with A = x x^T, which takes all singular
 * values near 1. Source: Jordan et al. (2024).
 */
function orthogonal(x: Value, [a, b, c]: readonly number[], steps: number, epsilon: Value | number): Value {
  const [rows, columns] = x.shape as readonly number[]
  const tall = rows > columns
  let y = tall ? transpose(x) : x
  y = div(y, max(globalNorm([y]), epsilon))
  for (let i = 0; i < steps; i++) {
    const gram = matMul(y, transpose(y))
    const polynomial = add(mul(gram, b), mul(matMul(gram, gram), c))
    y = add(mul(y, a), matMul(polynomial, y))
  }
  return tall ? transpose(y) : y
}

const muonOptions = {
  learningRate: rate(1e-3),
  momentum: unit(0.95),
  nesterov: flag(true),
  weightDecay: nonNegative(0.1),
  coefficients: list([3.4445, -4.775, 2.0315]),
  steps: fixed(count(5)),
  epsilon: positive(1e-7),
  /** How the rate follows the sizes [rows, columns]: sqrt(max(1, rows/columns)), 0.2 sqrt(max(rows, columns)), sqrt(rows/columns). */
  scaling: oneOf(['original', 'rmsOfAdamW', 'spectral'], 'original'),
  /** Which axis of a matrix counts as rows: the units, which are the last axis of our dense layers and the first of torch's. */
  units: oneOf(['last', 'first'], 'last'),
  decays,
}

const scalings = {
  original: (rows: number, columns: number) => Math.sqrt(Math.max(1, rows / columns)),
  rmsOfAdamW: (rows: number, columns: number) => 0.2 * Math.sqrt(Math.max(rows, columns)),
  spectral: (rows: number, columns: number) => Math.sqrt(rows / columns),
}

/** Muon for matrices alone. */
const muonOfMatrices = optimizer({
  name: 'muon',
  source: 'torch.optim.Muon 2.15',
  parameters: muonOptions,
  make: ({ momentum, nesterov, weightDecay, coefficients, steps, epsilon, scaling, units, decays: shrinks }) => ({
    constants: { momentum, rest: 1 - momentum, epsilon },
    scalars: (_, rate) => ({ negativeRate: -rate, shrink: -rate * weightDecay }),
    ...each({ buffer: zeros }, ({ gradient, parameter, slots, numbers, shape, path }) => {
      const buffer = lerp(slots.buffer, gradient, numbers.rest)
      const direction = nesterov ? lerp(gradient, buffer, numbers.momentum) : buffer
      const u = orthogonal(direction, coefficients, steps, numbers.epsilon as Value)
      const [rows, columns] = units === 'first' ? shape : [shape[1], shape[0]]
      const step = mul(u, mul(numbers.negativeRate, scalings[scaling](rows, columns)))
      const shrunk = weightDecay !== 0 && shrinks(path)
      return { gradient: shrunk ? add(step, mul(parameter, numbers.shrink)) : step, slots: { buffer } }
    }),
  }),
})

/**
 * Returns Muon for matrices: momentum, made orthogonal by `steps` Newton-Schulz steps in single precision; everything else has
 * the optimizer `others`, AdamW at the same rate unless told otherwise. Source: Jordan et al. (2024); torch.optim.Muon 2.15,
 * which computes in bfloat16.
 */
export const muon = Object.assign(
  ({ others, matrices, ...given }: Given<typeof muonOptions> & MuonParts = {}): Optimizer =>
    partition(
      {
        matrices: muonOfMatrices(given),
        others: others ?? adamW({ learningRate: given.learningRate ?? muonOptions.learningRate.default }),
      },
      (path, shape) => (shape.length === 2 && (matrices?.(path) ?? true) ? 'matrices' : 'others'),
    ),
  { parameters: muonOptions, source: muonOfMatrices.source },
)

/** What has Muon, and what the rest has. */
export interface MuonParts {
  readonly others?: Optimizer
  /** Which matrices have Muon, by path; all by default. Embeddings and heads are often left out. */
  readonly matrices?: (path: string) => boolean
}

/**
 * A^(-1/p) of a positive definite matrix by the coupled Newton iteration: with M = z A, X = z^(1/p) I repeat
 * T = ((p + 1) I - M) / p, X <- X T, M <- T^p M until M is near I. Source: Guo, Higham (2006); the ridge is a share of the
 * largest eigenvalue.
 */
export function inverseRoot(a: Value, p: number, { ridge = 1e-6, steps = 100, tolerance = 1e-6 } = {}): Value {
  const n = a.shape[0] as number
  const identity = constant({
    dtype: 'float32',
    shape: [n, n],
    data: Float32Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
  })
  // the Frobenius norm bounds the largest eigenvalue from above
  const bound = max(sqrt(reduceSumSquare(a)), 1e-30)
  const damped = add(a, mul(identity, mul(bound, ridge)))
  const z = div((1 + p) / 2, mul(bound, 1 + ridge))
  const power = (x: Value): Value => {
    let result = x
    for (let i = 1; i < p; i++) result = matMul(result, x)
    return result
  }
  const error = (m: Value): Value => reduceMax(abs(sub(m, identity)))
  const [x] = loop(
    [mul(identity, root(z, p)), mul(damped, z)],
    ([current, m]) => {
      const t = div(sub(mul(identity, p + 1), m), p)
      const next = matMul(power(t), m)
      return { state: [matMul(current, t), next], proceed: greater(error(next), tolerance) }
    },
    { trips: steps },
  )
  return x
}

// x^(1/p) for p a power of two, or by the logarithm's rule otherwise
function root(x: Value, p: number): Value {
  let result = x
  let rest = p
  while (rest > 1) {
    if (rest % 2 !== 0) throw refuse('inverseRoot', `the root ${p} is no power of two`)
    result = sqrt(result)
    rest /= 2
  }
  return result
}

/**
 * Returns Shampoo: G of [r, c] is multiplied by L^(-1/4) and R^(-1/4), L and R the sums (with `beta`, averages) of G G^T and
 * G^T G, whose roots are taken anew every `every` steps; what is no matrix, or has a side above `most`, is divided by the root
 * of its sum of squares. Source: Gupta, Koren, Singer (2018), with roots by Newton's iteration.
 */
export const shampoo = optimizer({
  name: 'shampoo',
  source: 'Gupta, Koren, Singer (2018)',
  parameters: {
    learningRate: rate(1e-1),
    momentum: unit(0),
    beta: unit(0),
    epsilon: fixed(positive(1e-4)),
    /** What is added to the diagonals before a root is taken, as a share of their norm. */
    ridge: fixed(nonNegative(1e-6)),
    every: count(1),
    most: fixed(count(1024)),
    weightDecay: nonNegative(0),
    decays,
  },
  make(options) {
    const { momentum, beta, epsilon, ridge, every, most, weightDecay } = options
    const isMatrix = (shape: readonly number[]): boolean => shape.length === 2 && Math.max(...shape) <= most
    const start =
      (axis: number, value: number) =>
      ({ shape }: Trained) => {
        if (!isMatrix(shape)) return undefined
        const n = shape[axis]
        const tensor = filled([n, n])
        for (let i = 0; i < n; i++) (tensor.data as Float32Array)[i * (n + 1)] = value
        return tensor
      }
    return {
      constants: { momentum, weightDecay, beta: beta === 0 ? 1 : beta, now: beta === 0 ? 1 : 1 - beta },
      scalars: (t, rate) => ({ negativeRate: -rate, roots: (t - 1) % every === 0 ? 1 : 0 }),
      ...each(
        {
          left: start(0, epsilon),
          right: start(1, epsilon),
          leftRoot: start(0, 1),
          rightRoot: start(1, 1),
          sum: ({ shape }) => (isMatrix(shape) ? undefined : filled(shape, epsilon)),
          ...(momentum !== 0 && { buffer: zeros }),
        },
        (one) => {
          const { slots, numbers, shape } = one
          const g = decayed(one.gradient, one, options)
          const next: Record<string, Value> = {}
          let direction: Value
          if (isMatrix(shape)) {
            next.left = add(mul(slots.left, numbers.beta), mul(matMul(g, transpose(g)), numbers.now))
            next.right = add(mul(slots.right, numbers.beta), mul(matMul(transpose(g), g), numbers.now))
            const [left, right] = ifElse<readonly Value[]>(
              greater(numbers.roots, 0.5),
              () => [inverseRoot(next.left, 4, { ridge }), inverseRoot(next.right, 4, { ridge })],
              () => [slots.leftRoot, slots.rightRoot],
            )
            next.leftRoot = left
            next.rightRoot = right
            direction = matMul(matMul(left, g), right)
          } else {
            next.sum = add(mul(slots.sum, numbers.beta), mul(square(g), numbers.now))
            direction = div(g, sqrt(next.sum))
          }
          if (momentum !== 0) direction = next.buffer = add(mul(slots.buffer, numbers.momentum), direction)
          return { gradient: mul(direction, numbers.negativeRate), slots: next }
        },
      ),
    }
  },
})

/**
 * Returns Sophia: momentum divided by an estimate of the Hessian's diagonal (z times H z, z random signs; anew every `every`
 * steps), each element cut at `clip`. A second-order step costs another two gradients, only when it is taken.
 * Source: Liu et al. (2023); optax.contrib.sophia 0.2.8 with Hutchinson's estimator.
 */
export const sophia = optimizer({
  name: 'sophia',
  source: 'optax.contrib.sophia 0.2.8',
  parameters: {
    learningRate: rate(1e-3),
    beta1: unit(0.965),
    beta2: unit(0.99),
    epsilon: positive(1e-8),
    gamma: positive(0.01),
    clip: positive(1),
    every: count(10),
    weightDecay: nonNegative(1e-4),
    decays,
  },
  make(options) {
    const { beta1, beta2, epsilon, gamma, clip: most, every, weightDecay } = options
    return {
      constants: { rest1: 1 - beta1, rest2: 1 - beta2, epsilon, gamma, most, least: -most, weightDecay },
      scalars: (t, rate) => ({
        negativeRate: -rate,
        first: 1 / (1 - beta1 ** t),
        looks: (t - 1) % every === 0 ? 1 : 0,
      }),
      state: slotsOf({ m: zeros, h: zeros }),
      randoms: (parameters) =>
        Object.fromEntries(parameters.map(({ path, shape }) => [keyOf('sign', path), { shape, law: 'sign' as const }])),
      transform(step) {
        const { gradients, numbers, paths, parameters, randoms, state } = step
        const before = paths.map((path) => state[keyOf('h', path)])
        const m = gradients.map((g, i) => lerp(state[keyOf('m', paths[i])], g, numbers.rest1))
        const signs = paths.map((path) => randoms[keyOf('sign', path)])
        const h = ifElse<readonly Value[]>(
          greater(numbers.looks, 0.5),
          () => step.hessianTimes(signs).map((product, i) => lerp(before[i], mul(product, signs[i]), numbers.rest2)),
          () => before,
        )
        const next: Record<string, Value> = {}
        const steps = paths.map((path, i) => {
          next[keyOf('m', path)] = m[i]
          next[keyOf('h', path)] = h[i]
          const ratio = div(mul(m[i], numbers.first), max(mul(before[i], numbers.gamma), numbers.epsilon))
          const cut = clip(ratio, numbers.least, numbers.most)
          return mul(decayed(cut, { path, parameter: parameters[i], numbers }, options), numbers.negativeRate)
        })
        return { gradients: steps, state: next }
      },
    }
  },
})
