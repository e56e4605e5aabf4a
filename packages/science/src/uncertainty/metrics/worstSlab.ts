import { PodError } from '@mlpod/contract'
import { random } from '@mlpod/math'

/** The slab {x: from <= direction x <= to} that is covered worst. */
export interface WorstSlab {
  readonly coverage: number
  readonly direction: Float64Array
  readonly from: number
  readonly to: number
  /** Rows in it. */
  readonly n: number
}

/** Settings of `worstSlab`. */
export interface WorstSlabOptions {
  /** Least share of rows in a slab; 0.1 by default. */
  readonly delta?: number
  /** How many random directions are tried (1,000 by default), or the directions themselves [directions, features]. */
  readonly directions?: number | ArrayLike<number>
  readonly seed?: number
  /** A share of the rows, at random, in which the slab is chosen; its coverage is then that of the others, which is not biased. */
  readonly choose?: number
}

/**
 * Returns the slab with the least coverage among those with at least ceil(delta n) rows, `x` [n, features] row-major. Each direction
 * takes a sort and O(n): the segment of least mean with a bound on its length, by the lower hull of the running sums.
 * Throws `LENGTH_MISMATCH`, `SHARE_INVALID`, `DIRECTIONS_INVALID`. Source: Cauchois, Gupta, Duchi 2021.
 */
export function worstSlab(
  x: ArrayLike<number>,
  covered: ArrayLike<number>,
  { delta = 0.1, directions = 1000, seed = 0, choose }: WorstSlabOptions = {},
): WorstSlab {
  const n = covered.length
  const features = x.length / n
  if (!Number.isInteger(features) || features < 1)
    throw new PodError('LENGTH_MISMATCH', `${x.length} values do not fall into ${n} rows`)
  for (const share of choose === undefined ? [delta] : [delta, choose])
    if (!(share > 0 && share < 1))
      throw new PodError('SHARE_INVALID', `the share ${share} of rows is not between 0 and 1`)
  const tried = typeof directions === 'number' ? randomDirections(directions, features, seed) : directions
  if (tried.length === 0 || tried.length % features !== 0)
    throw new PodError('DIRECTIONS_INVALID', `${tried.length} numbers are no directions of ${features} features`)
  if (choose !== undefined) {
    const order = random({ seed, path: 'slab rows' }).permutation(n)
    const cut = Math.round(choose * n)
    const part = (rows: Uint32Array) => ({
      x: Float64Array.from(
        { length: rows.length * features },
        (_, k) => x[rows[Math.floor(k / features)] * features + (k % features)],
      ),
      covered: Uint8Array.from(rows, (i) => covered[i]),
    })
    const [chosen, held] = [part(order.subarray(0, cut)), part(order.subarray(cut))]
    const slab = worstSlab(chosen.x, chosen.covered, { delta, directions: tried })
    return { ...slab, ...inside(held.x, held.covered, features, slab) }
  }
  const least = Math.ceil(delta * n - 1e-9)
  let worst: { coverage: number; direction: number; from: number; to: number; n: number } | undefined
  for (let d = 0; d < tried.length / features; d++) {
    const { projections, marks } = sortedAlong(x, covered, features, tried, d * features)
    const { mean, from, to } = leastMean(marks, least)
    if (worst === undefined || mean < worst.coverage)
      worst = { coverage: mean, direction: d, from: projections[from], to: projections[to - 1], n: to - from }
  }
  const { direction, ...found } = worst as NonNullable<typeof worst>
  return {
    ...found,
    direction: Float64Array.from({ length: features }, (_, f) => tried[direction * features + f]),
  }
}

function inside(
  x: Float64Array,
  covered: Uint8Array,
  features: number,
  { direction, from, to }: WorstSlab,
): { readonly coverage: number; readonly n: number } {
  let [hits, n] = [0, 0]
  for (let i = 0; i < covered.length; i++) {
    let z = 0
    for (let f = 0; f < features; f++) z += x[i * features + f] * direction[f]
    if (z < from || z > to) continue
    hits += covered[i]
    n++
  }
  return { coverage: n === 0 ? Number.NaN : hits / n, n }
}

function randomDirections(count: number, features: number, seed: number): Float64Array {
  if (!(Number.isInteger(count) && count >= 1))
    throw new PodError('DIRECTIONS_INVALID', `${count} is no number of directions`)
  const found = random({ seed, path: 'slab directions' }).fillNormal(new Float64Array(count * features))
  for (let d = 0; d < count; d++) {
    const row = found.subarray(d * features, (d + 1) * features)
    const length = Math.hypot(...row)
    for (let f = 0; f < features; f++) row[f] /= length
  }
  return found
}

/** The projections in ascending order, and whether each row is covered: covered and other rows are sorted apart and merged. */
function sortedAlong(
  x: ArrayLike<number>,
  covered: ArrayLike<number>,
  features: number,
  directions: ArrayLike<number>,
  at: number,
): { readonly projections: Float64Array; readonly marks: Uint8Array } {
  const n = covered.length
  const [ones, zeros] = [new Float64Array(n), new Float64Array(n)]
  let [a, b] = [0, 0]
  for (let i = 0; i < n; i++) {
    let z = 0
    for (let f = 0; f < features; f++) z += x[i * features + f] * directions[at + f]
    if (covered[i]) ones[a++] = z
    else zeros[b++] = z
  }
  const first = ones.subarray(0, a).sort()
  const second = zeros.subarray(0, b).sort()
  const projections = new Float64Array(n)
  const marks = new Uint8Array(n)
  for (let i = 0, p = 0, q = 0; i < n; i++) {
    const one = q === b || (p < a && first[p] <= second[q])
    projections[i] = one ? first[p++] : second[q++]
    marks[i] = one ? 1 : 0
  }
  return { projections, marks }
}

/** The segment [from, to) of at least `least` marks with the least mean; the first of equal ones. */
function leastMean(
  marks: Uint8Array,
  least: number,
): { readonly mean: number; readonly from: number; readonly to: number } {
  const n = marks.length
  const sums = new Float64Array(n + 1)
  for (let i = 0; i < n; i++) sums[i + 1] = sums[i] + marks[i]
  // starts that may still be best, on the upper hull of the running sums
  const hull = new Int32Array(n + 1)
  let [head, size] = [0, 0]
  let best = { mean: Number.POSITIVE_INFINITY, from: 0, to: n }
  const slope = (i: number, j: number): number => (sums[j] - sums[i]) / (j - i)
  for (let to = Math.max(1, least); to <= n; to++) {
    const start = to - Math.max(1, least)
    while (size - head >= 2 && slope(hull[size - 2], hull[size - 1]) <= slope(hull[size - 1], start)) size--
    hull[size++] = start
    while (size - head >= 2 && slope(hull[head + 1], to) <= slope(hull[head], to)) head++
    const mean = slope(hull[head], to)
    if (mean < best.mean) best = { mean, from: hull[head], to }
  }
  return best
}
