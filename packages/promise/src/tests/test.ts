import type { Measurement, Operator, PValues } from '@mlpod/contract'

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
  /** How many times the present rows would probably (power 0.8) decide at level `delta`; infinite at the threshold itself. */
  factor(measurement: M, threshold: number, delta: number): number
}
