export {
  type ActivationName,
  type AlongAxis,
  activation,
  activations,
  entmax15,
  maxout,
  prelu,
  sparsemax,
} from './activations.ts'
export {
  type Attention,
  type AttentionLayerOptions,
  attentionWithWeights,
  type Cached,
  cachedSelfAttention,
  multiHeadAttention,
  selfAttention,
} from './attention.ts'
export { cropping, padding, type Sides } from './borders.ts'
export {
  type CategoryOutput,
  categoryEncoding,
  discretization,
  integerLookup,
  inverseLookup,
  type LookupOptions,
  stringLookup,
} from './categories.ts'
export { type Cell, type CellOptions, gruCell, lstmCell, rnnCell, stacked, stepOf } from './cells.ts'
export { type ConvLstmOptions, convLstm, convLstmCell } from './convLstm.ts'
export {
  type ConvOptions,
  type ConvTransposeOptions,
  conv,
  convTranspose,
  depthwiseConv,
  separableConv,
} from './convolution.ts'
export { type DeformConvOptions, deformConv } from './deformable.ts'
export {
  type Discriminant,
  type DiscriminantOptions,
  fitDiscriminant,
  linearDiscriminant,
  quadraticDiscriminant,
} from './discriminant.ts'
export {
  type EmbeddingOptions,
  embedding,
  embeddingBag,
  reversibleEmbedding,
} from './embedding.ts'
export {
  type DeepFMOptions,
  deepFM,
  factorizationMachine,
  fieldAwareMachine,
  higherOrderMachine,
} from './factorization.ts'
export { type MixtureParts, mixtureDensityHead, type PolynomialOptions, polynomialFeatures } from './features.ts'
export { type GaussianProcessOptions, gaussianProcess, type Posterior } from './gaussianProcess.ts'
export {
  type BlockOptions,
  channelShuffle,
  fold,
  pixelShuffle,
  pixelUnshuffle,
  type UpsampleOptions,
  unfold,
  upsample,
} from './image.ts'
export {
  filledWith,
  gains,
  type InitializerChoice,
  type InitializerName,
  initializerOf,
  initializers,
  leakyGain,
  normalOf,
  orthogonalOf,
  type Spread,
  sparseOf,
  uniformIn,
  varianceScaling,
} from './initializers.ts'
export { type KernelName, type KernelOptions, kernelMatrix, kernels, kernelValue } from './kernels.ts'
export {
  type Fans,
  type Initializer,
  type Layer,
  type Mask,
  type MaskLaw,
  type Network,
  type NetworkOptions,
  network,
  type Scope,
} from './layer.ts'
export { mlp, residual, sequential } from './layers.ts'
export { bilinear, type DenseOptions, dense, einsumDense } from './linear.ts'
export { type MelOptions, melSpectrogram } from './melSpectrogram.ts'
export { merge } from './merge.ts'
export { type LayerName, layerNames, layerOf, unnamedLayers } from './names.ts'
export { gaussianDropout, gaussianNoise, rrelu } from './noise.ts'
export {
  type BatchNormOptions,
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  type NormOptions,
  rmsNorm,
  unitNorm,
  weightNorm,
} from './normalization.ts'
export { nystroem } from './nystroem.ts'
export {
  adaptiveAvgPool,
  adaptiveMaxPool,
  avgPool,
  fractionalMaxPool,
  globalAvgPool,
  globalMaxPooling,
  lpPool,
  maxPool,
  type PoolOptions,
  type Unpoolable,
  unpoolable,
} from './pooling.ts'
export { alibi, alibiSlopes, positions } from './positional.ts'
export { radialBasis, randomFourier } from './radial.ts'
export { meanFieldLogits, type RandomFeatureOptions, randomFeatureProcess } from './randomFeatureProcess.ts'
export {
  type BidirectionalOptions,
  bidirectional,
  type Recurrence,
  type RecurrenceOptions,
  recurrence,
  recurrentOf,
  stateful,
} from './recurrence.ts'
export {
  at,
  fromTorchGates,
  gru,
  lstm,
  type RecurrentLayerOptions,
  type RnnOptions,
  recurrences,
  rnn,
  timeDistributed,
} from './recurrent.ts'
export {
  activityRegularization,
  alphaDropout,
  channelDropout,
  dropout,
  dropPath,
  featureAlphaDropout,
} from './regularization.ts'
export {
  flatten,
  identity,
  lambda,
  masking,
  permute,
  repeatVector,
  reshape,
  unflatten,
} from './reshaping.ts'
export { centerCrop, type ResizingOptions, resizing } from './resizing.ts'
export { fitDiscretization, fitNormalization, type MeanAndVariance, normalization, rescaling } from './scaling.ts'
export { additiveAttention, dotAttention, type ScoredAttentionOptions } from './scoredAttention.ts'
export { type SpectralNormOptions, spectralNorm } from './spectralNorm.ts'
export { type SpectrogramOptions, stftSpectrogram, type WindowName } from './spectrogram.ts'
export { type TextVectorizationOptions, textVectorization } from './textVectorization.ts'
export {
  cachedTransformer,
  type DecoderOptions,
  type TransformerOptions,
  transformer,
  transformerDecoder,
  transformerEncoder,
} from './transformer.ts'
export { entmoid15, type ObliviousOptions, obliviousTrees, softDecisionTree } from './trees.ts'
