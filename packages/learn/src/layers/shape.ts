import { PodError } from '@mlpod/contract'
import type { Value } from '@mlpod/graph'
import type { Scope } from './layer.ts'

/** Returns the error of a layer that x does not fit. */
export const unfit = (what: string, wants: string, x: Value, scope: Scope, hint?: string): PodError =>
  new PodError('SHAPE_MISMATCH', `the ${what} "${scope.path}" takes ${wants}, not [${x.shape.join(', ')}]`, { hint })

/** Returns a size of x that must be known. Throws `SHAPE_MISMATCH`. */
export function known(x: Value, axis: number, what: string, scope: Scope): number {
  const dim = x.shape.at(axis)
  if (typeof dim !== 'number') throw unfit(what, `a known size on axis ${axis}`, x, scope)
  return dim
}

/** Throws `LAYER_INVALID` unless the numbers are whole and above 0. */
export function whole(what: string, numbers: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(numbers))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw new PodError('LAYER_INVALID', `the ${name} of a ${what} is ${value}, not a whole number above 0`)
}
