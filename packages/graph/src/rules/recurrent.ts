import { recurrentOf } from '../compositions/recurrent.ts'
import type { Rule } from '../rule.ts'
import type { recurrent as schemas } from '../schemas/recurrent.ts'
import type { Operation } from '../value.ts'
import { decomposed } from './law.ts'

/**
 * The fused operator stays and gives the hidden states of all turns, from which the gates of all turns are one product: only
 * the way back is a Scan, of one product a turn.
 */
const fromStates = (kind: keyof typeof schemas): Rule =>
  decomposed((use) => recurrentOf(kind, use, (use as Operation).outputs?.[0]))

/** Rules of recurrent networks. */
export const recurrent: { readonly [O in keyof typeof schemas]: Rule } = {
  RNN: fromStates('RNN'),
  GRU: fromStates('GRU'),
  LSTM: fromStates('LSTM'),
}
