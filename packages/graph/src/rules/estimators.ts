import { estimators as estimatorsOf } from '../compositions/estimators.ts'
import type { Rule } from '../rule.ts'
import type { estimators as schemas } from '../schemas/estimators.ts'
import { decomposed } from './law.ts'

/** Rules of the estimators of ai.onnx.ml: scores have derivatives, labels none. */
export const estimators: { readonly [O in keyof typeof schemas]: Rule } = {
  LinearRegressor: decomposed(estimatorsOf.LinearRegressor!),
  LinearClassifier: decomposed(estimatorsOf.LinearClassifier!),
  SVMClassifier: decomposed(estimatorsOf.SVMClassifier!),
  SVMRegressor: decomposed(estimatorsOf.SVMRegressor!),
}
