import { PodError } from '@mlpod/contract'
import { sortOrder } from './rank.ts'

/** A rising function through points, linear between them and constant beyond. */
export interface Isotonic {
  readonly x: Float64Array
  readonly y: Float64Array
}

/**
 * Returns the rising function nearest to the points in (weighted) squares, by pooling neighbours that fall. Points of equal x count as their
 * mean. Throws `LENGTH_MISMATCH`, `SAMPLE_TOO_SMALL`. Source: Barlow et al. (1972); thresholds as scikit-learn 1.9
 * `IsotonicRegression(out_of_bounds="clip")` keeps them.
 */
export function isotonicRegression(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  { weights }: { readonly weights?: ArrayLike<number> } = {},
): Isotonic {
  if (x.length !== y.length)
    throw new PodError('LENGTH_MISMATCH', `${x.length} places and ${y.length} values are no points`)
  if (x.length === 0) throw new PodError('SAMPLE_TOO_SMALL', 'a rising function needs at least one point')
  const order = sortOrder(x)
  const places = new Float64Array(order.length)
  const [means, masses] = [new Float64Array(order.length), new Float64Array(order.length)]
  let n = 0
  for (const i of order) {
    const w = weights ? weights[i] : 1
    if (w === 0) continue
    if (n > 0 && places[n - 1] === x[i]) {
      masses[n - 1] += w
      means[n - 1] += (w / masses[n - 1]) * (y[i] - means[n - 1])
    } else {
      places[n] = x[i]
      means[n] = y[i]
      masses[n++] = w
    }
  }
  // blocks of one level: their first point, level and mass
  const first = new Uint32Array(n)
  const [level, mass] = [new Float64Array(n), new Float64Array(n)]
  let blocks = 0
  for (let i = 0; i < n; i++) {
    first[blocks] = i
    level[blocks] = means[i]
    mass[blocks++] = masses[i]
    while (blocks > 1 && level[blocks - 2] >= level[blocks - 1]) {
      const both = mass[blocks - 2] + mass[blocks - 1]
      level[blocks - 2] += (mass[blocks - 1] / both) * (level[blocks - 1] - level[blocks - 2])
      mass[blocks - 2] = both
      blocks--
    }
  }
  // the ends of each block are enough: between them the function is constant
  const [keptX, keptY]: [number[], number[]] = [[], []]
  for (let b = 0; b < blocks; b++) {
    const last = (b + 1 < blocks ? first[b + 1] : n) - 1
    for (const i of last > first[b] ? [first[b], last] : [last]) {
      keptX.push(places[i])
      keptY.push(level[b])
    }
  }
  return { x: Float64Array.from(keptX), y: Float64Array.from(keptY) }
}

/** Returns the function at a place. */
export function isotonicAt({ x, y }: Isotonic, place: number): number {
  if (Number.isNaN(place)) return Number.NaN
  const last = x.length - 1
  if (place <= x[0]) return y[0]
  if (place >= x[last]) return y[last]
  let [low, high] = [0, last]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (x[middle] <= place) low = middle
    else high = middle
  }
  return y[low] + ((place - x[low]) / (x[high] - x[low])) * (y[high] - y[low])
}
