import { alarm, type DetectorEntry } from './detector.ts'

/** Wealth of a bettor on each side, what it has learned, and how many values it saw. */
export interface Wealth {
  n: number
  up: number
  down: number
  /** Sums of deviations and their squares, from which the next bet is made. */
  sum: number
  squares: number
}

/**
 * Bets that the mean of values in [low, high] is not what it was promised to be. While it is, the average number of values between
 * two false alarms is at least `runLength`, whatever the distribution and however often one looks.
 * Source: Shin, Ramdas, Rinaldo (2024), e-detectors; bets after Waudby-Smith, Ramdas (2024).
 */
export const betting: DetectorEntry<
  Wealth,
  { mean: number; low: number; high: number; runLength: number; side: 'both' | 'up' | 'down' }
> = {
  about:
    'a bettor grows rich by betting that the mean has moved; false alarms are rarer than one in `runLength` values',
  takes: 'numbers',
  defaults: { mean: 0.5, low: 0, high: 1, runLength: 10_000, side: 'both' },
  refuse: ({ mean, low, high, runLength }) =>
    low < mean && mean < high && runLength > 1
      ? undefined
      : `the mean ${mean} is not between ${low} and ${high}, or runLength ${runLength} not above 1`,
  start: () => ({ n: 0, up: 0, down: 0, sum: 0, squares: 0 }),
  step(state, value, { mean, low, high, runLength, side }) {
    const share = (Math.min(high, Math.max(low, value)) - low) / (high - low)
    const m = (mean - low) / (high - low)
    // the bet uses what was seen before this value alone; half of what would ruin it at most
    const bet = state.sum / (1 / 4 + state.squares)
    const d = share - m
    const [up, down] = [Math.min(Math.max(bet, 0), 0.5 / m), Math.min(Math.max(-bet, 0), 0.5 / (1 - m))]
    state.up = (state.up + 1) * (1 + up * d)
    state.down = (state.down + 1) * (1 - down * d)
    state.n++
    state.sum += d
    state.squares += d * d
    const wealth = { up: state.up, down: state.down, both: (state.up + state.down) / 2 }[side]
    return alarm(wealth >= runLength, wealth >= runLength / 10)
  },
}
