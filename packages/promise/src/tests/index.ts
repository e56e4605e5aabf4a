import type { Measurement } from '@mlpod/contract'
import { difference } from './difference.ts'
import { exact } from './exact.ts'
import { mean } from './mean.ts'
import { proportion } from './proportion.ts'
import type { Test } from './test.ts'

/** Every kind of measurement and its test. */
export const tests: { readonly [K in Measurement['kind']]: Test<Extract<Measurement, { kind: K }>> } = {
  difference,
  exact,
  mean,
  proportion,
}

/** Returns the test of a measurement, typed for it. */
export const testOf = <M extends Measurement>(measurement: M): Test<M> => tests[measurement.kind] as unknown as Test<M>
