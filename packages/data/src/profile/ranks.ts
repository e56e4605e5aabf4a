import { sortNumbers } from '@mlpod/math'

/** Values as whole numbers from 0 in the order of the values; -1 is missing. */
export interface Coded {
  readonly codes: Int32Array
  readonly levels: number
}

/** Returns the codes of numbers; NaN is missing. */
export function codesOf(values: Float64Array): Coded {
  const present = values.filter((value) => !Number.isNaN(value))
  const distinct = sortNumbers(present)
  let levels = 0
  for (let i = 0; i < distinct.length; i++)
    if (levels === 0 || distinct[i] !== distinct[levels - 1]) distinct[levels++] = distinct[i]
  const codes = new Int32Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    let [low, high] = [0, levels]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (distinct[middle] < value) low = middle + 1
      else high = middle
    }
    codes[i] = Number.isNaN(value) ? -1 : low
  }
  return { codes, levels }
}

/** Pearson correlation of numbers, rows with NaN on either side left out; null where a side is constant. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  let [n, meanX, meanY, xx, yy, xy] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const a = x[i]
    const b = y[i]
    if (Number.isNaN(a) || Number.isNaN(b)) continue
    // Welford: the means move with each row
    n++
    const dx = a - meanX
    const dy = b - meanY
    meanX += dx / n
    meanY += dy / n
    xx += dx * (a - meanX)
    yy += dy * (b - meanY)
    xy += dx * (b - meanY)
  }
  const r = xy / Math.sqrt(xx * yy)
  return n > 1 && Number.isFinite(r) ? Math.max(-1, Math.min(1, r)) : null
}

/** Ranks less their mean, and their sum of squares; undefined where a value is missing. */
export interface CentredRanks {
  readonly ranks: Float64Array
  readonly squares: number
}

/** Returns the ranks of a column without missing values: with those of another, rho is one product. */
export function centredRanks({ codes, levels }: Coded): CentredRanks | undefined {
  const counts = new Float64Array(levels)
  for (let i = 0; i < codes.length; i++) {
    if (codes[i] < 0) return undefined
    counts[codes[i]]++
  }
  const mean = (codes.length + 1) / 2
  const centred = midranks(counts).map((rank) => rank - mean)
  const ranks = new Float64Array(codes.length)
  let squares = 0
  for (let i = 0; i < codes.length; i++) {
    ranks[i] = centred[codes[i]]
    squares += ranks[i] * ranks[i]
  }
  return { ranks, squares }
}

/** Spearman's rho of two columns without missing values. */
export function spearmanOfRanks(a: CentredRanks, b: CentredRanks): number | null {
  let product = 0
  for (let i = 0; i < a.ranks.length; i++) product += a.ranks[i] * b.ranks[i]
  const r = product / Math.sqrt(a.squares * b.squares)
  return Number.isFinite(r) ? Math.max(-1, Math.min(1, r)) : null
}

/** Spearman's rho: Pearson of the midranks of the rows that have both. Source: pandas `corr(method='spearman')`. */
export function spearman(a: Coded, b: Coded): number | null {
  const counts = [new Float64Array(a.levels), new Float64Array(b.levels)] as const
  let n = 0
  for (let i = 0; i < a.codes.length; i++) {
    const x = a.codes[i]
    const y = b.codes[i]
    if (x < 0 || y < 0) continue
    n++
    counts[0][x]++
    counts[1][y]++
  }
  const [rankA, rankB] = counts.map(midranks)
  // ranks have a known mean: one pass
  let [xx, yy, xy] = [0, 0, 0]
  const mean = (n + 1) / 2
  for (let i = 0; i < a.codes.length; i++) {
    const x = a.codes[i]
    const y = b.codes[i]
    if (x < 0 || y < 0) continue
    const [dx, dy] = [rankA[x] - mean, rankB[y] - mean]
    xx += dx * dx
    yy += dy * dy
    xy += dx * dy
  }
  const r = xy / Math.sqrt(xx * yy)
  return Number.isFinite(r) ? Math.max(-1, Math.min(1, r)) : null
}

/** The mean rank of each level, from 1. */
function midranks(counts: Float64Array): Float64Array {
  let seen = 0
  return counts.map((count) => {
    seen += count
    return seen - (count - 1) / 2
  })
}

const pairs = (n: number): number => (n * (n - 1)) / 2

/**
 * Kendall's tau-b of the rows that have both, in n log n: rows by x, then the inversions of y. Source: Knight (1966); scipy
 * `kendalltau`.
 */
export function kendall(a: Coded, b: Coded): number | null {
  const rows: number[] = []
  for (let i = 0; i < a.codes.length; i++) if (a.codes[i] >= 0 && b.codes[i] >= 0) rows.push(i)
  const n = rows.length
  const order = byCode(byCode(Uint32Array.from(rows), b), a)
  const tree = new Float64Array(b.levels + 1)
  let [discordant, tiedX, tiedY, tiedBoth] = [0, 0, 0, 0]
  let [runX, runBoth] = [0, 0]
  const countY = new Float64Array(b.levels)
  for (let i = 0; i < n; i++) {
    const [x, y] = [a.codes[order[i]], b.codes[order[i]]]
    const sameX = i > 0 && a.codes[order[i - 1]] === x
    const sameBoth = sameX && b.codes[order[i - 1]] === y
    runX = sameX ? runX + 1 : 0
    runBoth = sameBoth ? runBoth + 1 : 0
    tiedX += runX
    tiedBoth += runBoth
    tiedY += countY[y]++
    // rows before with a greater y: all that came, less those with one at most as great
    let upTo = 0
    for (let k = y + 1; k > 0; k -= k & -k) upTo += tree[k]
    discordant += i - upTo
    for (let k = y + 1; k < tree.length; k += k & -k) tree[k]++
  }
  const total = pairs(n)
  const tau = (total - tiedX - tiedY + tiedBoth - 2 * discordant) / Math.sqrt(total - tiedX) / Math.sqrt(total - tiedY)
  return Number.isFinite(tau) ? Math.max(-1, Math.min(1, tau)) : null
}

/** Rows sorted by their codes; equal ones keep their order. */
function byCode(rows: Uint32Array, { codes, levels }: Coded): Uint32Array {
  const next = new Uint32Array(levels + 1)
  for (const row of rows) next[codes[row] + 1]++
  for (let k = 0; k < levels; k++) next[k + 1] += next[k]
  const sorted = new Uint32Array(rows.length)
  for (const row of rows) sorted[next[codes[row]]++] = row
  return sorted
}
