import { didYouMean, PodError, type Tensor } from '@mlpod/contract'
import { compile, dtypeOf, type Loaded, type Model, parameter, substitute, type Value } from '@mlpod/graph'
import type { NamedNetwork } from './namedNetwork.ts'

/** Which inputs and outputs of a loaded model are used, by the names that the data has for them. */
export interface LoadedNetworkOptions {
  /** The model's input by the name of a column. Default: every input by its own name; a single one is also `x`. */
  readonly inputs?: Readonly<Record<string, string>>
  /** The model's output by the name of a target. Default: every output by its own name; a single one is also `y`. */
  readonly outputs?: Readonly<Record<string, string>>
}

/** The name of what there is only one of. */
const named = (names: readonly string[], alone: string): Record<string, string> =>
  names.length === 1 ? { [alone]: names[0] } : Object.fromEntries(names.map((name) => [name, name]))

/**
 * Returns a loaded model as a network to train: its floating initializers of single precision are the parameters, under their
 * own names, beginning with their own values. Throws `INPUT_UNKNOWN`, `OUTPUT_UNKNOWN`, `NETWORK_EMPTY` when nothing can be
 * trained.
 */
export function loadedNetwork(loaded: Loaded, { inputs, outputs }: LoadedNetworkOptions = {}): NamedNetwork {
  const needed = Object.keys(loaded.inputs)
  const inputNames = inputs ?? named(needed, 'x')
  const outputNames = outputs ?? named(Object.keys(loaded.outputs), 'y')
  const known = (name: string, all: Readonly<Record<string, Value>>, code: string, what: string): void => {
    if (!(name in all))
      throw new PodError(code, `the model has no ${what} "${name}"${didYouMean(name, Object.keys(all))}`)
  }
  for (const name of Object.values(inputNames)) known(name, loaded.inputs, 'INPUT_UNKNOWN', 'input')
  for (const name of Object.values(outputNames)) known(name, loaded.outputs, 'OUTPUT_UNKNOWN', 'output')
  const trained = trainable(loaded)
  return {
    apply(given, scope) {
      const replaced = new Map<Value, Value>()
      for (const [name, input] of Object.entries(inputNames)) {
        if (!given[name])
          throw new PodError('INPUT_MISSING', `the model's input "${input}" is not given`, {
            hint: `give the data a column "${name}"`,
          })
        replaced.set(loaded.inputs[input], given[name])
      }
      for (const [name, { value, tensor }] of Object.entries(trained))
        replaced.set(
          value,
          scope.parameter(name, tensor.shape, () => tensor.data as Float32Array, { fanIn: 1, fanOut: 1 }),
        )
      const names = Object.keys(outputNames)
      const results = substitute(
        names.map((name) => loaded.outputs[outputNames[name]]),
        replaced,
      )
      return Object.fromEntries(names.map((name, i) => [name, results[i]]))
    },
  }
}

/** The parameters that can be trained, with their values. */
function trainable(loaded: Loaded): Record<string, { readonly value: Value; readonly tensor: Tensor }> {
  const found = Object.fromEntries(
    Object.entries(loaded.parameters).flatMap(([name, value]) => {
      const attribute = value.operation.attributes.value
      return dtypeOf(value) === 'float32' && attribute?.kind === 'tensor'
        ? [[name, { value, tensor: attribute.value }]]
        : []
    }),
  )
  if (Object.keys(found).length === 0)
    throw new PodError('NETWORK_EMPTY', `the model "${loaded.name}" has no parameters of single precision`, {
      hint: 'export it with its weights as initializers of float32',
    })
  return found
}

/**
 * Returns the loaded model with other values of its parameters: the same graph, under the same names. Throws
 * `PARAMETER_UNKNOWN`, `SHAPE_MISMATCH`.
 */
export function withParameters(
  loaded: Loaded,
  parameters: Readonly<Record<string, Tensor>>,
  { metadata = loaded.metadata }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Model {
  const replaced = new Map<Value, Value>()
  for (const [name, tensor] of Object.entries(parameters)) {
    const value = loaded.parameters[name]
    if (!value)
      throw new PodError(
        'PARAMETER_UNKNOWN',
        `the model has no parameter "${name}"${didYouMean(name, Object.keys(loaded.parameters))}`,
      )
    if (String(value.shape) !== String(tensor.shape))
      throw new PodError(
        'SHAPE_MISMATCH',
        `the parameter "${name}" is [${value.shape.join(', ')}], not [${tensor.shape.join(', ')}]`,
      )
    replaced.set(value, parameter(name, tensor))
  }
  const names = Object.keys(loaded.outputs)
  const outputs = substitute(Object.values(loaded.outputs), replaced)
  return compile({
    inputs: loaded.inputs,
    outputs: Object.fromEntries(names.map((name, i) => [name, outputs[i]])),
    name: loaded.name,
    metadata,
    optimize: false,
  })
}
