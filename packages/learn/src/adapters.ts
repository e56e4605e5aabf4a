import { PodError } from '@mlpod/contract'
import {
  abs,
  add,
  cast,
  constant,
  div,
  fakeQuantize,
  matMul,
  max,
  mul,
  reduceMax,
  stopGradient,
  type Value,
} from '@mlpod/graph'
import { initializers } from './layers/initializers.ts'
import type { Layer, Scope } from './layers/layer.ts'
import type { NamedNetwork } from './namedNetwork.ts'

type Parameter = Scope['parameter']

/** Returns a network whose parameters go through `change` before they are used. */
function through<N extends Layer | NamedNetwork>(network: N, change: (path: string, scope: Scope) => Parameter): N {
  const wrapped = (scope: Scope): Scope => ({
    ...scope,
    at: (part) => wrapped(scope.at(part)),
    parameter: (name, ...rest) => change(scope.path === '' ? name : `${scope.path}.${name}`, scope)(name, ...rest),
  })
  const layer = network as Layer
  const named = network as NamedNetwork
  const made: Layer | NamedNetwork =
    typeof network === 'function'
      ? (x: Value, scope: Scope) => layer(x, wrapped(scope))
      : { apply: (inputs: Readonly<Record<string, Value>>, scope: Scope) => named.apply(inputs, wrapped(scope)) }
  return made as N
}

/** Settings of `lora`. */
export interface LoraOptions {
  /** How many directions a weight may move in. Default 4. */
  readonly rank?: number
  /** The product is multiplied by alpha / rank. Default `rank`. */
  readonly alpha?: number
  /** Which matrices are adapted, by path. Default all. */
  readonly targets?: (path: string) => boolean
  /** Which of the other parameters are trained too. Default none. */
  readonly trains?: (path: string) => boolean
}

/**
 * Returns a network whose weights stay as they are and whose matrices move by a product of low rank: w + a b alpha / rank,
 * with `NAME.lora_a` drawn and `NAME.lora_b` zero at first, so that training begins at the network itself. Works on any
 * layer and on a loaded model (`loadedNetwork`). Source: Hu et al. (2022). Throws `OPTION_INVALID`.
 */
export function lora<N extends Layer | NamedNetwork>(
  network: N,
  { rank = 4, alpha = rank, targets = () => true, trains = () => false }: LoraOptions = {},
): N {
  if (!(Number.isSafeInteger(rank) && rank > 0))
    throw new PodError('OPTION_INVALID', `the rank of an adapter is ${rank}, not a whole number above 0`)
  return through(network, (path, scope) => (name, shape, initialize, fans) => {
    if (trains(path)) return scope.parameter(name, shape, initialize, fans)
    const fixed = scope.state(
      name,
      shape,
      (draw, sizes) => initialize(draw, sizes, fans),
      (old) => old,
    )
    if (shape.length !== 2 || !targets(path)) return fixed
    const [rows, columns] = shape
    const a = scope.parameter(`${name}.lora_a`, [rows, rank], initializers.heUniform, { fanIn: rows, fanOut: rank })
    const b = scope.parameter(`${name}.lora_b`, [rank, columns], initializers.zeros, { fanIn: rank, fanOut: columns })
    return add(fixed, mul(matMul(a, b), alpha / rank))
  })
}

/** Settings of `quantizationAware`. */
export interface QuantizationOptions {
  /** Which parameters are rounded, by path. Default matrices and kernels. */
  readonly targets?: (path: string) => boolean
}

/**
 * Returns a network whose weights are rounded to 255 levels (int8, symmetric, one scale a tensor) where they are used, while
 * gradients pass straight through: what it learns survives quantization. Source: Jacob et al. (2018).
 */
export const quantizationAware = <N extends Layer | NamedNetwork>(
  network: N,
  { targets = () => true }: QuantizationOptions = {},
): N =>
  through(network, (path, scope) => (name, shape, initialize, fans) => {
    const weight = scope.parameter(name, shape, initialize, fans)
    return shape.length < 2 || !targets(path) ? weight : rounded(weight)
  })

function rounded(weight: Value): Value {
  const scale = stopGradient(div(max(reduceMax(abs(weight)), 1e-12), 127))
  return fakeQuantize(weight, scale, cast(constant(0), 'int8'))
}
