import { PodError } from '@mlpod/contract'
import {
  constant,
  gather,
  gru as gruOf,
  lstm as lstmOf,
  type RecurrentOptions,
  reshape,
  rnn as rnnOf,
  squeeze,
  transpose,
  type Value,
} from '@mlpod/graph'
import { initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { dropout } from './regularization.ts'
import { unfit, whole } from './shape.ts'

/** Settings of recurrent layers. */
export interface RecurrentLayerOptions {
  /** Layers on top of each other. Default 1. */
  readonly layers?: number
  readonly bidirectional?: boolean
  readonly bias?: boolean
  /** Between the layers, in training. */
  readonly dropout?: number
  /** How long each sequence is (int64 or int32 [batch]); what comes after gives 0. */
  readonly lengths?: Value
  /** What comes out: the states of all times (default), or the last one. */
  readonly output?: 'sequence' | 'last'
}

const KINDS = {
  rnn: { gates: 1, run: (x: Value, w: Value, r: Value, o: RecurrentOptions) => rnnOf(x, w, r, o) },
  gru: { gates: 3, run: (x: Value, w: Value, r: Value, o: RecurrentOptions) => gruOf(x, w, r, o) },
  lstm: { gates: 4, run: (x: Value, w: Value, r: Value, o: RecurrentOptions) => lstmOf(x, w, r, o) },
} as const

function recurrent(
  kind: keyof typeof KINDS,
  units: number,
  {
    layers = 1,
    bidirectional = false,
    bias = true,
    dropout: rate = 0,
    lengths,
    output = 'sequence',
  }: RecurrentLayerOptions,
  more: Pick<RecurrentOptions, 'activations'> = {},
): Layer {
  whole(`${kind} layer`, { units, layers })
  const { gates, run } = KINDS[kind]
  const directions = bidirectional ? 2 : 1
  const direction = bidirectional ? 'bidirectional' : 'forward'
  const activations = more.activations && Array.from({ length: directions }, () => more.activations!).flat()
  return (x, scope) => {
    if (x.shape.length !== 3 || typeof x.shape[2] !== 'number')
      throw unfit(`${kind} layer`, '[batch, time, features]', x, scope)
    let sequence = transpose(x, [1, 0, 2])
    let last: Value = sequence
    for (let layer = 0; layer < layers; layer++) {
      const part = layers === 1 ? scope : scope.at(String(layer))
      const features = sequence.shape[2] as number
      // torch draws all of a recurrent layer from the fan of its states
      const fans = { fanIn: units, fanOut: units }
      const weights = (name: string, shape: readonly number[]): Value =>
        part.parameter(name, shape, initializers.torch, fans)
      const w = weights('weight', [directions, gates * units, features])
      const r = weights('recurrent', [directions, gates * units, units])
      const options: RecurrentOptions = {
        direction,
        ...(bias && { bias: weights('bias', [directions, 2 * gates * units]) }),
        ...(lengths && { lengths }),
        ...(activations && { activations }),
      }
      const [y, end] = run(sequence, w, r, options)
      // [time, directions, batch, units] to [time, batch, directions * units]
      sequence = directions === 1 ? squeeze(y, [1]) : reshape(transpose(y, [0, 2, 1, 3]), [0, 0, directions * units])
      last = directions === 1 ? squeeze(end, [0]) : reshape(transpose(end, [1, 0, 2]), [0, directions * units])
      if (rate > 0 && layer + 1 < layers) sequence = dropout(rate)(sequence, part)
    }
    return output === 'last' ? last : transpose(sequence, [1, 0, 2])
  }
}

/**
 * Returns a recurrent layer h' = tanh(x W + h R + b): [batch, time, features] to [batch, time, units] (twice that when
 * bidirectional). Weights are stored as ONNX has them: `weight` [directions, units, features], `recurrent`
 * [directions, units, units], `bias` [directions, 2 units]. Source: torch.nn.RNN.
 */
export const rnn = (
  units: number,
  { activation = 'tanh', ...options }: RecurrentLayerOptions & { readonly activation?: 'tanh' | 'relu' } = {},
): Layer => recurrent('rnn', units, options, activation === 'relu' ? { activations: ['Relu'] } : {})

/** Returns a gated recurrent layer, the reset applied after the product, gates in ONNX's order z, r, h. Source: Cho et al. (2014); torch.nn.GRU. */
export const gru = (units: number, options: RecurrentLayerOptions = {}): Layer => recurrent('gru', units, options)

/** Returns a long short-term memory, gates in ONNX's order i, o, f, c. Source: Hochreiter, Schmidhuber (1997); torch.nn.LSTM. */
export const lstm = (units: number, options: RecurrentLayerOptions = {}): Layer => recurrent('lstm', units, options)

/** Returns a layer applied to each time step: [batch, time, ...]. Source: Keras TimeDistributed. */
export const timeDistributed =
  (layer: Layer): Layer =>
  (x, scope) => {
    const rest = x.shape.slice(2)
    if (!rest.every((dim) => typeof dim === 'number'))
      throw unfit('timeDistributed layer', '[batch, time, known sizes]', x, scope)
    const y = layer(reshape(x, [-1, ...(rest as number[])]), scope)
    const made = y.shape.slice(1)
    const [time] = x.shape.slice(1)
    if (typeof time !== 'number' || !made.every((dim) => typeof dim === 'number'))
      throw unfit('timeDistributed layer', 'a known number of times', x, scope)
    return reshape(y, [-1, time, ...(made as number[])])
  }

/** Returns the layer that takes one time step of [batch, time, ...]; below 0 it counts from the end. */
export const at =
  (time: number): Layer =>
  (x) =>
    gather(x, constant(time, 'int64'), { axis: 1 })

/** Where gates lie: the order of torch's rows by ONNX's. */
const TORCH_ORDER = { rnn: [0], gru: [1, 0, 2], lstm: [0, 3, 1, 2] } as const

/**
 * Returns rows of a weight or bias of torch's gate order in ONNX's, as `gru` and `lstm` store them; `units` rows a gate.
 * Throws `SHAPE_MISMATCH`.
 */
export function fromTorchGates(kind: keyof typeof TORCH_ORDER, rows: Float32Array, units: number): Float32Array {
  const order = TORCH_ORDER[kind]
  const width = rows.length / (order.length * units)
  if (!Number.isInteger(width))
    throw new PodError('SHAPE_MISMATCH', `${rows.length} numbers are no ${order.length} gates of ${units} units`)
  const result = new Float32Array(rows.length)
  const gate = units * width
  for (const [i, from] of order.entries()) result.set(rows.subarray(from * gate, (from + 1) * gate), i * gate)
  return result
}
