import { PodError, type Tensor } from '@mlpod/contract'
import type { Device, Runtime } from '@mlpod/graph'
import type { BatchAugmentation } from './augmentBatches.ts'
import type { Callback, EpochRecord, StepRecord } from './callback.ts'
import type { CheckpointOptions } from './checkpoint.ts'
import type { ClassWeights } from './classWeights.ts'
import type { TrainingData } from './data.ts'
import type { Layer } from './layers/layer.ts'
import type { Loss } from './losses/index.ts'
import type { Metric } from './metric.ts'
import type { NamedNetwork } from './namedNetwork.ts'
import type { Optimizer } from './optimizers/index.ts'
import { checkUpdates } from './optimizers/optimizer.ts'
import { checkPrivacy, type Privacy } from './privacy.ts'
import { type BatchStream, isStream } from './source.ts'

/** When training ends before its last epoch. */
export interface EarlyStopping {
  /** Epochs without improvement after which training ends, at least 1; as in Keras. */
  readonly patience: number
  /** What counts as an improvement; 0 by default. */
  readonly minDelta?: number
  /** Whether the parameters of the best epoch come back; true by default. */
  readonly restoreBest?: boolean
  /** Of how many epochs, the best ones, the parameters are kept; 1 by default. */
  readonly best?: number
  /** What is watched: the validation loss (without validation data, the loss) or a metric of the validation data. */
  readonly watch?: string
  /** Whether small or large values are good; `min` by default. */
  readonly mode?: 'min' | 'max'
}

/** Settings of `fit`. */
export interface FitOptions {
  readonly network: Layer | NamedNetwork
  /** The loss; with several targets, one by the name of each. */
  readonly loss: Loss | Readonly<Record<string, Loss>>
  /** How much each of several losses counts; 1 by default. */
  readonly lossWeights?: Readonly<Record<string, number>>
  readonly optimizer: Optimizer
  /** Rows in memory, or a stream of batches: an iterable, or a function of the epoch that makes one. */
  readonly data: TrainingData | BatchStream
  readonly validation?: TrainingData
  /** How often the rows are gone through. This or `steps` is needed. */
  readonly epochs?: number
  /** After how many steps training ends, wherever it stands. */
  readonly steps?: number
  /** Rows a step; the last step of an epoch takes what is left. 128 by default. A stream's batches are steps. */
  readonly batch?: number
  /** Whether rows in memory are taken in an order drawn for each epoch; true by default. */
  readonly shuffle?: boolean
  /**
   * What changes each batch before it is learnt from, one after the other (`mixUp(0.2)`), drawn from the seed and the number of the
   * step alone. Validation data are judged as they are.
   */
  readonly augment?: readonly BatchAugmentation[]
  /**
   * Whether single rows are hidden, and how far. The optimizer must look at gradients alone, and no layer at several rows of a
   * batch. The noise follows from `seed`, which must then stay secret: who finds it can take the noise away.
   */
  readonly privacy?: Privacy
  /** How much the rows of each class count, on top of `weights`. */
  readonly classWeights?: ClassWeights
  readonly seed: number
  readonly earlyStopping?: EarlyStopping
  /** What is told beside the loss, by name: `{ accuracy: accuracy() }`. */
  readonly metrics?: Readonly<Record<string, Metric>>
  /** Whether the norms of gradient, update and weights are told. */
  readonly norms?: boolean
  readonly onProgress?: (record: EpochRecord) => void
  readonly onStep?: (record: StepRecord) => void
  readonly callbacks?: readonly Callback[]
  readonly signal?: AbortSignal
  /** Where steps run; `cpu` by default. Throws `DEVICE_MISSING` where it is not there. */
  readonly device?: Device
  /** The runtime; in a browser `onnxruntime-web`. */
  readonly runtime?: Runtime
  /**
   * `mixed` computes the network in half precision, with parameters, loss and optimizer in single precision and a scale of the
   * loss that follows overflows. It saves time and memory on graphics cards; the CPU computes half precision by way of single
   * and gains nothing. `full` by default.
   */
  readonly precision?: 'full' | 'mixed'
  /**
   * In how many worker threads the gradient of a batch is taken, each a part of its rows; by default, in none. The result is that
   * of the whole batch up to rounding, and the same bits for the same number. A run is then one step.
   */
  readonly dataParallel?: number
  /** Threads of the runtime; 1 by default, so that the same seed gives the same bits. */
  readonly threads?: number
  /**
   * Steps in one run of the runtime, 8 by default: the parameters stay inside it from step to step, which saves a tenth to a
   * third of the time. Signals are heard between runs.
   */
  readonly stepsPerRun?: number
  /** Batches of a stream that are asked for ahead; 16 by default. */
  readonly prefetch?: number
  /**
   * In how many parts the gradient of a batch is taken, one after the other; 1 by default. The result is that of the whole
   * batch up to rounding, with the memory of a part.
   */
  readonly accumulate?: number
  /** Parameters to begin with, by path, instead of drawn ones. */
  readonly parameters?: Readonly<Record<string, Tensor>>
  /** Which parameters are trained, by path; all by default. The others stay as they are. */
  readonly trainable?: (path: string) => boolean
  /** Where and when training is kept, so that it can go on. */
  readonly checkpoint?: CheckpointOptions
  /** Whether training goes on from the checkpoint, where there is one: with the same options, to the same bits. */
  readonly resume?: boolean
  /** Whether a loss that is no number is traced to the first operation whose result is none. */
  readonly diagnose?: boolean
}

const invalid = (message: string): PodError => new PodError('OPTION_INVALID', message)

/** Throws `OPTION_INVALID` or `OPTIMIZER_INVALID` for options that cannot be. */
export function checkOptions(options: FitOptions): void {
  const { epochs, steps, earlyStopping, optimizer, checkpoint, resume } = options
  checkUpdates(optimizer)
  if (epochs === undefined && steps === undefined) throw invalid('neither epochs nor steps say when training ends')
  const { batch, stepsPerRun, prefetch, accumulate, dataParallel } = options
  const whole: Readonly<Record<string, number | undefined>> = {
    epochs,
    steps,
    batch,
    stepsPerRun,
    prefetch,
    accumulate,
    dataParallel,
    'checkpoint.every': checkpoint?.every,
    'earlyStopping.best': earlyStopping?.best,
  }
  for (const [name, value] of Object.entries(whole))
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw invalid(`${name} is ${value}, not a whole number above 0`)
  if (earlyStopping && !(earlyStopping.patience >= 1)) throw invalid(`the patience is ${earlyStopping.patience}`)
  if (earlyStopping?.minDelta !== undefined && !(earlyStopping.minDelta >= 0))
    throw invalid(`minDelta is ${earlyStopping.minDelta}, no number >= 0`)
  if (dataParallel !== undefined && (accumulate ?? 1) > 1)
    throw invalid('dataParallel already takes a batch in parts: leave accumulate out')
  if (options.privacy) {
    checkPrivacy(options.privacy)
    if (isStream(options.data) && batch === undefined)
      throw invalid('privacy needs to know the batch that a stream is drawn for: give batch')
    if (options.precision === 'mixed') throw invalid('gradients of single rows are taken in single precision')
    if (options.augment?.length)
      throw invalid('augment may mix rows, and privacy hides single ones: leave one of them out')
  }
  if (resume && !checkpoint) throw invalid('resume needs a checkpoint folder to go on from')
  const names = (options.callbacks ?? []).map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw invalid(`two callbacks are named "${twice}"`)
}
