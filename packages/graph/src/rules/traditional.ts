import type { Rule } from '../rule.ts'
import type { traditional as schemas } from '../schemas/traditional.ts'

/** Rules of ai.onnx.ml. */
export const traditional: { readonly [O in keyof typeof schemas]: Rule } = {
  LabelEncoder: 'zero',
}
