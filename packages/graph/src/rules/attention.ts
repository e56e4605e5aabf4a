import { reapply } from '../apply.ts'
import { attention as attentionOf } from '../compositions/attention.ts'
import { neg } from '../operators/elementwise.ts'
import type { Rule } from '../rule.ts'
import type { attention as schemas } from '../schemas/attention.ts'
import { decomposed } from './law.ts'

const turned = decomposed(attentionOf.RotaryEmbedding!)

/** Rules of the operators that attend. */
export const attention: { readonly [O in keyof typeof schemas]: Rule } = {
  Attention: decomposed(attentionOf.Attention!),
  // A turn's transpose is the turn back.
  RotaryEmbedding: {
    ...turned,
    vjp: (c) => {
      const [x, cos, sin, ...places] = c.x
      const back = () => reapply(c.operation, [c.g, cos, neg(sin), ...places])[0]
      const angles = c.wanted[1] || c.wanted[2] ? turned.vjp({ ...c, wanted: c.wanted.with(0, false) }) : []
      return x === cos || x === sin ? turned.vjp(c) : [back, angles[1], angles[2]]
    },
  },
}
