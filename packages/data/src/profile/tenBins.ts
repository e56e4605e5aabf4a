import type { Coded } from './ranks.ts'

const BINS = 10

/** Returns the least and the greatest number; NaN are left out. */
export const rangeOf = (values: Float64Array): readonly [number, number] => {
  let [low, high] = [Infinity, -Infinity]
  for (let i = 0; i < values.length; i++) {
    if (values[i] < low) low = values[i]
    if (values[i] > high) high = values[i]
  }
  return [low, high]
}

/** Equal steps, as numpy's `linspace` gives them. */
export const steps = (low: number, high: number, bins = BINS): number[] =>
  Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * ((high - low) / bins)))

/** The first bin is a thousandth of the range wider, so that it holds the least. Source: pandas `cut`. */
export function cutEdges(values: Float64Array): number[] {
  const [low, high] = rangeOf(values)
  const edges = steps(low, high)
  edges[0] -= (high - low) * 0.001
  return edges
}

/** Source: phik `bin_edges`. */
export function gridEdges(values: Float64Array): number[] {
  const [low, high] = rangeOf(values)
  return steps(low - Math.max(1e-14 * Math.abs(low), 2.2250738585072014e-308), high)
}

/** The number of the bin (edge, next edge] of each value. */
export function inBins(values: Float64Array, edges: readonly number[]): Coded {
  const codes = new Int32Array(values.length)
  const [low, width] = [edges[0], (edges[edges.length - 1] - edges[0]) / BINS]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (Number.isNaN(value)) {
      codes[i] = -1
      continue
    }
    // a guess by the width, moved to where the edges really are
    let bin = Math.max(0, Math.min(BINS - 1, Math.floor((value - low) / width) || 0))
    while (bin > 0 && value <= edges[bin]) bin--
    while (bin < BINS - 1 && value > edges[bin + 1]) bin++
    codes[i] = value > edges[bin] ? bin : -1
  }
  return { codes, levels: BINS }
}
