import { hashValue, type Json, PodError, type Tensor } from '@mlpod/contract'
import { openSession, type Value } from '@mlpod/graph'
import type { Control, EpochRecord } from './callback.ts'
import { checkAlike, checkClasses, checkData } from './checkData.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint.ts'
import { resolveClassWeights, withClassWeights } from './classWeights.ts'
import { namedRows, type TrainingData } from './data.ts'
import { type Culprit, firstNotFinite } from './diagnose.ts'
import { checkOptions, type FitOptions } from './fitOptions.ts'
import { openJudge } from './judge.ts'
import { buildNetwork, INPUT } from './namedNetwork.ts'
import { type Problem, problemOf } from './objective.ts'
import { resumed, saved } from './progress.ts'
import { type Chunk, isStream, rowSource, type Source, streamSource } from './source.ts'
import { type Best, newStopping } from './stopping.ts'
import { nothing, stepRecords, summed, type Tally, tallied } from './tally.ts'
import { newTrainer, notFinite, type Ran, type Trainer } from './trainer.ts'
import { type TrainingStep, trainingStep } from './trainingStep.ts'

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
 * `OPTION_INVALID`, `OPTIMIZER_INVALID`.
 */
export async function fit(options: FitOptions): Promise<Fitted> {
  checkOptions(options)
  const { optimizer, validation, seed, threads = 1, stepsPerRun = 8, checkpoint, callbacks = [] } = options
  const { source, problem } = await prepared(options)
  const step = trainingStep({ ...options, problem, stepsPerRun })
  if (!Object.values(step.state).some(({ path }) => path !== undefined))
    throw new PodError('NETWORK_EMPTY', 'the network has no parameters, so there is nothing to train')
  if (!isStream(options.data)) checkClasses(options.data, step.widths, 'the data')
  if (validation) checkClasses(validation, step.widths, 'the validation data')
  await using session = await openSession(step.model, { threads })
  await using averages = step.result && (await openSession(step.result, { threads }))
  await using judge = validation ? await openJudge(problem, validation, { threads }) : undefined
  const trainer = newTrainer(step, session, { optimizer, seed, stepsPerRun })
  const stopping = options.earlyStopping && newStopping(options.earlyStopping)
  const metrics = Object.keys(problem.metrics)

  /** The parameters to use: those that are trained, or what the optimizer averages of them. */
  const parameters = async (): Promise<Record<string, Tensor<'float32'>>> => {
    const trained = trainer.parameters()
    if (!averages) return trained
    const state = trainer.current()
    const fed = Object.fromEntries(averages.inputs.map(({ name }) => [name, state[name]]))
    return { ...trained, ...((await averages.run(fed)) as Record<string, Tensor<'float32'>>) }
  }
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

  const identity = hashValue({ body: step.model.bodyHash, options: (optimizer.options ?? {}) as Json, seed })
  let [epoch, tally]: [number, Tally] = [1, nothing]
  let history: EpochRecord[] = []
  if (options.resume && checkpoint) {
    const found = await readCheckpoint(checkpoint.folder)
    const progress = found && resumed(found, identity, step, callbacks, stopping)
    if (progress) {
      ;({ epoch, tally, history } = progress)
      trainer.restore(progress.state, progress.steps, progress.factor)
    }
  }
  const keep = async (): Promise<void> => {
    if (!checkpoint) return
    await writeCheckpoint(
      checkpoint.folder,
      saved(
        { identity, epoch, tally, history, steps: trainer.steps(), factor: trainer.factor(), state: trainer.current() },
        callbacks,
        stopping,
      ),
    )
  }
  const { epochs = Number.POSITIVE_INFINITY, steps = Number.POSITIVE_INFINITY } = options
  /** How many steps may be in one run: training ends, and checkpoints are written, between runs. */
  const most = (): number => {
    const every = checkpoint?.every ?? Number.POSITIVE_INFINITY
    return Math.min(stepsPerRun, steps - trainer.steps(), every - (trainer.steps() % every))
  }

  try {
    while (epoch <= epochs && trainer.steps() < steps && !stopped) {
      const cursor = source.open(epoch, tally.batches)
      try {
        const pause = newPause(options.signal, () => `in epoch ${epoch} after step ${trainer.steps()}`)
        pause.listen()
        for (;;) {
          const chunk = most() > 0 && !stopped ? await cursor.next(most()) : undefined
          if (chunk === undefined) break
          const ran = await trainer.run(chunk)
          await checkLosses(ran, chunk)
          tally = tallied(tally, ran, chunk.size)
          await tellSteps(ran, chunk)
          if (checkpoint?.every && trainer.steps() % checkpoint.every === 0) await keep()
          await pause.breathe()
          pause.listen()
        }
      } finally {
        await cursor.close()
      }
      const verdict = judge && (await judge.judge(await parameters()))
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
  } finally {
    for (const callback of callbacks) await callback.onEnd?.()
  }

  const restore = stopping !== undefined && (options.earlyStopping?.restoreBest ?? true)
  const [best] = stopping?.best() ?? []
  const last = history.length
  const result = restore && best ? best : { parameters: await parameters(), epoch: last }
  for (const [path, { data: values }] of Object.entries(result.parameters)) {
    // The loss of a step is that before it: what the last one did shows in the parameters alone.
    const wrong = values.find((value) => !Number.isFinite(value))
    if (wrong !== undefined) throw notFinite(`parameter ${path}`, wrong, trainer.steps(), result.epoch)
  }
  return fitted(options, result, history, stopping?.best() ?? [])

  async function tellSteps(ran: Ran, { size }: Chunk): Promise<void> {
    const heard = callbacks.filter(({ onStep }) => onStep)
    if (!options.onStep && heard.length === 0) return
    for (const record of stepRecords(ran, epoch, size, metrics)) {
      options.onStep?.(record)
      for (const callback of heard) await callback.onStep?.(record, control)
    }
  }

  async function checkLosses({ losses, first }: Ran, chunk: Chunk): Promise<void> {
    const wrong = losses.findIndex((loss) => !Number.isFinite(loss))
    if (wrong < 0) return
    const culprit = options.diagnose ? await culpritOf(step, trainer, chunk, wrong) : undefined
    const because =
      culprit &&
      `the first result that is no number is ${culprit.value}, of ${culprit.operation}${culprit.at ? ` (${culprit.at})` : ''}`
    throw notFinite('loss', losses[wrong], first + wrong, epoch, because)
  }
}

/** Where the batches come from, and what is learnt from them; everything is checked. */
async function prepared(options: FitOptions): Promise<{ source: Source; problem: Problem }> {
  const { data, validation, batch = 128, seed, shuffle = true, prefetch = 16 } = options
  const { classWeights } = options
  const problemIn = (rows: TrainingData): Problem => problemOf({ ...options, data: rows })
  const finish = (source: Source): { source: Source; problem: Problem } => {
    const problem = problemIn(source.sample)
    if (validation) {
      checkAlike(source.sample, validation, 'the validation data')
      checkData(validation, problem.losses, 'the validation data')
    }
    return { source, problem }
  }
  if (!isStream(data)) {
    checkData(data, problemIn(data).losses, 'the data')
    const rows = classWeights ? withClassWeights(data, resolveClassWeights(classWeights, data)) : data
    return finish(rowSource(rows, { batch, seed, shuffle }))
  }
  if (classWeights === 'balanced')
    throw new PodError('OPTION_INVALID', 'classes of a stream cannot be counted before it is read', {
      hint: 'give the class weights as numbers',
    })
  const prepare = (rows: TrainingData, first: TrainingData | undefined): TrainingData => {
    const weighed = classWeights ? withClassWeights(rows, resolveClassWeights(classWeights, rows)) : rows
    if (first) checkAlike(first, weighed, 'a batch of the stream')
    checkData(weighed, problemIn(weighed).losses, 'a batch of the stream')
    return weighed
  }
  return finish(await streamSource(data, { prefetch, prepare }))
}

/** Takes the steps of a run again up to the one whose loss was no number, and looks where that began. */
async function culpritOf(
  step: TrainingStep,
  trainer: Trainer,
  chunk: Chunk,
  wrong: number,
): Promise<Culprit | undefined> {
  const part = (from: number, steps: number): Chunk => ({
    ...chunk,
    rows: chunk.rows.slice(from * chunk.size, (from + steps) * chunk.size),
    steps,
  })
  trainer.restore(trainer.before(), trainer.steps() - chunk.steps, trainer.factor())
  if (wrong > 0) await trainer.run(part(0, wrong))
  return firstNotFinite(step.computed.values, step.computed.inputs, trainer.feeds(part(wrong, 1)))
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
      await new Promise((resolve) => setImmediate(resolve))
      paused = performance.now()
    },
  }
}

function fitted(
  { network, data }: Pick<FitOptions, 'network' | 'data'>,
  { parameters, epoch }: { readonly parameters: Fitted['parameters']; readonly epoch: number },
  history: readonly EpochRecord[],
  best: readonly Best[],
): Fitted {
  const outputs: Fitted['outputs'] = (inputs) => buildNetwork(network, inputs, { parameters }).outputs
  const first = isStream(data) ? INPUT : Object.keys(namedRows(data).inputs)[0]
  return { parameters, history, epoch, best, outputs, apply: (x) => Object.values(outputs({ [first]: x }))[0] }
}
