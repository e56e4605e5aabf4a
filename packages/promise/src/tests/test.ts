import type { Count, Measurement, Operator, PValues } from '@mlpod/contract'

/** The probabilities that a bound may be wrong, one a side. */
export interface Tails {
  readonly lower: number
  readonly upper: number
}

/** How one kind of measurement is judged. All p-values are for the true value against the threshold. */
export interface Test<M extends Measurement> {
  readonly method: string
  estimate(measurement: M): number
  n(measurement: M): number
  p(measurement: M, operator: Operator, threshold: number): PValues
  /** Lower and upper confidence bounds, each wrong with at most its tail's probability. */
  bounds(measurement: M, tails: Tails): readonly [number, number]
  /** On how many sides of the estimate a chance outcome may undo a decision. */
  sides(measurement: M): 1 | 2
  /** What `factor` times the rows would show if the estimate is the truth and chance moved it by `shift` standard errors. */
  scaled(measurement: M, factor: number, shift: number): M
}

/** Returns the count that so many rows of the same rate would give, moved by so many standard errors (rounded away from it). */
export function scaledCount({ successes, n }: Count, factor: number, shift: number): Count {
  const [rate, rows] = [successes / n, Math.round(n * factor)]
  const moved = rate * rows + shift * Math.sqrt(rows * rate * (1 - rate))
  const whole = shift < 0 ? Math.floor(moved + 1e-9) : Math.ceil(moved - 1e-9)
  return { successes: Math.min(rows, Math.max(0, whole)), n: rows }
}
