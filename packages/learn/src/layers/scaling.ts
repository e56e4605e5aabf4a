import { PodError, sizeOf, type Tensor } from '@mlpod/contract'
import { add, constant, div, dtypeOf, mul, sub, type Value } from '@mlpod/graph'
import type { Layer } from './layer.ts'

/** Mean and variance of each place of the last axis, or one of all. */
export interface MeanAndVariance {
  readonly mean: number | readonly number[]
  readonly variance: number | readonly number[]
}

// below it a deviation counts as it: Keras' epsilon
const LEAST = 1e-7

/**
 * Returns the layer (x - mean) / sqrt(variance), of each place of the last axis by its own or of all by one; `inverse` takes it
 * back. Throws `LAYER_INVALID` for a variance below 0. Source: Keras Normalization.
 */
export function normalization({ mean, variance }: MeanAndVariance, { inverse = false } = {}): Layer {
  const deviations = [variance].flat().map((value) => {
    if (!(value >= 0)) throw new PodError('LAYER_INVALID', `a normalisation has the variance ${value}`)
    return Math.max(Math.sqrt(value), LEAST)
  })
  return (x) => {
    const of = (values: number | readonly number[]): Value => constant(values, dtypeOf(x))
    const [centre, scale] = [of(mean), of(typeof variance === 'number' ? deviations[0] : deviations)]
    return inverse ? add(mul(x, scale), centre) : div(sub(x, centre), scale)
  }
}

/** Returns mean and variance (by n) of the places of the last axis of x, or with `all` of all its numbers. Source: Keras' `adapt`. */
export function fitNormalization(x: Tensor, { all = false } = {}): MeanAndVariance {
  const width = all ? 1 : x.shape.at(-1)!
  const rows = sizeOf(x.shape) / width
  const at = (row: number, i: number): number => Number((x.data as ArrayLike<number>)[row * width + i])
  const mean = new Array<number>(width).fill(0)
  const variance = new Array<number>(width).fill(0)
  for (let row = 0; row < rows; row++) for (let i = 0; i < width; i++) mean[i] += at(row, i) / rows
  for (let row = 0; row < rows; row++) for (let i = 0; i < width; i++) variance[i] += (at(row, i) - mean[i]) ** 2 / rows
  return all ? { mean: mean[0], variance: variance[0] } : { mean, variance }
}

/** Returns the layer x scale + offset. Source: Keras Rescaling. */
export const rescaling =
  (scale: number, offset = 0): Layer =>
  (x) =>
    add(mul(x, scale), offset)

/**
 * Returns the boundaries that share numbers out over so many bins about evenly, for `discretization`: quantiles, of a summary
 * of at most 1 / epsilon of them. Source: Keras Discretization's `adapt` with its epsilon of 0.01.
 */
export function fitDiscretization(x: Tensor, bins: number, { epsilon = 0.01 } = {}): number[] {
  const sorted = Float32Array.from(x.data as ArrayLike<number>, Number).sort()
  const step = Math.max(sorted.length * epsilon, 1)
  const kept = sorted.filter((_, i) => i >= Math.trunc(step - 1) && (i - Math.trunc(step - 1)) % Math.trunc(step) === 0)
  const summary = compressed({ values: kept, weights: kept.map(() => step) }, epsilon)
  return Array.from(compressed(summary, 1 / bins).values.slice(0, -1))
}

interface Summary {
  readonly values: Float32Array
  readonly weights: Float32Array
}

/** A summary of 1 / epsilon numbers, read off where their weights add up to each share. */
function compressed({ values, weights }: Summary, epsilon: number): Summary {
  if (values.length * epsilon < 1) return { values, weights }
  const sums: number[] = []
  for (const weight of weights) sums.push((sums.at(-1) ?? 0) + weight)
  const shares = sums.map((sum) => sum / sums.at(-1)!)
  const percents = Array.from({ length: Math.ceil(1 / epsilon) }, (_, i) => epsilon + i * epsilon)
  const totals = percents.map((share) => interpolated(share, shares, sums))
  return {
    values: Float32Array.from(percents, (share) => interpolated(share, shares, values)),
    weights: Float32Array.from(totals, (total, i) => total - (totals[i - 1] ?? 0)),
  }
}

/** The piecewise linear function through (xs, ys), flat beyond them. */
function interpolated(x: number, xs: readonly number[], ys: ArrayLike<number>): number {
  const next = xs.findIndex((value) => value >= x)
  if (next < 0) return ys[xs.length - 1]
  if (next === 0) return ys[0]
  return ys[next - 1] + ((x - xs[next - 1]) / (xs[next] - xs[next - 1])) * (ys[next] - ys[next - 1])
}
