import { differ, int } from '../schema.ts'
import type { OperatorName } from '../schemas/index.ts'
import { dtypeOf, isRanked, type Operation, type Value } from '../value.ts'
import { activations } from './activations.ts'
import { attention } from './attention.ts'
import type { Compositions, Use } from './composition.ts'
import { convolution } from './convolution.ts'
import { estimators } from './estimators.ts'
import { features } from './features.ts'
import { fused } from './fused.ts'
import { guarded, isUnguarded } from './guarded.ts'
import { image } from './image.ts'
import { indexing } from './indexing.ts'
import { linear } from './linear.ts'
import { losses } from './losses.ts'
import { normalization } from './normalization.ts'
import { pooling } from './pooling.ts'
import { quantization } from './quantization.ts'
import { random } from './random.ts'
import { recurrent } from './recurrent.ts'
import { reduction } from './reduction.ts'
import { region } from './region.ts'
import { signal } from './signal.ts'
import { special } from './special.ts'

/** What operators are made of, by name. */
export const compositions: Compositions = {
  ...activations,
  ...attention,
  ...convolution,
  ...image,
  ...indexing,
  ...linear,
  ...normalization,
  ...pooling,
  ...region,
  ...reduction,
  ...recurrent,
  ...losses,
  ...quantization,
  ...signal,
  ...fused,
  ...features,
  ...estimators,
  ...random,
  ...special,
}

const batchFirst = (use: Use): boolean => int(use, 'layout', 0) === 1

const late = (_: Use, opset: number): boolean => opset > 21
const double = ({ inputs }: Use): boolean => inputs.some((value) => value !== null && dtypeOf(value) === 'float64')

/** Operators that the runtime has in single precision alone. */
const SINGLE = [
  'Tan',
  'Asin',
  'Acos',
  'Atan',
  'Sinh',
  'Cosh',
  'Asinh',
  'Acosh',
  'Atanh',
  'Erf',
  'Gelu',
  'LeakyRelu',
  'PRelu',
  'ThresholdedRelu',
  'Elu',
  'Celu',
  'Selu',
  'Softplus',
  'Softsign',
  'HardSigmoid',
  'Shrink',
  'Mean',
  'Det',
  'RotaryEmbedding',
  'Conv',
  'ConvTranspose',
  'Col2Im',
  'AveragePool',
  'LpPool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'MaxUnpool',
  'InstanceNormalization',
  'MeanVarianceNormalization',
  'Resize',
] as const satisfies readonly OperatorName[]

const always = (): boolean => true

/** Operators without a kernel: the runtime writes out the body that ONNX gives them, which ours are simpler than. */
const BODIES = [
  'CastLike',
  'HardSwish',
  'Mish',
  'Swish',
  // its body refuses a batch of no examples
  'NegativeLogLikelihoodLoss',
  'SoftmaxCrossEntropyLoss',
  // its body draws 1 with the probability of 0
  'Bernoulli',
] as const satisfies readonly OperatorName[]

/** Uses that the runtime refuses, or runs to the harm of others. */
const NOT_RUN: { readonly [O in OperatorName]?: (use: Use, opset: number) => boolean } = {
  ...Object.fromEntries(SINGLE.map((name) => [name, double])),
  ...Object.fromEntries(BODIES.map((name) => [name, always])),
  // It writes the new statistics over the old ones, even where those are fed or belong to the model.
  BatchNormalization: (use) => int(use, 'training_mode', 0) === 1,
  // Their kernels end before opset 22.
  GlobalLpPool: (use, opset) => late(use, opset) || double(use),
  RoiAlign: late,
  LRN: (use) => int(use, 'size', 1) % 2 === 0 || double(use),
  // A mask has a row for each query and a column for each key; a window came with opset 25.
  Attention: (use) => {
    const [q, k, , mask, past] = use.inputs
    if (double(use) || use.attributes.left_window_size || use.attributes.right_window_size) return true
    const along = q!.shape.length === 3 ? 1 : 2
    const [queries, keys] = [q!.shape[along], past ? undefined : k!.shape[along]]
    return mask != null && (differ(mask.shape.at(-2) ?? 1, queries) || differ(mask.shape.at(-1) ?? 1, keys))
  },
  // Where a transpose stands before it, the runtime's fusion takes the matrix as it was, and no error says so (1.30).
  MatMul: ({ inputs: [a, b] }) => [a, b].some((value) => value!.shape.length === 1 && isRanked(value!)),
  // It reads complex signals wrongly, and beyond their end.
  STFT: ({ inputs: [signal] }) => signal!.shape.at(-1) !== 1,
  RNN: batchFirst,
  GRU: batchFirst,
  LSTM: batchFirst,
}

/** Operators whose kernels end the whole process at what is empty: they are made to fail as others do. */
const GUARDED: ReadonlySet<string> = new Set(['GRU', 'LSTM'])

const isComposed = (operation: Operation, opset: number): boolean =>
  NOT_RUN[operation.type as OperatorName]?.(operation, opset) === true

/** Tells whether something else stands in a model of an opset for an operation, which the runtime must not run. */
export const isStoodIn = (operation: Operation, opset: number): boolean =>
  operation.domain === '' && (isComposed(operation, opset) || (GUARDED.has(operation.type) && isUnguarded(operation)))

/** Returns what stands in a model of an opset for such an operation, or undefined. */
export function standIn(operation: Operation, opset: number): readonly Value[] | undefined {
  if (!isStoodIn(operation, opset)) return undefined
  return isComposed(operation, opset)
    ? (compositions[operation.type as OperatorName]!(operation) as readonly Value[])
    : guarded(operation)
}
