import { activations } from './activations.ts'
import type { Compositions } from './composition.ts'

/** What operators are made of, by name. */
export const compositions: Compositions = {
  ...activations,
}
