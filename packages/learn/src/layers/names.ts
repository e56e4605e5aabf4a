import { didYouMean, PodError } from '@mlpod/contract'

/** A layer under the names that it has: ours, and what torch.nn or keras.layers call it. */
export interface LayerName {
  /** The export of this room, as `dense` or `merge.add`. */
  readonly ours: string
  /** As `torch.nn.Linear`. */
  readonly torchName?: string
  /** As `keras.layers.Dense`. */
  readonly kerasName?: string
}

// ours, torch's, Keras'; # stands for 1, 2 and 3
const ROWS: readonly (readonly [ours: string, torch: string, keras: string])[] = [
  ['dense', 'Linear LazyLinear', 'Dense'],
  ['bilinear', 'Bilinear', ''],
  ['einsumDense', '', 'EinsumDense'],
  ['embedding', 'Embedding', 'Embedding'],
  ['embeddingBag', 'EmbeddingBag', ''],
  ['reversibleEmbedding', '', 'ReversibleEmbedding'],
  ['identity', 'Identity', 'Identity'],
  ['lambda', '', 'Lambda'],
  ['flatten', 'Flatten', 'Flatten'],
  ['unflatten', 'Unflatten', ''],
  ['reshape', '', 'Reshape'],
  ['permute', '', 'Permute'],
  ['repeatVector', '', 'RepeatVector'],
  ['masking', '', 'Masking'],
  ['sequential', 'Sequential', ''],
  ['maxout', '', ''],
  ['prelu', 'PReLU', 'PReLU'],
  ['conv', 'Conv#d LazyConv#d', 'Conv#D Convolution#D'],
  ['convTranspose', 'ConvTranspose#d LazyConvTranspose#d', 'Conv#DTranspose Convolution#DTranspose'],
  ['depthwiseConv', '', 'DepthwiseConv1D DepthwiseConv2D'],
  ['separableConv', '', 'SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D'],
  ['deformConv', '', ''],
  ['unfold', 'Unfold', ''],
  ['fold', 'Fold', ''],
  ['pixelShuffle', 'PixelShuffle', ''],
  ['pixelUnshuffle', 'PixelUnshuffle', ''],
  ['channelShuffle', 'ChannelShuffle', ''],
  ['upsample', 'Upsample UpsamplingBilinear2d UpsamplingNearest2d', 'UpSampling#D'],
  ['padding', 'ZeroPad#d ConstantPad#d ReflectionPad#d ReplicationPad#d CircularPad#d', 'ZeroPadding#D'],
  ['cropping', '', 'Cropping#D'],
  ['maxPool', 'MaxPool#d', 'MaxPooling#D MaxPool#D'],
  ['avgPool', 'AvgPool#d', 'AveragePooling#D AvgPool#D'],
  ['lpPool', 'LPPool#d', ''],
  ['adaptiveAvgPool', 'AdaptiveAvgPool#d', 'AdaptiveAveragePooling#D'],
  ['adaptiveMaxPool', 'AdaptiveMaxPool#d', 'AdaptiveMaxPooling#D'],
  ['globalAvgPool', '', 'GlobalAveragePooling#D GlobalAvgPool#D'],
  ['globalMaxPooling', '', 'GlobalMaxPooling#D GlobalMaxPool#D'],
  ['fractionalMaxPool', 'FractionalMaxPool2d FractionalMaxPool3d', ''],
  ['unpoolable', 'MaxUnpool#d', ''],
  ['batchNorm', 'BatchNorm#d LazyBatchNorm#d', 'BatchNormalization'],
  ['layerNorm', 'LayerNorm', 'LayerNormalization'],
  ['rmsNorm', 'RMSNorm', 'RMSNormalization'],
  ['groupNorm', 'GroupNorm', 'GroupNormalization'],
  ['instanceNorm', 'InstanceNorm#d LazyInstanceNorm#d', ''],
  ['localResponseNorm', 'LocalResponseNorm CrossMapLRN2d', ''],
  ['unitNorm', '', 'UnitNormalization'],
  ['weightNorm', '', ''],
  ['spectralNorm', '', 'SpectralNormalization'],
  ['rnn', 'RNN', 'SimpleRNN'],
  ['gru', 'GRU', 'GRU'],
  ['lstm', 'LSTM', 'LSTM'],
  ['rnnCell', 'RNNCell', 'SimpleRNNCell'],
  ['gruCell', 'GRUCell', 'GRUCell'],
  ['lstmCell', 'LSTMCell', 'LSTMCell'],
  ['stacked', '', 'StackedRNNCells'],
  ['recurrentOf', '', ''],
  ['bidirectional', '', 'Bidirectional'],
  ['stateful', '', ''],
  ['convLstm', '', 'ConvLSTM#D'],
  ['timeDistributed', '', 'TimeDistributed'],
  ['multiHeadAttention', 'MultiheadAttention', 'MultiHeadAttention GroupQueryAttention'],
  ['attentionWithWeights', '', ''],
  ['selfAttention', '', ''],
  ['dotAttention', '', 'Attention'],
  ['additiveAttention', '', 'AdditiveAttention'],
  ['cachedSelfAttention', '', ''],
  ['transformerEncoder', 'TransformerEncoderLayer', ''],
  ['transformerDecoder', 'TransformerDecoderLayer', ''],
  ['transformer', 'Transformer TransformerEncoder TransformerDecoder', ''],
  ['cachedTransformer', '', ''],
  ['alibi', '', ''],
  ['positions', '', ''],
  ['merge.add', '', 'Add'],
  ['merge.subtract', '', 'Subtract'],
  ['merge.multiply', '', 'Multiply'],
  ['merge.average', '', 'Average'],
  ['merge.maximum', '', 'Maximum'],
  ['merge.minimum', '', 'Minimum'],
  ['merge.concat', '', 'Concatenate'],
  ['merge.dot', '', 'Dot'],
  ['merge.distance', 'PairwiseDistance', ''],
  ['merge.cosine', 'CosineSimilarity', ''],
  ['merge.gated', '', ''],
  ['merge.film', '', ''],
  ['merge.crossAttention', '', ''],
  ['merge.lateFusion', '', ''],
  ['activation', '', 'Activation'],
  ['activations.relu', 'ReLU', 'ReLU'],
  ['activations.relu6', 'ReLU6', ''],
  ['activations.gelu', 'GELU', ''],
  ['activations.tanh', 'Tanh', ''],
  ['activations.hardtanh', 'Hardtanh', ''],
  ['activations.sigmoid', 'Sigmoid', ''],
  ['activations.hardSigmoid', 'Hardsigmoid', ''],
  ['activations.logSigmoid', 'LogSigmoid', ''],
  ['activations.softplus', 'Softplus', ''],
  ['activations.softsign', 'Softsign', ''],
  ['activations.elu', 'ELU', 'ELU'],
  ['activations.selu', 'SELU', ''],
  ['activations.celu', 'CELU', ''],
  ['activations.leakyRelu', 'LeakyReLU', 'LeakyReLU'],
  ['activations.hardSwish', 'Hardswish', ''],
  ['activations.silu', 'SiLU', ''],
  ['activations.mish', 'Mish', ''],
  ['activations.threshold', 'Threshold', ''],
  ['activations.tanhshrink', 'Tanhshrink', ''],
  ['activations.softshrink', 'Softshrink', ''],
  ['activations.hardshrink', 'Hardshrink', ''],
  ['activations.softmax', 'Softmax', 'Softmax'],
  ['activations.softmin', 'Softmin', ''],
  ['activations.softmax2d', 'Softmax2d', ''],
  ['activations.logSoftmax', 'LogSoftmax', ''],
  ['activations.glu', 'GLU', ''],
  ['activations.swiglu', '', ''],
  ['activations.squareplus', '', ''],
  ['activations.sparsemax', '', ''],
  ['activations.entmax15', '', ''],
  ['dropout', 'Dropout', 'Dropout'],
  ['channelDropout', 'Dropout#d', 'SpatialDropout#D'],
  ['alphaDropout', 'AlphaDropout', 'AlphaDropout'],
  ['featureAlphaDropout', 'FeatureAlphaDropout', ''],
  ['dropPath', '', ''],
  ['gaussianDropout', '', 'GaussianDropout'],
  ['gaussianNoise', '', 'GaussianNoise'],
  ['activityRegularization', '', 'ActivityRegularization'],
  ['rrelu', 'RReLU', ''],
  ['normalization', '', 'Normalization'],
  ['discretization', '', 'Discretization'],
  ['categoryEncoding', '', 'CategoryEncoding'],
  ['hashing', '', 'Hashing'],
  ['hashedCrossing', '', 'HashedCrossing'],
  ['stringLookup', '', 'StringLookup'],
  ['integerLookup', '', 'IntegerLookup'],
  ['textVectorization', '', 'TextVectorization'],
  ['rescaling', '', 'Rescaling'],
  ['resizing', '', 'Resizing'],
  ['centerCrop', '', 'CenterCrop'],
  ['melSpectrogram', '', 'MelSpectrogram'],
  ['stftSpectrogram', '', 'STFTSpectrogram'],
  ['chained', '', 'Pipeline'],
  ['autoContrast', '', 'AutoContrast'],
  ['equalization', '', 'Equalization'],
  ['localEqualization', '', 'ContrastLimitedAdaptiveHistogramEqualization'],
  ['augMix', '', 'AugMix'],
  ['randAugment', '', 'RandAugment'],
  ['randomBrightness', '', 'RandomBrightness'],
  ['randomColorDegeneration', '', 'RandomColorDegeneration'],
  ['randomColorJitter', '', 'RandomColorJitter'],
  ['randomContrast', '', 'RandomContrast'],
  ['randomCrop', '', 'RandomCrop'],
  ['randomElastic', '', 'RandomElasticTransform'],
  ['randomErasing', '', 'RandomErasing'],
  ['mixUp', '', 'MixUp'],
  ['cutMix', '', 'CutMix'],
  ['randomFlip', '', 'RandomFlip'],
  ['randomGaussianBlur', '', 'RandomGaussianBlur'],
  ['randomGrayscale', '', 'RandomGrayscale'],
  ['randomHue', '', 'RandomHue'],
  ['randomInvert', '', 'RandomInvert'],
  ['randomPerspective', '', 'RandomPerspective'],
  ['randomPosterization', '', 'RandomPosterization'],
  ['randomRotation', '', 'RandomRotation'],
  ['randomSaturation', '', 'RandomSaturation'],
  ['randomSharpness', '', 'RandomSharpness'],
  ['randomShear', '', 'RandomShear'],
  ['randomSolarization', '', 'Solarization'],
  ['randomTranslation', '', 'RandomTranslation'],
  ['randomZoom', '', 'RandomZoom'],
  ['linearDiscriminant', '', ''],
  ['quadraticDiscriminant', '', ''],
  ['factorizationMachine', '', ''],
  ['fieldAwareMachine', '', ''],
  ['higherOrderMachine', '', ''],
  ['deepFM', '', ''],
  ['radialBasis', '', ''],
  ['randomFourier', '', ''],
  ['nystroem', '', ''],
  ['softDecisionTree', '', ''],
  ['obliviousTrees', '', ''],
  ['polynomialFeatures', '', ''],
  ['mixtureDensityHead', '', ''],
  ['gaussianProcess', '', ''],
  ['randomFeatureProcess', '', ''],
  ['losses.mae', 'L1Loss', ''],
  ['losses.mse', 'MSELoss', ''],
  ['losses.smoothL1', 'SmoothL1Loss', ''],
  ['losses.huber', 'HuberLoss', ''],
  ['losses.crossEntropy', 'CrossEntropyLoss', ''],
  ['losses.nll', 'NLLLoss NLLLoss2d', ''],
  ['losses.binaryCrossEntropy', 'BCELoss', ''],
  ['losses.binaryCrossEntropyWithLogits', 'BCEWithLogitsLoss', ''],
  ['losses.klDivergence', 'KLDivLoss', ''],
  ['losses.poissonNll', 'PoissonNLLLoss', ''],
  ['losses.hingeEmbedding', 'HingeEmbeddingLoss', ''],
  ['losses.softMargin', 'SoftMarginLoss', ''],
  ['losses.multiMargin', 'MultiMarginLoss', ''],
  ['losses.multiLabelMargin', 'MultiLabelMarginLoss', ''],
  ['losses.multiLabelSoftMargin', 'MultiLabelSoftMarginLoss', ''],
  ['jointLosses.gaussianNll', 'GaussianNLLLoss', ''],
  ['jointLosses.marginRanking', 'MarginRankingLoss', ''],
  ['jointLosses.cosineEmbedding', 'CosineEmbeddingLoss', ''],
  ['jointLosses.tripletMargin', 'TripletMarginLoss', ''],
  ['jointLosses.tripletMarginWithDistance', 'TripletMarginWithDistanceLoss', ''],
  ['jointLosses.ctc', 'CTCLoss', ''],
  ['jointLosses.adaptiveLogSoftmax', 'AdaptiveLogSoftmaxWithLoss', ''],
  ['jointLosses.linearCrossEntropy', 'LinearCrossEntropyLoss', ''],
  ['loadedNetwork', '', 'TFSMLayer TorchModuleWrapper FlaxLayer JaxLayer'],
]

const CONTAINER = 'a network is a function that calls its layers, and its parameters are named by path'
const BASE = 'it is a class to build layers from, and a layer here is a function of a value and a scope'

/** Names of torch.nn and keras.layers without a layer here, and why. */
export const unnamedLayers: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      ['torch.nn', 'Container ModuleDict ModuleList ParameterDict ParameterList', CONTAINER],
      ['torch.nn', 'Module RNNBase RNNCellBase', BASE],
      ['torch.nn', 'DataParallel', 'the setting dataParallel of fit trains in threads'],
      ['torch.nn', 'SyncBatchNorm', 'statistics are those of one device: batchNorm'],
      [
        'keras.layers',
        'InputLayer InputSpec',
        'inputs are values: input of @mlpod/graph, whose sizes and type are checked',
      ],
      ['keras.layers', 'Layer Wrapper', BASE],
      ['keras.layers', 'RNN', 'recurrentOf goes through a sequence with any cell'],
      ['keras.layers', 'MaxNumBoundingBoxes', 'it pads lists of boxes for batches of Keras; boxes here are tensors'],
    ] as const
  ).flatMap(([place, names, reason]) => names.split(' ').map((name) => [`${place}.${name}`, reason])),
)

const spelled = (place: string, names: string): string[] =>
  names
    .split(' ')
    .filter((name) => name !== '')
    .flatMap((name) => (name.includes('#') ? ['1', '2', '3'].map((n) => name.replace('#', n)) : [name]))
    .map((name) => `${place}.${name}`)

/** Every layer by its names, one entry for each pair of them. */
export const layerNames: readonly LayerName[] = ROWS.flatMap(([ours, torch, keras]): LayerName[] => {
  const [torchNames, kerasNames] = [spelled('torch.nn', torch), spelled('keras.layers', keras)]
  return Array.from({ length: Math.max(1, torchNames.length, kerasNames.length) }, (_, i) => ({
    ours,
    ...(torchNames[i] && { torchName: torchNames[i] }),
    ...(kerasNames[i] && { kerasName: kerasNames[i] }),
  }))
})

/** `nn.GRU`, `tf.keras.layers.GRU` and the like as `torch.nn.GRU` and `keras.layers.GRU`. */
const written = (name: string): string =>
  name.replace(/^(torch\.)?nn\./, 'torch.nn.').replace(/^(tf\.)?(keras\.)?layers\./, 'keras.layers.')

/**
 * Returns our name of a layer of torch.nn or keras.layers: `layerOf('torch.nn.GRU')` is `gru`. The module may be left out, and
 * our own names are found too. Throws `LAYER_UNKNOWN` with the nearest name, or the reason why there is none.
 */
export function layerOf(name: string): string {
  const full = written(name)
  const named = ({ ours, torchName, kerasName }: LayerName): readonly string[] =>
    [ours, torchName, kerasName].filter((own) => own !== undefined)
  const last = (own: string): string => own.slice(own.lastIndexOf('.') + 1)
  const found =
    layerNames.find((entry) => named(entry).includes(full)) ??
    (full.includes('.') ? undefined : layerNames.find((entry) => named(entry).some((own) => last(own) === full)))
  if (found) return found.ours
  const known = Object.keys(unnamedLayers).find((own) => own === full || last(own) === full)
  if (known !== undefined)
    throw new PodError('LAYER_UNKNOWN', `there is no layer for "${known}"`, { because: unnamedLayers[known] })
  const names = layerNames.flatMap(named)
  const near = full.includes('.') ? names : names.map(last)
  throw new PodError('LAYER_UNKNOWN', `there is no layer "${name}"${didYouMean(full, new Set(near))}`)
}
