import { didYouMean, PodError } from '@mlpod/contract'
import type { Callback, EpochRecord } from '../callback.ts'

/** Settings of `reduceOnPlateau`. */
export interface ReduceOnPlateauOptions {
  /** What is watched: the validation loss (without validation data, the loss) or a metric. */
  readonly watch?: string
  readonly mode?: 'min' | 'max'
  /** What learning rates are multiplied with. */
  readonly factor?: number
  /** Epochs without improvement that are borne. */
  readonly patience?: number
  /** How much better an improvement is: a share of the best (`relative`), or a difference. */
  readonly threshold?: number
  readonly thresholdMode?: 'relative' | 'absolute'
  /** Epochs after a reduction that do not count. */
  readonly cooldown?: number
  /** The least learning rate. */
  readonly least?: number
  /** A reduction by less is left out. */
  readonly epsilon?: number
}

interface Kept {
  readonly best: number | null
  readonly waited: number
  readonly cooling: number
}

/** Returns what a callback watches in an epoch's record. Throws `OPTION_INVALID`. */
export function watchedIn(record: EpochRecord, watch: string | undefined): number {
  if (watch === undefined) return record.validation ?? record.loss
  const all: Readonly<Record<string, number>> = { loss: record.loss, ...record.metrics, ...record.validationMetrics }
  if (watch in all) return all[watch]
  throw new PodError('OPTION_INVALID', `"${watch}" is watched, which is not told${didYouMean(watch, Object.keys(all))}`)
}

/**
 * Returns the callback that lowers every learning rate when what is watched does not improve. Throws `OPTION_INVALID`.
 * Source: torch ReduceLROnPlateau 2.15; Keras calls it by the same name.
 */
export function reduceOnPlateau({
  watch,
  mode = 'min',
  factor = 0.1,
  patience = 10,
  threshold = 1e-4,
  thresholdMode = 'relative',
  cooldown = 0,
  least = 0,
  epsilon = 1e-8,
}: ReduceOnPlateauOptions = {}): Callback {
  if (!(factor > 0 && factor < 1))
    throw new PodError('OPTION_INVALID', `reduceOnPlateau: factor is ${factor}, not in (0, 1)`)
  for (const [name, value] of Object.entries({ patience, threshold, cooldown, least, epsilon }))
    if (!(value >= 0)) throw new PodError('OPTION_INVALID', `reduceOnPlateau: ${name} is ${value}, not a number >= 0`)
  let kept: Kept = { best: null, waited: 0, cooling: 0 }
  const better = (value: number, best: number | null): boolean => {
    if (best === null) return true
    if (mode === 'min') return value < (thresholdMode === 'relative' ? best * (1 - threshold) : best - threshold)
    return value > (thresholdMode === 'relative' ? best * (1 + threshold) : best + threshold)
  }
  return {
    name: 'reduceOnPlateau',
    onEpoch(record, control) {
      const value = watchedIn(record, watch)
      let { best, waited, cooling } = kept
      if (better(value, best)) [best, waited] = [value, 0]
      else waited++
      if (cooling > 0) [cooling, waited] = [cooling - 1, 0]
      if (waited > patience) {
        const rate = control.learningRate
        const next = Math.max(rate * factor, least)
        if (rate - next > epsilon) control.scaleLearningRate(next / rate)
        ;[cooling, waited] = [cooldown, 0]
      }
      kept = { best, waited, cooling }
    },
    state: () => ({ ...kept }),
    restore: (state) => {
      kept = state as unknown as Kept
    },
  }
}
