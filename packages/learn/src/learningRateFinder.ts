import { PodError } from '@mlpod/contract'
import type { Callback } from './callback.ts'
import { fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import type { Optimizer } from './optimizers/index.ts'

/** Settings of `findLearningRate`. */
export interface FindLearningRateOptions
  extends Omit<
    FitOptions,
    'optimizer' | 'epochs' | 'steps' | 'earlyStopping' | 'checkpoint' | 'resume' | 'validation'
  > {
  /** Returns the optimizer at a learning rate: `(learningRate) => adam({ learningRate })`. */
  readonly optimizer: (learningRate: (t: number) => number) => Optimizer
  /** The first and the last learning rate; between them it grows by a factor. */
  readonly from?: number
  readonly to?: number
  readonly steps?: number
  /** How much of the smoothed loss each step keeps. */
  readonly smoothing?: number
  /** The search ends where the smoothed loss is so many times its least. */
  readonly divergence?: number
}

/** How the loss went while the learning rate grew. */
export interface LearningRates {
  readonly rates: readonly number[]
  readonly losses: readonly number[]
  /** The losses as moving averages, corrected for their beginning. */
  readonly smoothed: readonly number[]
  /** The rate at which the smoothed loss fell most steeply, over the logarithm of the rate. */
  readonly suggestion: number
}

/**
 * Returns how the loss goes while the learning rate grows from step to step, and the rate where it falls most steeply. Parameters
 * begin as in `fit` and are thrown away. Throws `OPTION_INVALID`, `LEARNING_RATE_NOT_FOUND` when the loss never falls, and what
 * `fit` throws. Source: Smith (2017); fastai lr_find.
 */
export async function findLearningRate({
  optimizer,
  from = 1e-7,
  to = 10,
  steps = 100,
  smoothing = 0.95,
  divergence = 4,
  callbacks = [],
  ...options
}: FindLearningRateOptions): Promise<LearningRates> {
  if (!(from > 0 && to > from)) throw new PodError('OPTION_INVALID', `learning rates cannot grow from ${from} to ${to}`)
  if (!(Number.isSafeInteger(steps) && steps >= 5))
    throw new PodError('OPTION_INVALID', `${steps} steps are too few to find a rate: take 5 or more`)
  if (!(smoothing >= 0 && smoothing < 1))
    throw new PodError('OPTION_INVALID', `smoothing is ${smoothing}, not in [0, 1)`)
  const rate = (t: number): number => from * (to / from) ** ((t - 1) / (steps - 1))
  const [rates, losses, smoothed]: number[][] = [[], [], []]
  let [mean, least] = [0, Infinity]
  const watch: Callback = {
    name: 'findLearningRate',
    onStep({ step, loss }, control) {
      // once it has run away, what follows in the same run tells nothing
      if (smoothed.length > 0 && smoothed[smoothed.length - 1] > divergence * least) return
      mean = smoothing * mean + (1 - smoothing) * loss
      const now = mean / (1 - smoothing ** step)
      rates.push(rate(step))
      losses.push(loss)
      smoothed.push(now)
      if (now > divergence * least) control.stop()
      least = Math.min(least, now)
    },
  }
  try {
    await fit({ ...options, steps, optimizer: optimizer(rate), callbacks: [...callbacks, watch] })
  } catch (error) {
    // running away is where the search ends
    if (!(error instanceof PodError && error.code === 'LOSS_NOT_FINITE' && losses.length > 0)) throw error
  }
  return { rates, losses, smoothed, suggestion: steepest(rates, smoothed) }
}

function steepest(rates: readonly number[], smoothed: readonly number[]): number {
  let [best, slope] = [-1, 0]
  for (let i = 1; i < rates.length - 1; i++) {
    const fall = (smoothed[i + 1] - smoothed[i - 1]) / Math.log(rates[i + 1] / rates[i - 1])
    if (fall < slope) [best, slope] = [i, fall]
  }
  if (best < 0)
    throw new PodError(
      'LEARNING_RATE_NOT_FOUND',
      `the loss never falls between the learning rates ${rates[0]} and ${rates[rates.length - 1]}`,
      {
        hint: 'begin lower, or look at the data and the loss',
      },
    )
  return rates[best]
}
