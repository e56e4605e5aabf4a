import { hashValue, PodError, type Tensor } from '@mlpod/contract'
import { compile, type Value } from '@mlpod/graph'
import { batchChanger } from './augmentBatches.ts'
import type { Control, EpochRecord } from './callback.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { columnsOf, hashColumns, namedRows } from './data.ts'
import { culpritOf } from './diagnose.ts'
import { checkOptions, type FitOptions } from './fitOptions.ts'
import { buildNetwork, INPUT } from './namedNetwork.ts'
import { prepared } from './prepare.ts'
import { resumed, saved } from './progress.ts'
import { type Chunk, isStream } from './source.ts'
import { type Best, newStopping } from './stopping.ts'
import { nothing, stepRecords, summed, type Tally, tallied } from './tally.ts'
import { notFinite, type Ran } from './trainer.ts'
import { openTraining, type Training } from './training.ts'
import type { TrainingStep } from './trainingStep.ts'

/** A trained network. */
export interface Fitted {
  /** The trained parameters by path, and those that were not trained. */
  readonly parameters: Readonly<Record<string, Tensor<'float32'>>>
  readonly history: readonly EpochRecord[]
  /** The epoch whose parameters these are. */
  readonly epoch: number
  /** The best epochs, the best first, where early stopping watched. */
  readonly best: readonly Best[]
  /** Returns the trained network applied to a value; with several outputs, the first. */
  apply(x: Value): Value
  /** Returns the outputs of the trained network applied to values by name. */
  outputs(inputs: Readonly<Record<string, Value>>): Readonly<Record<string, Value>>
}

/**
 * Trains a network. A step is one graph (forward, loss, backward, update), compiled once; batches are taken from the whole
 * data inside it, parameters go back and forth between two sets of buffers. The order of rows follows from seed and epoch
 * alone: the same options give the same bits, interrupted and resumed or not. Throws `DATA_EMPTY`, `DATA_NOT_FINITE`,
 * `LABEL_INVALID`, `WEIGHTS_INVALID`, `LENGTH_MISMATCH`, `SHAPE_MISMATCH`, `DTYPE_MISMATCH`, `LOSS_MISSING`, `TARGET_MISSING`,
 * `OUTPUT_MISSING`, `NETWORK_EMPTY`, `LOSS_NOT_FINITE` naming the step (of the training or validation loss, or of the
 * parameters in the end), `TRAINING_ABORTED` when the signal says so, `CHECKPOINT_MISMATCH`, `CHECKPOINT_CORRUPT`,
 * `PRECISION_UNSUPPORTED`, `DEVICE_MISSING`, `OPTION_INVALID`, `OPTIMIZER_INVALID`.
 */
export async function fit(options: FitOptions): Promise<Fitted> {
  checkOptions(options)
  const { source, problem } = await prepared(options)
  await using training = await openTraining(options, problem)
  const { step, trainer, parameters } = training
  const { checkpoint, callbacks = [], epochs = Infinity, steps = Infinity, signal } = options
  const stopping = options.earlyStopping && newStopping(options.earlyStopping)
  const changed = batchChanger(options.augment ?? [], { seed: options.seed, layout: problem.layout })
  const metrics = Object.keys(problem.metrics)
  let stopped = false
  const control: Control = {
    stop: () => {
      stopped = true
    },
    get learningRate() {
      return trainer.rate(trainer.steps())
    },
    scaleLearningRate: (factor) => trainer.scale(factor),
    parameters,
  }

  const identity = checkpoint ? identityOf(options, step) : ''
  let [epoch, tally, history]: [number, Tally, EpochRecord[]] = [1, nothing, []]
  const found = options.resume && checkpoint && (await readCheckpoint(checkpoint.folder))
  if (found) {
    const progress = resumed(found, identity, step, callbacks, stopping)
    ;({ epoch, tally, history } = progress)
    trainer.restore(progress.state, progress.steps, progress.factor)
  }
  const keep = async (): Promise<void> => {
    if (!checkpoint) return
    const [taken, factor, state] = [trainer.steps(), trainer.factor(), trainer.current()]
    const progress = { identity, epoch, tally, history, steps: taken, factor, state }
    await writeCheckpoint(checkpoint.folder, saved(progress, callbacks, stopping))
  }
  /** How many steps may be in one run: training ends, and checkpoints are written, between runs. */
  const most = (): number => {
    const every = checkpoint?.every ?? Infinity
    return Math.min(trainer.most, steps - trainer.steps(), every - (trainer.steps() % every))
  }

  try {
    while (epoch <= epochs && trainer.steps() < steps && !stopped) {
      await using cursor = source.open(epoch, tally.batches)
      const pause = newPause(signal, () => `in epoch ${epoch} after step ${trainer.steps()}`)
      pause.listen()
      for (;;) {
        const read = most() > 0 && !stopped ? await cursor.next(most()) : undefined
        if (read === undefined) break
        const chunk = changed(read, trainer.steps())
        const ran = await trainer.run(chunk)
        await checkLosses(training, ran, chunk, epoch, options.diagnose ?? false)
        tally = tallied(tally, ran, chunk.size)
        await tellSteps(ran, chunk)
        if (checkpoint?.every && trainer.steps() % checkpoint.every === 0) await keep()
        await pause.breathe()
        pause.listen()
      }
      await endEpoch()
    }
  } finally {
    for (const callback of callbacks) await callback.onEnd?.()
  }
  const restore = options.earlyStopping?.restoreBest ?? true
  const best = stopping?.best() ?? []
  const result = restore && best.length > 0 ? best[0] : { parameters: await parameters(), epoch: history.length }
  checkParameters(result, trainer.steps())
  return fitted(options, result, history, best)

  async function tellSteps(ran: Ran, { size }: Chunk): Promise<void> {
    const heard = callbacks.filter(({ onStep }) => onStep)
    if (!options.onStep && heard.length === 0) return
    for (const record of stepRecords(ran, epoch, size, metrics)) {
      options.onStep?.(record)
      for (const callback of heard) await callback.onStep?.(record, control)
    }
  }

  async function endEpoch(): Promise<void> {
    const verdict = await training.judge()
    if (verdict && !Number.isFinite(verdict.loss))
      throw notFinite('validation loss', verdict.loss, trainer.steps(), epoch)
    const record: EpochRecord = {
      epoch,
      steps: trainer.steps(),
      ...summed(tally, metrics),
      ...(verdict && { validation: verdict.loss }),
      ...(verdict && metrics.length > 0 && { validationMetrics: verdict.metrics }),
      learningRate: trainer.rate(trainer.steps()),
    }
    history.push(record)
    options.onProgress?.(record)
    for (const callback of callbacks) await callback.onEpoch?.(record, control)
    if (await stopping?.after(record, parameters)) stopped = true
    ;[epoch, tally] = [epoch + 1, nothing]
    await keep()
  }
}

/** What tells a training from another: the graph of a step, settings of the optimizer, seed, and the rows in memory. */
function identityOf(
  { optimizer, seed, batch, shuffle, data, augment, privacy }: FitOptions,
  { computed }: TrainingStep,
): string {
  const { values, inputs } = computed()
  const outputs = Object.fromEntries(values.map((value, i) => [`result ${i}`, value]))
  const { bodyHash } = compile({ inputs, outputs, name: 'step' })
  const rows = isStream(data) ? {} : hashColumns(columnsOf(data).columns)
  const changes = augment?.map(({ name, options = {} }) => ({ name, options }))
  return hashValue({
    body: bodyHash,
    options: optimizer.options ?? {},
    seed,
    batch,
    shuffle,
    rows,
    ...(changes && { changes }),
    ...(privacy && { privacy: { ...privacy } }),
  })
}

/** Throws `LOSS_NOT_FINITE` for a loss that is no number, unless such steps are left out. */
async function checkLosses(
  { step, trainer, skips }: Training,
  { losses, first }: Ran,
  chunk: Chunk,
  epoch: number,
  diagnose: boolean,
): Promise<void> {
  const wrong = skips ? -1 : losses.findIndex((loss) => !Number.isFinite(loss))
  if (wrong < 0) return
  const culprit = diagnose ? await culpritOf(step, trainer, chunk, wrong) : undefined
  const because =
    culprit &&
    `the first result that is no number is ${culprit.value}, of ${culprit.operation}${culprit.at ? ` (${culprit.at})` : ''}`
  throw notFinite('loss', losses[wrong], first + wrong, epoch, because)
}

/** The loss of a step is that before it: what the last one did shows in the parameters alone. */
function checkParameters({ parameters, epoch }: Pick<Best, 'parameters' | 'epoch'>, steps: number): void {
  for (const [path, { data: values }] of Object.entries(parameters)) {
    const wrong = values.find((value) => !Number.isFinite(value))
    if (wrong !== undefined) throw notFinite(`parameter ${path}`, wrong, steps, epoch)
  }
}

/** Lets signals and timers through now and then: a run blocks its thread. */
function newPause(signal: AbortSignal | undefined, where: () => string) {
  let paused = performance.now()
  return {
    listen(): void {
      if (signal?.aborted) throw new PodError('TRAINING_ABORTED', `training was stopped ${where()}`)
    },
    async breathe(): Promise<void> {
      if (performance.now() - paused <= 50) return
      await new Promise((resolve) => setTimeout(resolve))
      paused = performance.now()
    },
  }
}

function fitted(
  { network, data }: Pick<FitOptions, 'network' | 'data'>,
  { parameters, epoch }: Pick<Best, 'parameters' | 'epoch'>,
  history: readonly EpochRecord[],
  best: readonly Best[],
): Fitted {
  const outputs: Fitted['outputs'] = (inputs) => buildNetwork(network, inputs, { parameters }).outputs
  const first = isStream(data) ? INPUT : Object.keys(namedRows(data).inputs)[0]
  return { parameters, history, epoch, best, outputs, apply: (x) => Object.values(outputs({ [first]: x }))[0] }
}
