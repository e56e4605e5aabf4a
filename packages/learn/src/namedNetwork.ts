import { PodError } from '@mlpod/contract'
import type { Value } from '@mlpod/graph'
import { type Layer, type Network, type NetworkOptions, network, type Scope } from './layers/layer.ts'

/** A network of several inputs or outputs: what it makes of values of shape [batch, ...] by name. */
export interface NamedNetwork {
  readonly apply: (inputs: Readonly<Record<string, Value>>, scope: Scope) => Readonly<Record<string, Value>>
}

/** A network with its outputs by name. */
export interface BuiltNetwork extends Omit<Network, 'output'> {
  readonly outputs: Readonly<Record<string, Value>>
}

/** The one input and the one output of a layer. */
export const [INPUT, OUTPUT] = ['x', 'y']

/**
 * Returns a network applied to values, with its parameters; a layer has the input `x` and the output `y`.
 * Throws what `network` throws, `INPUT_MISSING` when a layer is given no `x`, and `OUTPUT_MISSING`.
 */
export function buildNetwork(
  made: Layer | NamedNetwork,
  inputs: Readonly<Record<string, Value>>,
  options: NetworkOptions,
): BuiltNetwork {
  const first = Object.values(inputs)[0]
  if (first === undefined || (typeof made === 'function' && !(INPUT in inputs)))
    throw new PodError('INPUT_MISSING', `the network has no input "${INPUT}"`, {
      hint: 'a network of several inputs is { apply: ({ a, b }, scope) => ({ y }) }',
    })
  let outputs: Readonly<Record<string, Value>> = {}
  const all: Layer = (_, scope) => {
    outputs = typeof made === 'function' ? { [OUTPUT]: made(inputs[INPUT], scope) } : made.apply(inputs, scope)
    const [output] = Object.values(outputs)
    if (output === undefined) throw new PodError('OUTPUT_MISSING', 'the network gives nothing')
    return output
  }
  const { output: _, ...rest } = network(all, first, options)
  return { outputs, ...rest }
}
