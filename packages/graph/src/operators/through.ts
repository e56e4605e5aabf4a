import { type DefinedOp, defineOp } from '../defineOp.ts'
import type { Value } from '../value.ts'
import { round } from './elementwise.ts'

// Made when first used: the tables that a definition is checked against are read after this file.
const once = (make: () => DefinedOp): ((x: Value) => Value) => {
  let made: DefinedOp | undefined
  return (x) => {
    made ??= make()
    return made([x])[0]
  }
}

/** Returns x as a constant: derivatives stop here. */
export const stopGradient = once(() =>
  defineOp('mlpod', 'StopGradient', { body: ([x]) => x, vjp: () => [undefined], jvp: () => [undefined] }),
)

/** Returns the nearest whole number, halves to even, with the derivative of x itself. Source: Bengio et al. 2013. */
export const roundThrough = once(() =>
  defineOp('mlpod', 'RoundThrough', { body: ([x]) => round(x), vjp: ({ g }) => [g], jvp: ({ ts: [t] }) => [t] }),
)
