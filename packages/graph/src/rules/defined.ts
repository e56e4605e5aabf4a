import { bodyOf, type Definition } from '../defineOp.ts'
import type { Rule } from '../rule.ts'
import { decomposed } from './law.ts'

/** Returns the derivative of a defined operator: the one told, else that of its body, else undefined. */
export function ruleOfDefinition({ vjp, jvp, body }: Definition): Rule | undefined {
  if (vjp !== undefined) return { vjp, jvp }
  return body && decomposed(({ inputs, attributes }) => bodyOf(body, inputs, attributes))
}
