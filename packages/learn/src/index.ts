export { type EarlyStopping, type EpochRecord, type FitOptions, type Fitted, fit, type TrainingData } from './fit.ts'
export { type InitializerName, initializers } from './layers/initializers.ts'
export {
  type Fans,
  type Initializer,
  type Layer,
  type Mask,
  type Network,
  type NetworkOptions,
  network,
  type Scope,
} from './layers/layer.ts'
export {
  type ActivationName,
  activation,
  activations,
  type DenseOptions,
  dense,
  dropout,
  flatten,
  mlp,
  sequential,
} from './layers/layers.ts'
export * from './losses/index.ts'
export * from './optimizers/index.ts'
export { applyPreprocess, type Preprocessed, rawInputs, transform } from './preprocess/apply.ts'
export { fitPreprocess } from './preprocess/fit.ts'
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
export { type ScoreOptions, score } from './score.ts'
