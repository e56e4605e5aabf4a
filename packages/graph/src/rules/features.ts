import { features as featuresOf } from '../compositions/features.ts'
import type { Rule } from '../rule.ts'
import type { features as schemas } from '../schemas/features.ts'
import { decomposed } from './law.ts'

/** Rules of the operators of ai.onnx.ml that prepare features. */
export const features: { readonly [O in keyof typeof schemas]: Rule } = {
  Scaler: decomposed(featuresOf.Scaler!),
  Normalizer: decomposed(featuresOf.Normalizer!),
  Binarizer: 'zero',
  Imputer: decomposed(featuresOf.Imputer!),
  FeatureVectorizer: decomposed(featuresOf.FeatureVectorizer!),
  ArrayFeatureExtractor: decomposed(featuresOf.ArrayFeatureExtractor!),
  OneHotEncoder: 'zero',
  CategoryMapper: 'zero',
}
