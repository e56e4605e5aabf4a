export { type LoraOptions, lora, type QuantizationOptions, quantizationAware } from './adapters.ts'
export type { BatchAugmentation } from './augmentBatches.ts'
export type { Callback, Control, EpochRecord, Norms, StepRecord } from './callback.ts'
export { csvLogger } from './callbacks/csvLogger.ts'
export { logTo } from './callbacks/logTo.ts'
export { type ReduceOnPlateauOptions, reduceOnPlateau } from './callbacks/reduceOnPlateau.ts'
export type { CheckpointOptions } from './checkpoint.ts'
export type { ClassWeights } from './classWeights.ts'
export { type CrossValidated, type CrossValidateOptions, crossValidate, type Spread } from './crossValidate.ts'
export type { NamedRows, Rows, TrainingData } from './data.ts'
export { type ExportedTraining, type ExportTrainingOptions, exportTraining } from './exportTraining.ts'
export { type Fitted, fit } from './fit.ts'
export type { EarlyStopping, FitOptions } from './fitOptions.ts'
export { type GradientNorms, gradientNorms } from './gradientNorms.ts'
export type { Verdict } from './judge.ts'
export * from './layers/index.ts'
export { type LbfgsOptions, lbfgs, type Minimum } from './lbfgs.ts'
export { type FindLearningRateOptions, findLearningRate, type LearningRates } from './learningRateFinder.ts'
export { type LoadedNetworkOptions, loadedNetwork, withParameters } from './loadedNetwork.ts'
export * from './losses/index.ts'
export { absoluteError, accuracy, type Judged, type Metric, meanOf, squaredError } from './metric.ts'
export type { NamedNetwork } from './namedNetwork.ts'
export * from './optimizers/index.ts'
export { type EvaluateOptions, evaluate, type PredictOptions, predict } from './predict.ts'
export { applyPreprocess, type Preprocessed, rawInputs, transform } from './preprocess/apply.ts'
export * from './preprocess/augment/index.ts'
export { farmHash } from './preprocess/farmHash.ts'
export { fitPreprocess } from './preprocess/fit.ts'
export { type Hashable, hashedCrossing, hashing } from './preprocess/hashing.ts'
export {
  type CategoricalOptions,
  type Feature,
  type FittedCategorical,
  type FittedNumeric,
  features,
  type NumericOptions,
  type Preprocess,
  type PreprocessOptions,
} from './preprocess/plan.ts'
export {
  fitTexts,
  fitVocabulary,
  type Standardize,
  standardizeText,
  type TokenOptions,
  textTokens,
  type Vocabulary,
} from './preprocess/texts.ts'
export type { Privacy } from './privacy.ts'
export { type EpsilonOptions, epsilon, noiseFor, type PrivacyLoss } from './privacyAccountant.ts'
export { type RelationBatchesOptions, relationBatches } from './relationBatches.ts'
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.ts'
export * from './schedules/index.ts'
export { type ScoreOptions, score } from './score.ts'
export type { BatchStream } from './source.ts'
export type { Best } from './stopping.ts'
