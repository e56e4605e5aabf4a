import { PodError } from '@mlpod/contract'
import {
  concat,
  constant,
  gather,
  gru as gruOf,
  lstm as lstmOf,
  type RecurrentOptions,
  reshape,
  rnn as rnnOf,
  slice,
  squeeze,
  transpose,
  type Value,
} from '@mlpod/graph'
import { lstmCell } from './cells.ts'
import { initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { atAllTimes, bidirectional, fromZeros, type Recurrence, recurrentOf } from './recurrence.ts'
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

type Options = RecurrentOptions & { readonly cell?: Value }

/** The operators of a whole layer, with their gates and states. */
const KINDS = {
  rnn: { gates: 1, count: 1, go: (x: Value, w: Value, r: Value, o: Options) => rnnOf(x, w, r, o) },
  gru: { gates: 3, count: 1, go: (x: Value, w: Value, r: Value, o: Options) => gruOf(x, w, r, o) },
  lstm: { gates: 4, count: 2, go: (x: Value, w: Value, r: Value, o: Options) => lstmOf(x, w, r, o) },
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
): Recurrence {
  whole(`${kind} layer`, { units, layers })
  const { gates, count, go } = KINDS[kind]
  const directions = bidirectional ? 2 : 1
  const direction = bidirectional ? 'bidirectional' : 'forward'
  const activations = more.activations && Array.from({ length: directions }, () => more.activations!).flat()
  const run: Recurrence['run'] = (x, given, scope) => {
    if (x.shape.length !== 3 || typeof x.shape[2] !== 'number')
      throw unfit(`${kind} layer`, '[batch, time, features]', x, scope)
    if (given && given.length !== count)
      throw new PodError('SHAPE_MISMATCH', `the ${kind} layer "${scope.path}" has ${count} states, not ${given.length}`)
    const ends: (readonly Value[])[] = []
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
        ...(given && begunWith(given, layer * directions, (layer + 1) * directions)),
      }
      const [y, ...ended] = go(sequence, w, r, options)
      const [end] = ended
      ends.push(ended)
      // [time, directions, batch, units] to [time, batch, directions * units]
      sequence = directions === 1 ? squeeze(y, [1]) : reshape(transpose(y, [0, 2, 1, 3]), [0, 0, directions * units])
      last = directions === 1 ? squeeze(end, [0]) : reshape(transpose(end, [1, 0, 2]), [0, directions * units])
      if (rate > 0 && layer + 1 < layers) sequence = dropout(rate)(sequence, part)
    }
    return {
      output: output === 'last' ? last : transpose(sequence, [1, 0, 2]),
      states: Array.from({ length: count }, (_, i) => concat(ends.map((states) => states[i]))),
    }
  }
  return { run, shapes: (_, batch) => Array.from({ length: count }, () => [layers * directions, batch, units]) }
}

/** The states of one layer, of those of all. */
function begunWith(states: readonly Value[], from: number, to: number): Pick<Options, 'initial' | 'cell'> {
  const [initial, cell] = states.map((state) => slice(state, [from], [to], { axes: [0] }))
  return { initial, ...(cell && { cell }) }
}

/**
 * Returns recurrent layers whose states are values, each [layers * directions, batch, units] with the directions of a layer beside
 * each other: h, and of an LSTM h and c. Source: torch.nn.RNN, GRU and LSTM.
 */
export const recurrences = {
  rnn: (units: number, { activation = 'tanh', ...options }: RnnOptions = {}): Recurrence =>
    recurrent('rnn', units, options, activation === 'relu' ? { activations: ['Relu'] } : {}),
  gru: (units: number, options: RecurrentLayerOptions = {}): Recurrence => recurrent('gru', units, options),
  lstm: (units: number, options: RecurrentLayerOptions = {}): Recurrence => recurrent('lstm', units, options),
} as const

/** Settings of `rnn`. */
export type RnnOptions = RecurrentLayerOptions & { readonly activation?: 'tanh' | 'relu' }

/**
 * Returns a recurrent layer h' = tanh(x W + h R + b): [batch, time, features] to [batch, time, units] (twice that when
 * bidirectional). Weights are stored as ONNX has them: `weight` [directions, units, features], `recurrent`
 * [directions, units, units], `bias` [directions, 2 units]. Source: torch.nn.RNN.
 */
export const rnn = (units: number, options: RnnOptions = {}): Layer => fromZeros(recurrences.rnn(units, options))

/** Returns a gated recurrent layer, the reset applied after the product, gates in ONNX's order z, r, h. Source: Cho et al. (2014); torch.nn.GRU. */
export const gru = (units: number, options: RecurrentLayerOptions = {}): Layer =>
  fromZeros(recurrences.gru(units, options))

/**
 * Returns a long short-term memory, gates in ONNX's order i, o, f, c. With a `projection` to fewer numbers the layers are `lstmCell`s
 * of their own parameters (under `forward` and `backward` when bidirectional).
 * Source: Hochreiter, Schmidhuber (1997); torch.nn.LSTM.
 */
export function lstm(
  units: number,
  { projection, ...options }: RecurrentLayerOptions & { readonly projection?: number } = {},
): Layer {
  if (projection === undefined) return fromZeros(recurrences.lstm(units, options))
  const { layers = 1, bidirectional: both = false, bias, dropout: rate = 0, lengths, output = 'sequence' } = options
  whole('lstm layer', { layers })
  const cell = lstmCell(units, { projection, bias })
  return (x, scope) => {
    let sequence = x
    for (let layer = 0; layer < layers; layer++) {
      const part = layers === 1 ? scope : scope.at(String(layer))
      const top = layer + 1 === layers
      const settings = { lengths, output: top ? output : 'sequence' } as const
      sequence = (both ? bidirectional(cell, settings) : recurrentOf(cell, settings))(sequence, part)
      if (rate > 0 && !top) sequence = dropout(rate)(sequence, part)
    }
    return sequence
  }
}

/** Returns a layer applied to each time step: [batch, time, ...]. Source: Keras TimeDistributed. */
export const timeDistributed =
  (layer: Layer): Layer =>
  (x, scope) =>
    atAllTimes(layer, x, scope, 'timeDistributed layer')

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
