import type { Measurement } from '@mlpod/contract'
import type { Test } from './test.ts'

type Exact = Extract<Measurement, { kind: 'exact' }>

/** A number without sampling error: the comparison itself decides. */
export const exact: Test<Exact> = {
  method: 'exact comparison',
  estimate: ({ value }) => value,
  n: ({ n }) => n,
  p({ value }, operator, threshold) {
    const holds = operator === '>=' ? value >= threshold : operator === '<=' ? value <= threshold : value === threshold
    return holds ? { kept: 0, broken: 1 } : { kept: 1, broken: 0 }
  },
  bounds: ({ value }) => [value, value],
  sides: () => 1,
  scaled: (measurement) => measurement,
}
