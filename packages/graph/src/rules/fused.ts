import { fused as fusedOf } from '../compositions/fused.ts'
import type { Rule } from '../rule.ts'
import type { fused as schemas } from '../schemas/fused.ts'
import { decomposed } from './law.ts'

/** Rules of the runtime's fused operators: those of what they are made of. */
export const fused: { readonly [O in keyof typeof schemas]: Rule } = {
  FusedMatMul: decomposed(fusedOf.FusedMatMul!),
  FastGelu: decomposed(fusedOf.FastGelu!),
  BiasGelu: decomposed(fusedOf.BiasGelu!),
  QuickGelu: decomposed(fusedOf.QuickGelu!),
  SkipLayerNormalization: decomposed(fusedOf.SkipLayerNormalization!),
  SkipSimplifiedLayerNormalization: decomposed(fusedOf.SkipSimplifiedLayerNormalization!),
  SimplifiedLayerNormalization: decomposed(fusedOf.SimplifiedLayerNormalization!),
}
