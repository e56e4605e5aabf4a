import type { Rule } from '../rule.ts'
import type { trees as schemas } from '../schemas/trees.ts'

/** Trees are constant between their thresholds; `softTrees` gives them a slope there. */
export const trees: { readonly [O in keyof typeof schemas]: Rule } = {
  TreeEnsembleRegressor: 'zero',
  TreeEnsembleClassifier: 'zero',
  TreeEnsemble: 'zero',
}
