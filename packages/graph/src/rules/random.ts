import type { Rule } from '../rule.ts'
import type { random as schemas } from '../schemas/random.ts'

/** Rules of the operators that draw: what is drawn depends on nothing. */
export const random: { readonly [O in keyof typeof schemas]: Rule } = {
  RandomNormal: 'zero',
  RandomUniform: 'zero',
  RandomNormalLike: 'zero',
  RandomUniformLike: 'zero',
  Bernoulli: 'zero',
  Multinomial: 'zero',
}
