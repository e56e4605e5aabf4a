import { rateAt, type Schedule } from './optimizer.ts'

/** Returns the rate falling from `rate` to `end` along half a cosine over `steps` steps. Source: torch CosineAnnealingLR, closed form. */
export const cosine =
  (rate: number, steps: number, { end = 0 }: { readonly end?: number } = {}): Schedule =>
  (t) =>
    end + ((rate - end) * (1 + Math.cos((Math.PI * Math.min(t - 1, steps)) / steps))) / 2

/** Returns the rate multiplied by `factor` after every step. Source: torch ExponentialLR. */
export const exponential =
  (rate: number, factor: number): Schedule =>
  (t) =>
    rate * factor ** (t - 1)

/** Returns the rate multiplied by `factor` after every `steps` steps. Source: torch StepLR. */
export const stepwise =
  (rate: number, steps: number, { factor = 0.1 }: { readonly factor?: number } = {}): Schedule =>
  (t) =>
    rate * factor ** Math.floor((t - 1) / steps)

/** Returns a schedule reached along a line from 0 over the first `steps` steps, then itself from its beginning. */
export const warmup =
  (steps: number, after: Schedule): Schedule =>
  (t) =>
    t <= steps ? (rateAt(after, 1) * t) / steps : rateAt(after, t - steps)

/**
 * Returns the rate going up along half a cosine from peak / 25 to `peak`, then down to that / 10000.
 * Source: Smith, Topin (2018); torch OneCycleLR with two phases.
 */
export const oneCycle =
  (peak: number, steps: number, { rising = 0.3 }: { readonly rising?: number } = {}): Schedule =>
  (t) => {
    const start = peak / 25
    const up = rising * steps - 1
    const at = Math.min(t - 1, steps - 1)
    const between = (a: number, b: number, share: number): number => b + ((a - b) * (1 + Math.cos(Math.PI * share))) / 2
    return at <= up ? between(start, peak, at / up) : between(peak, start / 1e4, (at - up) / (steps - 1 - up))
  }
