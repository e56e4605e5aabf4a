import { type Tensor, tensor } from '@mlpod/contract'
import {
  add,
  cast,
  compile,
  div,
  grad,
  greater,
  input,
  type Loaded,
  type Model,
  matMul,
  mul,
  parameter,
  reduceMean,
  repeat,
  sigmoid,
  softplus,
  sqrt,
  sub,
  substitute,
  tanh,
  type Value,
} from '@mlpod/graph'

/** Points of two spirals, [n, 2], and which one each belongs to, [n, 1]. */
export function spirals(n: number): { readonly x: Tensor<'float32'>; readonly y: Tensor<'float32'> } {
  const [x, y] = [new Float32Array(2 * n), new Float32Array(n)]
  for (let i = 0; i < n; i++) {
    const t = Math.sqrt((i + 0.5) / n) * 3 * Math.PI
    const turn = i % 2 === 0 ? 0 : Math.PI
    x[2 * i] = (t * Math.cos(t + turn)) / 10
    x[2 * i + 1] = (t * Math.sin(t + turn)) / 10
    y[i] = i % 2
  }
  return { x: tensor('float32', [n, 2], x), y: tensor('float32', [n, 1], y) }
}

const SIZES = [2, 32, 32, 1]

/** Weights drawn evenly from the fan of each layer, by name. */
export function initial(seed: number): Record<string, Tensor<'float32'>> {
  let state = seed >>> 0 || 1
  const random = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
  const weights: Record<string, Tensor<'float32'>> = {}
  for (let layer = 0; layer + 1 < SIZES.length; layer++) {
    const [from, to] = [SIZES[layer], SIZES[layer + 1]]
    const limit = Math.sqrt(6 / (from + to)) * (layer === 0 ? 3 : 1)
    weights[`w${layer}`] = tensor(
      'float32',
      [from, to],
      Float32Array.from({ length: from * to }, () => (2 * random() - 1) * limit),
    )
    weights[`b${layer}`] = tensor('float32', [to], new Float32Array(to))
  }
  return weights
}

function logitOf(x: Value, weights: Readonly<Record<string, Value>>): Value {
  const last = SIZES.length - 2
  let h = x
  for (let layer = 0; layer <= last; layer++) {
    const z = add(matMul(h, weights[`w${layer}`]), weights[`b${layer}`])
    h = layer === last ? z : tanh(z)
  }
  return h
}

/** Returns the network as a model, as any exporter would write it: `x` in, `logit` out, the weights inside. */
export function network(): Model {
  const weights = Object.fromEntries(Object.entries(initial(1)).map(([name, value]) => [name, parameter(name, value)]))
  return compile({ outputs: { logit: logitOf(input('x', 'float32', ['n', 2]), weights) } })
}

/** The name of what Adam keeps for a weight. */
export const slot = (kind: 'm' | 'v', name: string): string => `${kind} ${name}`

/**
 * Returns the model that trains a loaded network by `steps` steps of Adam in one run, and the one that says how likely
 * points are of spiral 1.
 */
export function models(
  { inputs: { x }, outputs: { logit }, parameters }: Loaded,
  steps: number,
  rate = 0.01,
): { readonly train: Model; readonly predict: Model } {
  const names = Object.keys(parameters)
  const weights = Object.values(parameters)
  const shapes = initial(1)
  const slots = (['m', 'v'] as const).flatMap((kind) => names.map((name) => parameter(slot(kind, name), shapes[name])))
  const y = input('y', 'float32', ['n', 1])
  // -log sigmoid(z) for spiral 1, -log(1 - sigmoid(z)) for spiral 0
  const loss = reduceMean(sub(softplus(logit), mul(logit, y)))
  const leaves = [...weights, ...slots]
  const moved = grad(loss, weights).map((slope, i) => {
    const m = add(mul(slots[i], 0.9), mul(slope, 0.1))
    const v = add(mul(slots[names.length + i], 0.999), mul(mul(slope, slope), 0.001))
    return { m, v, w: sub(weights[i], mul(rate, div(m, add(sqrt(v), 1e-7)))) }
  })
  const next = [...moved.map(({ w }) => w), ...moved.map(({ m }) => m), ...moved.map(({ v }) => v)]
  const results = repeat(steps, leaves, (state) => {
    const turned = substitute([...next, loss], new Map(leaves.map((leaf, i) => [leaf, state[i]])))
    return { state: turned.slice(0, -1), collect: turned.slice(-1) }
  })
  const outputs = Object.fromEntries(leaves.map((leaf, i) => [`${leaf.name} next`, results[i]]))
  const right = reduceMean(cast(greater(mul(logit, sub(mul(y, 2), 1)), 0), 'float32'))
  return {
    train: compile({ inputs: [x, y, ...leaves], outputs: { ...outputs, losses: results[leaves.length] } }),
    predict: compile({ inputs: [x, y, ...weights], outputs: { probability: sigmoid(logit), right } }),
  }
}
