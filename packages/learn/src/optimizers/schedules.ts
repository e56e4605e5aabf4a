import { PodError } from '@mlpod/contract'
import { rateAt, type Schedule } from './transform.ts'

function checkSteps(schedule: string, steps: number, least = 1): void {
  if (!(Number.isFinite(steps) && steps >= least))
    throw new PodError('SCHEDULE_INVALID', `${schedule} over ${steps} steps is not possible`)
}

/**
 * Returns the rate falling from `rate` to `end` along half a cosine over `steps` steps. Throws `SCHEDULE_INVALID`.
 * Source: torch CosineAnnealingLR, closed form.
 */
export function cosine(rate: number, steps: number, { end = 0 }: { readonly end?: number } = {}): Schedule {
  checkSteps('cosine', steps)
  return (t) => end + ((rate - end) * (1 + Math.cos((Math.PI * Math.min(t - 1, steps)) / steps))) / 2
}

/** Returns the rate multiplied by `factor` after every step. Source: torch ExponentialLR. */
export const exponential =
  (rate: number, factor: number): Schedule =>
  (t) =>
    rate * factor ** (t - 1)

/** Returns the rate multiplied by `factor` after every `steps` steps. Throws `SCHEDULE_INVALID`. Source: torch StepLR. */
export function stepwise(rate: number, steps: number, { factor = 0.1 }: { readonly factor?: number } = {}): Schedule {
  checkSteps('stepwise', steps)
  return (t) => rate * factor ** Math.floor((t - 1) / steps)
}

/**
 * Returns a schedule reached along a line from 0 over the first `steps` steps, then itself from its beginning.
 * Throws `SCHEDULE_INVALID`.
 */
export function warmup(steps: number, after: Schedule): Schedule {
  checkSteps('warmup', steps, 0)
  return (t) => (t <= steps ? (rateAt(after, 1) * t) / steps : rateAt(after, t - steps))
}

/**
 * Returns the rate going up along half a cosine from peak / 25 to `peak`, then down to that / 10000. Throws
 * `SCHEDULE_INVALID`. Source: Smith, Topin (2018); torch OneCycleLR with two phases.
 */
export function oneCycle(peak: number, steps: number, { rising = 0.3 }: { readonly rising?: number } = {}): Schedule {
  checkSteps('oneCycle', steps)
  if (!(rising >= 0 && rising <= 1))
    throw new PodError('SCHEDULE_INVALID', `oneCycle cannot rise for a share of ${rising} of its steps`)
  const start = peak / 25
  const up = rising * steps - 1
  const between = (a: number, b: number, share: number): number => b + ((a - b) * (1 + Math.cos(Math.PI * share))) / 2
  return (t) => {
    const at = Math.min(t - 1, steps - 1)
    return at <= up
      ? between(start, peak, up === 0 ? 1 : at / up)
      : between(peak, start / 1e4, (at - up) / (steps - 1 - up))
  }
}
