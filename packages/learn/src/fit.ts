import { PodError, type Tensor, tensor } from '@mlpod/contract'
import { type Model, openSession, type Session, type Value } from '@mlpod/graph'
import { type Random, random } from '@mlpod/math'
import type { Layer, Mask } from './layers/layer.ts'
import { network as build } from './layers/layer.ts'
import type { Loss } from './losses/index.ts'
import { type Optimizer, rateAt } from './optimizers/index.ts'
import { evaluation, LOSSES, type TrainingStep, trainingStep } from './training-step.ts'

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
  /** Epochs without improvement that are borne. */
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
  /** Steps in one run of the runtime; 1 by default. More save what a run costs, and matter for small networks. */
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
 * alone: the same options give the same bits. Throws `DATA_EMPTY`, `DATA_NOT_FINITE`, `LABEL_INVALID`, `LENGTH_MISMATCH`,
 * `LOSS_NOT_FINITE` naming the step, `TRAINING_ABORTED` when the signal says so, `OPTION_INVALID`.
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
    stepsPerRun = 1,
  } = options
  checkOptions(options)
  checkData(data, loss, 'the data')
  if (validation) checkData(validation, loss, 'the validation data')
  const step = trainingStep({
    layer: network,
    loss,
    optimizer,
    data,
    seed,
    parameters: options.parameters,
    stepsPerRun,
  })
  const session = await openSession(step.model, { threads })
  const judge = validation && (await openJudge(network, loss, validation, threads))
  const trainer = newTrainer(step, session, { data, optimizer, seed, batch, stepsPerRun })
  const stopping = newStopping(options.earlyStopping)
  const history: EpochRecord[] = []
  let best = { parameters: trainer.parameters(), epoch: 0 }
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const { mean, learningRate } = await trainer.epoch(epoch, options.signal)
      const record: EpochRecord = {
        epoch,
        steps: trainer.steps(),
        loss: mean,
        ...(judge && { validation: await judge.loss(trainer.current()) }),
        learningRate,
      }
      history.push(record)
      options.onProgress?.(record)
      const { improved, stop } = stopping(record.validation ?? record.loss)
      if (improved) best = { parameters: trainer.parameters(), epoch }
      if (stop) break
    }
  } finally {
    await session.close()
    await judge?.close()
  }
  const restore = options.earlyStopping !== undefined && (options.earlyStopping.restoreBest ?? true)
  const last = { parameters: trainer.parameters(), epoch: history.length }
  const { parameters, epoch } = restore ? best : last
  return { parameters, history, epoch, apply: (x) => build(network, x, { parameters }).output }
}

type State = Readonly<Record<string, Tensor>>

/** Runs the steps of epochs, with two sets of buffers for what a step reads and writes. */
function newTrainer(
  { model, state: names, masks, scalarNames }: TrainingStep,
  session: Session,
  {
    data,
    optimizer,
    seed,
    batch,
    stepsPerRun,
  }: Required<Pick<FitOptions, 'data' | 'optimizer' | 'seed' | 'batch' | 'stepsPerRun'>>,
) {
  const copy = ({ dtype, shape, data }: Tensor): Tensor =>
    ({ dtype, shape, data: (data as Float32Array).slice() }) as Tensor
  const each = (make: (value: Tensor) => Tensor): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(names).map(([name, { initial }]) => [name, make(initial)]))
  let [now, next]: [State, State] = [each(copy), each(copy)]
  const written = (state: State): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(state).map(([name, value]) => [`${name} next`, value]))
  const n = data.x.shape[0]
  const order = random({ seed, path: 'order' })
  const drops = random({ seed, path: 'masks' })
  const whole = { x: data.x, y: data.y, ...(data.weights && { weights: data.weights }) }
  const used = Object.fromEntries(
    Object.entries(whole).filter(([name]) => model.inputs.some((input) => input.name === name)),
  )
  let t = 0

  async function run(rows: BigInt64Array, size: number, trips: number): Promise<Float32Array> {
    const feeds: Record<string, Tensor> = { ...used, ...now, rows: tensor('int64', [trips, size], rows) }
    const values = Array.from({ length: trips }, (_, k) =>
      optimizer.scalars(t + k + 1, rateAt(optimizer.learningRate, t + k + 1)),
    )
    for (const name of scalarNames)
      feeds[`scalar ${name}`] = tensor(
        'float32',
        [trips],
        Float32Array.from(values, (scalars) => scalars[name]),
      )
    for (const mask of masks) feeds[mask.name] = draw(drops, mask, t, trips, size)
    if (stepsPerRun > 1) feeds.trips = tensor('int64', [], BigInt64Array.of(BigInt(trips)))
    // the first run is checked, the others have the same names and types
    const results = await session.run(feeds, { into: written(next), validate: t === 0 })
    ;[now, next] = [next, now]
    t += trips
    return results[LOSSES].data as Float32Array
  }

  return {
    steps: () => t,
    current: (): State => now,
    parameters: (): Record<string, Tensor<'float32'>> =>
      Object.fromEntries(
        Object.entries(names).flatMap(([name, { path }]) => (path === undefined ? [] : [[path, copy(now[name])]])),
      ) as never,
    async epoch(epoch: number, signal?: AbortSignal): Promise<{ mean: number; learningRate: number }> {
      const permutation = order.at(String(epoch)).permutation(n)
      let [sum, at] = [0, 0]
      let paused = performance.now()
      while (at < n) {
        const size = Math.min(batch, n - at)
        const trips = size < batch ? 1 : Math.min(stepsPerRun, Math.floor((n - at) / batch))
        const losses = await run(BigInt64Array.from(permutation.subarray(at, at + size * trips), BigInt), size, trips)
        losses.forEach((loss, k) => {
          if (!Number.isFinite(loss)) throw notFinite(loss, t - trips + k + 1, epoch)
          sum += loss * size
        })
        at += size * trips
        // a run blocks its thread: let signals and timers through now and then
        if (performance.now() - paused > 50) {
          await new Promise((resolve) => setImmediate(resolve))
          paused = performance.now()
        }
        if (signal?.aborted)
          throw new PodError('TRAINING_ABORTED', `training was stopped in epoch ${epoch} after step ${t}`)
      }
      return { mean: sum / n, learningRate: rateAt(optimizer.learningRate, t) }
    },
  }
}

const notFinite = (loss: number, step: number, epoch: number): PodError =>
  new PodError('LOSS_NOT_FINITE', `the loss is ${loss} at step ${step} (epoch ${epoch})`, {
    because: 'the parameters grew until the loss overflowed, or a value of the data did',
    hint: 'lower the learning rate, put clipByGlobalNorm(1) before the optimizer, or scale the inputs',
  })

/** Masks of some steps: four from the 64 bits of each number. */
function draw(drops: Random, { name, keep, shape }: Mask, t: number, trips: number, size: number): Tensor {
  const width = shape.reduce((product, dim) => product * dim, 1)
  const data = new Uint8Array(trips * size * width)
  const limit = Math.round(keep * 65536)
  for (let k = 0; k < trips; k++) {
    const numbers = drops.at(`${name}/${t + k + 1}`)
    const end = (k + 1) * size * width
    for (let i = k * size * width, j = 0; i < end; i += 2, j++) {
      const bits = numbers.uint32(j)
      data[i] = (bits & 0xffff) < limit ? 1 : 0
      if (i + 1 < end) data[i + 1] = bits >>> 16 < limit ? 1 : 0
    }
  }
  return { dtype: 'bool', shape: [trips, size, ...shape], data }
}

/** Computes the loss of given parameters over all validation rows. */
async function openJudge(layer: Layer, loss: Loss, data: TrainingData, threads: number) {
  const model: Model = evaluation({ layer, loss, data })
  const session = await openSession(model, { threads })
  const rows = 4096
  return {
    close: () => session.close(),
    async loss(state: State): Promise<number> {
      let [sum, total] = [0, 0]
      const n = data.x.shape[0]
      for (let at = 0; at < n; at += rows) {
        const feeds: Record<string, Tensor> = { ...state, x: cut(data.x, at, rows), y: cut(data.y, at, rows) }
        if (data.weights) feeds.weights = cut(data.weights, at, rows)
        const fed = Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]]))
        const found = await session.run(fed)
        sum += (found.sum.data as Float32Array)[0]
        total += (found.total.data as Float32Array)[0]
      }
      return sum / total
    },
  }
}

const cut = <T extends Tensor>({ dtype, shape, data }: T, from: number, rows: number): Tensor => {
  const to = Math.min(shape[0], from + rows)
  const width = data.length / shape[0]
  return {
    dtype,
    shape: [to - from, ...shape.slice(1)],
    data: (data as Float32Array).subarray(from * width, to * width),
  } as Tensor
}

/** Tells after each epoch whether it was the best, and whether to stop. */
function newStopping(options: EarlyStopping | undefined): (loss: number) => { improved: boolean; stop: boolean } {
  let [best, waited] = [Infinity, 0]
  return (loss) => {
    const improved = loss < best - (options?.minDelta ?? 0)
    if (improved) [best, waited] = [loss, 0]
    else waited++
    return { improved, stop: options !== undefined && waited > options.patience }
  }
}

function checkOptions({ epochs, batch = 128, stepsPerRun = 1, earlyStopping }: FitOptions): void {
  const whole: Readonly<Record<string, number>> = { epochs, batch, stepsPerRun }
  for (const [name, value] of Object.entries(whole))
    if (!(Number.isSafeInteger(value) && value > 0))
      throw new PodError('OPTION_INVALID', `${name} is ${value}, not a whole number above 0`)
  if (earlyStopping && !(earlyStopping.patience >= 0))
    throw new PodError('OPTION_INVALID', `the patience is ${earlyStopping.patience}`)
}

function checkData({ x, y, weights }: TrainingData, loss: Loss, what: string): void {
  const n = x.shape[0]
  if (!(n > 0)) throw new PodError('DATA_EMPTY', `${what} has no rows`)
  for (const [name, value] of Object.entries({ y, weights }))
    if (value && value.shape[0] !== n)
      throw new PodError('LENGTH_MISMATCH', `${what} has ${n} rows of x, but ${value.shape[0]} of ${name}`)
  const bad = x.data.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0)
    throw new PodError(
      'DATA_NOT_FINITE',
      `x of ${what} is ${x.data[bad]} in row ${Math.floor(bad / (x.data.length / n))}`,
      {
        hint: 'impute missing values: fitPreprocess does',
      },
    )
  if (y.dtype !== loss.target)
    throw new PodError('DTYPE_MISMATCH', `${loss.name} takes targets of ${loss.target}, but y of ${what} is ${y.dtype}`)
  const negative =
    y.dtype === 'int64'
      ? (y.data as BigInt64Array).findIndex((v) => v < 0n)
      : (y.data as Float32Array).findIndex((v) => !Number.isFinite(v))
  if (negative >= 0) throw new PodError('LABEL_INVALID', `y of ${what} is ${y.data[negative]} at position ${negative}`)
  if (weights?.data.some((w) => !(w >= 0)))
    throw new PodError('WEIGHTS_INVALID', `a weight of ${what} is negative or NaN`)
}
