import { PodError, type Tensor } from '@mlpod/contract'
import { openSession, type Value } from '@mlpod/graph'
import { checkClasses, checkData } from './checkData.ts'
import { openJudge } from './judge.ts'
import { network as build, type Layer } from './layers/layer.ts'
import type { Loss } from './losses/index.ts'
import type { Optimizer } from './optimizers/index.ts'
import { checkUpdates } from './optimizers/optimizer.ts'
import { newTrainer, notFinite } from './trainer.ts'
import { trainingStep } from './trainingStep.ts'

/** Rows to learn from: `x` [n, ...], `y` [n] of class numbers or [n, k], `weights` [n]. */
export interface TrainingData {
  readonly x: Tensor<'float32'>
  readonly y: Tensor<'float32'> | Tensor<'int64'>
  readonly weights?: Tensor<'float32'>
}

/** What is told after each epoch. */
export interface EpochRecord {
  /** From 1. */
  readonly epoch: number
  /** Steps taken until then. */
  readonly steps: number
  /** Mean over the epoch's steps of the loss before each step, weighted by rows. */
  readonly loss: number
  readonly validation?: number
  readonly learningRate: number
}

/** When training ends before its last epoch. */
export interface EarlyStopping {
  /** Epochs without improvement after which training ends, at least 1; as in Keras. */
  readonly patience: number
  /** What counts as an improvement; 0 by default. */
  readonly minDelta?: number
  /** Whether the parameters of the best epoch come back; true by default. */
  readonly restoreBest?: boolean
}

/** Settings of `fit`. */
export interface FitOptions {
  readonly network: Layer
  readonly loss: Loss
  readonly optimizer: Optimizer
  readonly data: TrainingData
  readonly validation?: TrainingData
  readonly epochs: number
  /** Rows a step; the last step of an epoch takes what is left. 128 by default. */
  readonly batch?: number
  readonly seed: number
  readonly earlyStopping?: EarlyStopping
  readonly onProgress?: (record: EpochRecord) => void
  readonly signal?: AbortSignal
  /** Threads of the runtime; 1 by default, so that the same seed gives the same bits. */
  readonly threads?: number
  /**
   * Steps in one run of the runtime, 8 by default: the parameters stay inside it from step to step, which saves a tenth to a
   * third of the time. Signals are heard between runs.
   */
  readonly stepsPerRun?: number
  /** Parameters to begin with, by path, instead of drawn ones. */
  readonly parameters?: Readonly<Record<string, Tensor>>
}

/** A trained network. */
export interface Fitted {
  /** The trained parameters by path. */
  readonly parameters: Readonly<Record<string, Tensor<'float32'>>>
  readonly history: readonly EpochRecord[]
  /** The epoch whose parameters these are. */
  readonly epoch: number
  /** Returns the trained network applied to a value. */
  apply(x: Value): Value
}

/**
 * Trains a network. A step is one graph (forward, loss, backward, update), compiled once; batches are taken from the whole
 * data inside it, parameters go back and forth between two sets of buffers. The order of rows follows from seed and epoch
 * alone: the same options give the same bits. Throws `DATA_EMPTY`, `DATA_NOT_FINITE`, `LABEL_INVALID`, `WEIGHTS_INVALID`,
 * `LENGTH_MISMATCH`, `SHAPE_MISMATCH`, `NETWORK_EMPTY`, `LOSS_NOT_FINITE` naming the step (of the training or validation loss,
 * or of the parameters in the end), `TRAINING_ABORTED` when the signal says so, `OPTION_INVALID`, `OPTIMIZER_INVALID`.
 */
export async function fit(options: FitOptions): Promise<Fitted> {
  const {
    network,
    loss,
    optimizer,
    data,
    validation,
    epochs,
    batch = 128,
    seed,
    threads = 1,
    stepsPerRun = 8,
  } = options
  checkOptions(options)
  const parts = [[data, 'the data'] as const, ...(validation ? [[validation, 'the validation data'] as const] : [])]
  for (const [part, what] of parts) checkData(part, loss, what)
  if (validation) checkAlike(data, validation)
  const step = trainingStep({
    layer: network,
    loss,
    optimizer,
    data,
    seed,
    parameters: options.parameters,
    stepsPerRun,
  })
  if (Object.keys(step.state).length === 0)
    throw new PodError('NETWORK_EMPTY', 'the network has no parameters, so there is nothing to train')
  for (const [part, what] of parts) checkClasses(part, step.width, what)
  await using session = await openSession(step.model, { threads })
  await using judge = validation ? await openJudge(network, loss, validation, threads) : undefined
  const trainer = newTrainer(step, session, { data, optimizer, seed, batch, stepsPerRun })
  const stopping = newStopping(options.earlyStopping)
  const history: EpochRecord[] = []
  const restore = options.earlyStopping !== undefined && (options.earlyStopping.restoreBest ?? true)
  let best = { parameters: trainer.parameters(), epoch: 0 }
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const { mean, learningRate } = await trainer.epoch(epoch, options.signal)
    const validated = judge && { validation: await judge.loss(trainer.current()) }
    if (validated && !Number.isFinite(validated.validation))
      throw notFinite(`validation loss`, validated.validation, trainer.steps(), epoch)
    const record: EpochRecord = { epoch, steps: trainer.steps(), loss: mean, ...validated, learningRate }
    history.push(record)
    options.onProgress?.(record)
    const { improved, stop } = stopping(record.validation ?? record.loss)
    if (improved && restore) best = { parameters: trainer.parameters(), epoch }
    if (stop) break
  }
  const { parameters, epoch } = restore ? best : { parameters: trainer.parameters(), epoch: history.length }
  for (const [path, { data: values }] of Object.entries(parameters)) {
    // The loss of a step is that before it: what the last one did shows in the parameters alone.
    const wrong = values.find((value) => !Number.isFinite(value))
    if (wrong !== undefined) throw notFinite(`parameter ${path}`, wrong, trainer.steps(), epoch)
  }
  return { parameters, history, epoch, apply: (x) => build(network, x, { parameters }).output }
}

function checkOptions({ epochs, batch = 128, stepsPerRun = 8, earlyStopping, optimizer }: FitOptions): void {
  checkUpdates(optimizer)
  const whole: Readonly<Record<string, number>> = { epochs, batch, stepsPerRun }
  for (const [name, value] of Object.entries(whole))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw new PodError('OPTION_INVALID', `${name} is ${value}, not a whole number above 0`)
  if (earlyStopping && !(earlyStopping.patience >= 1))
    throw new PodError('OPTION_INVALID', `the patience is ${earlyStopping.patience}`)
  if (earlyStopping?.minDelta !== undefined && !(earlyStopping.minDelta >= 0))
    throw new PodError('OPTION_INVALID', `minDelta is ${earlyStopping.minDelta}, no number >= 0`)
}

function checkAlike(data: TrainingData, validation: TrainingData): void {
  for (const name of ['x', 'y'] as const) {
    const [a, b] = [data[name].shape, validation[name].shape]
    if (a.length !== b.length || a.some((size, axis) => axis > 0 && size !== b[axis]))
      throw new PodError(
        'SHAPE_MISMATCH',
        `${name} is [${a.join(', ')}] in the data and [${b.join(', ')}] in the validation data`,
      )
  }
}

/** Tells after each epoch whether it was the best, and whether to stop. */
function newStopping(options: EarlyStopping | undefined): (loss: number) => { improved: boolean; stop: boolean } {
  let [best, waited] = [Infinity, 0]
  return (loss) => {
    const improved = loss < best - (options?.minDelta ?? 0)
    if (improved) [best, waited] = [loss, 0]
    else waited++
    return { improved, stop: options !== undefined && waited >= options.patience }
  }
}
