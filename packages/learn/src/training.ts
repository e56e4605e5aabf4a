import { PodError, type Tensor } from '@mlpod/contract'
import { openSession } from '@mlpod/graph'
import { checkClasses } from './checkData.ts'
import { rowsOf } from './data.ts'
import type { FitOptions } from './fitOptions.ts'
import { openJudge, type Verdict } from './judge.ts'
import type { Problem } from './objective.ts'
import { chain, scaledLoss } from './optimizers/index.ts'
import { openParallel } from './parallel.ts'
import { privateNoise } from './privacy.ts'
import { isStream } from './source.ts'
import { newTrainer, type Trainer } from './trainer.ts'
import { type TrainingStep, trainingStep } from './trainingStep.ts'

/** What training runs on: the compiled step, what runs it, and what judges it. */
export interface Training extends AsyncDisposable {
  readonly step: TrainingStep
  readonly trainer: Trainer
  /** Returns the parameters to use: those that are trained, or what the optimizer averages of them, and the frozen ones. */
  parameters(): Promise<Record<string, Tensor<'float32'>>>
  /** Returns what the validation data say of them; undefined without validation data. */
  judge(): Promise<Verdict | undefined>
  /** Whether losses may be no numbers, because such steps are left out. */
  readonly skips: boolean
}

/** Opens what training runs on. Throws `NETWORK_EMPTY`, `LABEL_INVALID`, and what a session throws. */
export async function openTraining(options: FitOptions, problem: Problem): Promise<Training> {
  const { validation, seed, threads = 1, device, runtime, dataParallel, precision, privacy } = options
  const batch = isStream(options.data) ? (options.batch ?? 128) : Math.min(options.batch ?? 128, rowsOf(options.data))
  const stepsPerRun = dataParallel === undefined ? (options.stepsPerRun ?? 8) : 1
  const optimizer =
    precision === 'mixed'
      ? scaledLoss(options.optimizer)
      : privacy
        ? chain(privateNoise((privacy.noise * privacy.clip) / batch), options.optimizer)
        : options.optimizer
  const made = { ...options, problem, optimizer, stepsPerRun, privacy: privacy && { clip: privacy.clip, batch } }
  const step = trainingStep(made)
  if (step.trained.length === 0)
    throw new PodError('NETWORK_EMPTY', 'the network has no parameters, so there is nothing to train')
  if (!isStream(options.data)) checkClasses(options.data, step.widths, problem.losses, 'the data')
  if (validation) checkClasses(validation, step.widths, problem.losses, 'the validation data')
  await using opened = new AsyncDisposableStack()
  const settings = { threads, device, runtime }
  const session = opened.use(
    dataParallel === undefined
      ? await openSession(step.model, settings)
      : await openParallel(made, step.masks, dataParallel, threads),
  )
  const averages = step.result && opened.use(await openSession(step.result, settings))
  const judge = validation && opened.use(await openJudge(problem, validation, settings))
  const trainer = newTrainer(step, session, { optimizer, seed, stepsPerRun })
  const all = opened.move()
  const parameters = async (): Promise<Record<string, Tensor<'float32'>>> => {
    const trained = trainer.parameters()
    if (!averages) return trained
    const state = trainer.current()
    const fed = Object.fromEntries(averages.inputs.map(({ name }) => [name, state[name]]))
    return { ...trained, ...((await averages.run(fed)) as Record<string, Tensor<'float32'>>) }
  }
  return {
    step,
    trainer,
    parameters,
    judge: async () => judge?.judge(await parameters()),
    skips: optimizer.skips === true,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
