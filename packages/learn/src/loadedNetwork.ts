import { didYouMean, PodError, type Tensor } from '@mlpod/contract'
import {
  add,
  cast,
  compile,
  div,
  dtypeOf,
  type Loaded,
  type Model,
  max,
  mul,
  type Operation,
  parameter,
  reduceMean,
  reshape,
  size,
  sqrt,
  stopGradient,
  sub,
  substitute,
  topological,
  type Value,
} from '@mlpod/graph'
import type { Scope } from './layers/layer.ts'
import type { NamedNetwork } from './namedNetwork.ts'

/** Which inputs and outputs of a loaded model are used, by the names that the data has for them. */
export interface LoadedNetworkOptions {
  /** The model's input by the name of a column. Default: every input by its own name; a single one is also `x`. */
  readonly inputs?: Readonly<Record<string, string>>
  /** The model's output by the name of a target. Default: every output by its own name; a single one is also `y`. */
  readonly outputs?: Readonly<Record<string, string>>
  /**
   * What becomes of batch normalisations. `frozen` (default): they use the statistics of the file, which stay. `training`:
   * they use those of each batch, and move the kept ones by a tenth, as in torch.
   */
  readonly batchNorm?: 'frozen' | 'training'
  /** Whether single numbers are trained. Default false: in files they are the constants of formulas. */
  readonly scalars?: boolean
}

/** The name of what there is only one of. */
const named = (names: readonly string[], alone: string): Record<string, string> =>
  names.length === 1 ? { [alone]: names[0] } : Object.fromEntries(names.map((name) => [name, name]))

/**
 * Returns a loaded model as a network to train: its floating initializers of single precision are the parameters, under their
 * own names, beginning with their own values; running statistics are kept beside them. Throws `INPUT_UNKNOWN`, `OUTPUT_UNKNOWN`, `NETWORK_EMPTY` when nothing can be
 * trained.
 */
export function loadedNetwork(
  loaded: Loaded,
  { inputs, outputs, batchNorm = 'frozen', scalars = false }: LoadedNetworkOptions = {},
): NamedNetwork {
  const needed = Object.keys(loaded.inputs)
  const inputNames = inputs ?? named(needed, 'x')
  const outputNames = outputs ?? named(Object.keys(loaded.outputs), 'y')
  const known = (name: string, all: Readonly<Record<string, Value>>, code: string, what: string): void => {
    if (!(name in all))
      throw new PodError(code, `the model has no ${what} "${name}"${didYouMean(name, Object.keys(all))}`)
  }
  for (const name of Object.values(inputNames)) known(name, loaded.inputs, 'INPUT_UNKNOWN', 'input')
  for (const name of Object.values(outputNames)) known(name, loaded.outputs, 'OUTPUT_UNKNOWN', 'output')
  const norms = topological(Object.values(outputNames).map((name) => loaded.outputs[name])).filter(isBatchNorm)
  const statistics = new Set(norms.flatMap(({ inputs: [, , , mean, variance] }) => [mean, variance]))
  const trained = trainable(loaded, (value) => statistics.has(value) || (!scalars && value.shape.length === 0))
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
      for (const norm of norms) freeze(norm, scope, replaced, scope.training && batchNorm === 'training')
      const names = Object.keys(outputNames)
      const results = substitute(
        names.map((name) => loaded.outputs[outputNames[name]]),
        replaced,
      )
      return Object.fromEntries(names.map((name, i) => [name, results[i]]))
    },
  }
}

const isBatchNorm = ({ domain, type, attributes: { training_mode: mode } }: Operation): boolean =>
  domain === '' && type === 'BatchNormalization' && !(mode?.kind === 'int' && Number(mode.value) === 1)

const tensorOf = (value: Value): Tensor | undefined => {
  const attribute = value.operation.attributes.value
  return attribute?.kind === 'tensor' ? attribute.value : undefined
}

/** Keeps the statistics of a batch normalisation beside the parameters; in training it may use those of the batch instead. */
function freeze(norm: Operation, scope: Scope, replaced: Map<Value, Value>, learns: boolean): void {
  const [x, scale, bias, mean, variance] = norm.inputs as readonly Value[]
  const [y] = norm.outputs
  const [given] = substitute([x], replaced)
  const axes = given.shape.map((_, i) => i).filter((i) => i !== 1)
  const wide = (value: Value): Value => reshape(value, [-1, ...new Array<number>(given.shape.length - 2).fill(1)])
  const center = reduceMean(given, { axes })
  const apart = sub(given, wide(center))
  const spread = reduceMean(mul(apart, apart), { axes })
  // torch keeps the variance of the sample
  const count = div(cast(size(given), 'float32'), cast(size(center), 'float32'))
  const sample = mul(spread, div(count, max(sub(count, 1), 1)))
  const keep = (value: Value, batch: Value): void => {
    const tensor = tensorOf(value)
    if (tensor === undefined || value.name === undefined) return
    const moved = (old: Value): Value => (learns ? add(mul(old, 0.9), mul(stopGradient(batch), 0.1)) : old)
    replaced.set(
      value,
      scope.state(value.name, tensor.shape, () => tensor.data as Float32Array, moved),
    )
  }
  keep(mean, center)
  keep(variance, sample)
  if (!learns) return
  const { epsilon } = norm.attributes
  const deviation = sqrt(add(wide(spread), epsilon?.kind === 'float' ? epsilon.value : 1e-5))
  const [factor, shift] = substitute([scale, bias], replaced)
  replaced.set(y, add(mul(div(apart, deviation), wide(factor)), wide(shift)))
}

/** The parameters that can be trained, with their values. */
function trainable(
  loaded: Loaded,
  leaves: (value: Value) => boolean,
): Record<string, { readonly value: Value; readonly tensor: Tensor }> {
  const found = Object.fromEntries(
    Object.entries(loaded.parameters).flatMap(([name, value]) => {
      const tensor = tensorOf(value)
      return dtypeOf(value) === 'float32' && tensor !== undefined && !leaves(value) ? [[name, { value, tensor }]] : []
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
