import { apply } from '../apply.ts'
import { compositions } from '../compositions/index.ts'
import type { OperatorName } from '../schemas/index.ts'
import { type Attribute, dtypeOf, type Value } from '../value.ts'

/**
 * Returns the outputs of an operator that the runtime runs in single precision alone: of the operator itself there, of
 * what it is made of in double precision.
 */
export function applyComposed(
  type: OperatorName,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>> = {},
  outputs = 1,
): readonly Value[] {
  // Made in any case: it checks the inputs.
  const values = apply(type, inputs, attributes, { outputs })
  const compose = compositions[type]
  const double = inputs.some((value) => value && dtypeOf(value) === 'float64')
  return double && compose ? (compose({ inputs, attributes }) as readonly Value[]) : values
}
