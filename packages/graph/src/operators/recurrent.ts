import { int, text } from '../attribute.ts'
import { recurrentOf } from '../compositions/recurrent.ts'
import type { GATES } from '../schemas/recurrent.ts'
import type { Attribute, Value } from '../value.ts'
import { applyComposed } from './composed.ts'

/** What a recurrent operator takes beside the sequence and the weights. */
export interface RecurrentOptions {
  /** [directions, 2 * gates * hidden]: the biases of w, then those of r. */
  readonly bias?: Value
  /** int32 [batch]: how much of each sequence is real; what comes after gives zeros. Default: all of it. */
  readonly lengths?: Value
  /** [directions, batch, hidden]. Default zeros. */
  readonly initial?: Value
  /** Default `forward`. */
  readonly direction?: 'forward' | 'reverse' | 'bidirectional'
  /** Names of ONNX, for each direction. */
  readonly activations?: readonly string[]
  /** What goes into the activations is clipped to [-clip, clip]. */
  readonly clip?: number
}

function attributesOf({ direction, activations, clip }: RecurrentOptions, r: Value): Record<string, Attribute> {
  const [, , hidden] = r.shape
  return {
    ...(typeof hidden === 'number' && { hidden_size: int(hidden) }),
    ...(direction && { direction: text(direction) }),
    ...(activations && { activations: { kind: 'strings', value: activations } }),
    ...(clip !== undefined && { clip: { kind: 'float', value: clip } }),
  }
}

// The runtime must be told the hidden size.
function made(
  type: keyof typeof GATES,
  inputs: readonly (Value | null)[],
  attributes: Record<string, Attribute>,
): readonly Value[] {
  return attributes.hidden_size === undefined
    ? recurrentOf(type, { inputs, attributes })
    : applyComposed(type, inputs, attributes, type === 'LSTM' ? 3 : 2)
}

/**
 * Returns the hidden states [time, directions, batch, hidden] of a plain recurrent network and the last ones [directions,
 * batch, hidden]. x is [time, batch, input], w [directions, hidden, input], r [directions, hidden, hidden].
 */
export function rnn(x: Value, w: Value, r: Value, options: RecurrentOptions = {}): readonly Value[] {
  const { bias = null, lengths = null, initial = null } = options
  return made('RNN', [x, w, r, bias, lengths, initial], attributesOf(options, r))
}

/**
 * Returns the hidden states [time, directions, batch, hidden] of a GRU and the last ones [directions, batch, hidden].
 * x is [time, batch, input], w [directions, 3 hidden, input], r [directions, 3 hidden, hidden], gates in the order z, r, h.
 * `linearBeforeReset` (default true, as in PyTorch) resets after the product with r.
 */
export function gru(
  x: Value,
  w: Value,
  r: Value,
  { linearBeforeReset = true, ...options }: RecurrentOptions & { readonly linearBeforeReset?: boolean } = {},
): readonly Value[] {
  const { bias = null, lengths = null, initial = null } = options
  const attributes = { ...attributesOf(options, r), linear_before_reset: int(linearBeforeReset ? 1 : 0) }
  return made('GRU', [x, w, r, bias, lengths, initial], attributes)
}

/**
 * Returns the hidden states [time, directions, batch, hidden] of an LSTM, the last ones and the last cells [directions,
 * batch, hidden]. x is [time, batch, input], w [directions, 4 hidden, input], r [directions, 4 hidden, hidden], gates in
 * the order i, o, f, c; peepholes [directions, 3 hidden] for i, o, f.
 */
export function lstm(
  x: Value,
  w: Value,
  r: Value,
  {
    cell = null,
    peepholes = null,
    ...options
  }: RecurrentOptions & { readonly cell?: Value | null; readonly peepholes?: Value | null } = {},
): readonly Value[] {
  const { bias = null, lengths = null, initial = null } = options
  return made('LSTM', [x, w, r, bias, lengths, initial, cell, peepholes], attributesOf(options, r))
}
