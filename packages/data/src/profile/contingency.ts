import { normalCdf } from '@mlpod/math'
import type { Coded } from './ranks.ts'

/** How often pairs of codes occur, rows and columns without any left out. */
export interface Contingency {
  readonly cells: Float64Array
  readonly rows: Float64Array
  readonly columns: Float64Array
  readonly n: number
}

/** Counts the rows that have both. */
export function contingency(a: Coded, b: Coded): Contingency {
  const all = new Float64Array(a.levels * b.levels)
  for (let i = 0; i < a.codes.length; i++)
    if (a.codes[i] >= 0 && b.codes[i] >= 0) all[a.codes[i] * b.levels + b.codes[i]]++
  const [rowSums, columnSums] = [new Float64Array(a.levels), new Float64Array(b.levels)]
  for (let i = 0; i < a.levels; i++)
    for (let j = 0; j < b.levels; j++) {
      rowSums[i] += all[i * b.levels + j]
      columnSums[j] += all[i * b.levels + j]
    }
  const [keptRows, keptColumns] = [rowSums, columnSums].map((sums) =>
    Array.from(sums.keys()).filter((i) => sums[i] > 0),
  )
  return {
    cells: Float64Array.from(keptRows.flatMap((i) => keptColumns.map((j) => all[i * b.levels + j]))),
    rows: Float64Array.from(keptRows, (i) => rowSums[i]),
    columns: Float64Array.from(keptColumns, (j) => columnSums[j]),
    n: rowSums.reduce((sum, count) => sum + count, 0),
  }
}

/** Pearson's chi-square of independence, for two by two with Yates' correction. Source: scipy `chi2_contingency`. */
function chiSquare({ cells, rows, columns, n }: Contingency): number {
  const corrected = rows.length === 2 && columns.length === 2
  let statistic = 0
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < columns.length; j++) {
      const expected = (rows[i] * columns[j]) / n
      const difference = Math.abs(cells[i * columns.length + j] - expected)
      statistic += (corrected ? Math.max(0, difference - 0.5) : difference) ** 2 / expected
    }
  return statistic
}

/** Cramer's V, corrected for bias; null without rows. Source: Bergsma (2013), as ydata-profiling computes it. */
export function cramersCorrected(table: Contingency): number | null {
  const { rows, columns, n } = table
  if (n === 0) return null
  const [r, k] = [rows.length, columns.length]
  const phi = Math.max(0, chiSquare(table) / n - ((k - 1) * (r - 1)) / (n - 1))
  const least = Math.min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
  const value = least === 0 ? 1 : Math.sqrt(phi / least)
  return Number.isFinite(value) ? value : null
}

/** Cramer's V as it stands; null where a side is constant. Source: Cramer (1946); Evidently. */
export function cramersPlain(table: Contingency): number | null {
  const { cells, rows, columns, n } = table
  const least = Math.min(rows.length, columns.length) - 1
  if (least < 1) return null
  let statistic = 0
  for (let i = 0; i < rows.length; i++)
    for (let j = 0; j < columns.length; j++) {
      const expected = (rows[i] * columns[j]) / n
      statistic += (cells[i * columns.length + j] - expected) ** 2 / expected
    }
  return Math.min(1, Math.sqrt(statistic / n / least))
}

/**
 * phi_k: the correlation of the normal law of two numbers whose chi-square over a grid of as many cells is that of the table; null where
 * a side is constant. Source: Baak, Koopman, Snoek, Klous (2020); phik 0.12, which draws its integrals at random (ours are
 * exact to 1e-10, so that they differ in the fourth digit).
 */
export function phiK(table: Contingency): number | null {
  const { rows, columns, n } = table
  const [nx, ny] = [columns.length, rows.length]
  if (nx < 2 || ny < 2) return null
  const chi2 = chiSquare(table)
  const pedestal = Math.max(0, nx * ny - nx - ny + 1)
  const greatest = n * Math.min(nx - 1, ny - 1)
  if (chi2 <= pedestal) return 0
  if (chi2 >= greatest * (1 - 1e-12)) return 1
  const law = gridLaw(nx, ny)
  const scale = (greatest - pedestal) / (n * law(1))
  return root((rho) => pedestal + n * law(rho) * scale - chi2)
}

/** The root in [0, 1] of a function that ascends from below zero to above. Source: Dowell, Jarratt (1971), "Illinois". */
function root(f: (x: number) => number): number {
  let [a, b] = [0, 1]
  let [fa, fb] = [f(a), f(b)]
  if (fa >= 0) return 0
  if (fb <= 0) return 1
  for (let step = 0; step < 200 && b - a > 1e-13; step++) {
    const x = step % 3 === 2 ? (a + b) / 2 : (a * fb - b * fa) / (fb - fa)
    const fx = f(x)
    if (fx === 0) return x
    if (fx > 0) {
      ;[b, fb] = [x, fx]
      fa /= 2
    } else {
      ;[a, fa] = [x, fx]
      fb /= 2
    }
  }
  return (a + b) / 2
}

/** Nodes and weights of Gauss and Legendre's rule on [-1, 1]. */
function gaussLegendre(n: number): readonly (readonly [x: number, w: number])[] {
  return Array.from({ length: n }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (n + 0.5))
    let slope = 1
    for (let step = 0; step < 50; step++) {
      let [p, before] = [1, 0]
      for (let k = 0; k < n; k++) [p, before] = [((2 * k + 1) * x * p - k * before) / (k + 1), p]
      slope = (n * (x * p - before)) / (x * x - 1)
      const d = p / slope
      x -= d
      if (Math.abs(d) < 1e-15) break
    }
    return [x, 2 / ((1 - x * x) * slope * slope)] as const
  })
}
let rule: ReturnType<typeof gaussLegendre> | undefined

/**
 * The chi-square (a row) between normal laws with correlation rho and without, over nx by ny equal cells on [-5, 5]. The law of a corner is
 * Phi(h) Phi(k) + 1/(2 pi) * integral of exp(-(h^2 + k^2 - 2 h k sin t) / (2 cos^2 t)) for t from 0 to asin(rho). Source: Plackett (1954).
 */
function gridLaw(nx: number, ny: number): (rho: number) => number {
  const edges = (bins: number): number[] => Array.from({ length: bins + 1 }, (_, i) => -5 + (10 * i) / bins)
  const [h, k] = [edges(nx), edges(ny)]
  const [phiH, phiK_] = [h.map(normalCdf), k.map(normalCdf)]
  return (rho) => {
    const corner = rho === 1 ? touching : excess(h, k, rho)
    const extra = h.map((_, i) => k.map((_, j) => corner(i, j)))
    let sum = 0
    for (let i = 0; i < nx; i++)
      for (let j = 0; j < ny; j++) {
        const independent = (phiH[i + 1] - phiH[i]) * (phiK_[j + 1] - phiK_[j])
        const change = extra[i + 1][j + 1] - extra[i][j + 1] - extra[i + 1][j] + extra[i][j]
        if (independent > 0) sum += change ** 2 / independent
      }
    return sum
  }
  // both are the same number: P(Z <= min(h, k))
  function touching(i: number, j: number): number {
    return Math.min(phiH[i], phiK_[j]) - phiH[i] * phiK_[j]
  }
}

function excess(h: readonly number[], k: readonly number[], rho: number): (i: number, j: number) => number {
  rule ??= gaussLegendre(64)
  const half = Math.asin(rho) / 2
  const points = rule.map(([x, w]) => {
    const sine = Math.sin(half * (x + 1))
    return [sine, 1 / (2 * (1 - sine * sine)), (w * half) / (2 * Math.PI)] as const
  })
  return (i, j) => {
    const [squares, twice] = [h[i] ** 2 + k[j] ** 2, 2 * h[i] * k[j]]
    let sum = 0
    for (const [sine, factor, weight] of points) sum += weight * Math.exp((twice * sine - squares) * factor)
    return sum
  }
}
