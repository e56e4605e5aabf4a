import { type Call, dtypeIn, int, need, refuse, type Schema, same, text } from '../schema.ts'
import type { AttributeKind, Dim } from '../value.ts'

const DIRECTIONS = ['forward', 'reverse', 'bidirectional']

/** How often the hidden size a recurrent operator's weights hold, by gate. */
export const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const

/** Returns the number of directions. */
export const directionsOf = (call: Pick<Call, 'attributes'>): number =>
  text(call, 'direction', 'forward') === 'bidirectional' ? 2 : 1

function shapesOf(call: Call): readonly (readonly Dim[])[] {
  const [x, w, r] = [need(call, 0), need(call, 1), need(call, 2)]
  if (x.shape.length !== 3 || w.shape.length !== 3 || r.shape.length !== 3)
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      'x is [time, batch, input], w [directions, gates * hidden, input] and r [directions, gates * hidden, hidden]',
    )
  const direction = text(call, 'direction', 'forward')
  if (!DIRECTIONS.includes(direction))
    throw refuse(call, 'ATTRIBUTE_INVALID', `the direction is "${direction}"`, `it is ${DIRECTIONS.join(', ')}`)
  const directions = directionsOf(call)
  const gates = GATES[call.type as keyof typeof GATES]
  const [, rows, hidden] = r.shape
  const fits = (a: Dim, b: Dim): boolean => a === b || typeof a === 'string' || typeof b === 'string'
  const product = typeof hidden === 'number' ? gates * hidden : rows
  if (!fits(w.shape[0], directions) || !fits(r.shape[0], directions))
    throw refuse(call, 'SHAPE_MISMATCH', `a ${direction} ${call.type} has weights of ${directions} directions`)
  if (!fits(rows, product) || !fits(w.shape[1], product) || !fits(w.shape[2], x.shape[2]))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `w must be [${directions}, ${product}, ${x.shape[2]}] and r [${directions}, ${product}, ${hidden}]`,
      `the weights of all ${gates} gates lie under each other`,
    )
  const batchFirst = int(call, 'layout', 0) === 1
  const [time, batch] = batchFirst ? [x.shape[1], x.shape[0]] : [x.shape[0], x.shape[1]]
  // their kernels end the whole process at what is empty (1.30)
  if ((call.type === 'GRU' && time === 0) || (call.type !== 'RNN' && batch === 0))
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      batch === 0 ? 'there is no sequence' : 'the sequences have no step',
      'give at least one',
    )
  const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
  return [batchFirst ? [batch, time, directions, hidden] : [time, directions, batch, hidden], last, last]
}

const ATTRIBUTES: Record<string, AttributeKind> = {
  activation_alpha: 'floats',
  activation_beta: 'floats',
  activations: 'strings',
  clip: 'float',
  direction: 'string',
  hidden_size: 'int',
  layout: 'int',
}

const cell = (most: number, more: Record<string, AttributeKind>): Schema => ({
  since: 14,
  inputs: [3, most],
  attributes: { ...ATTRIBUTES, ...more },
  types: (call) => {
    if (call.inputs[4]) dtypeIn(call, 4, 'index')
    return same('float', 3)(call)
  },
  shapes: shapesOf,
})

/** Recurrent networks. */
export const recurrent = {
  RNN: cell(6, {}),
  GRU: cell(6, { linear_before_reset: 'int' }),
  LSTM: cell(8, { input_forget: 'int' }),
} as const satisfies Record<string, Schema>
