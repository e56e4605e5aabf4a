import { PodError } from '@mlpod/contract'
import { checkLength } from '../calibrate/calibrate.ts'
import type { Union } from '../regression/histogram.ts'

/** Returns for each row whether its interval holds y, ends included; y that is NaN is not held. */
export function intervalCover(
  y: ArrayLike<number>,
  { lower, upper }: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> },
): Uint8Array {
  checkLength(lower.length, y.length, 'lower bounds')
  checkLength(upper.length, y.length, 'upper bounds')
  return Uint8Array.from({ length: y.length }, (_, i) => (lower[i] <= y[i] && y[i] <= upper[i] ? 1 : 0))
}

/** Returns for each row whether one of its intervals holds y. */
export function unionCover(y: ArrayLike<number>, unions: readonly Union[]): Uint8Array {
  checkLength(unions.length, y.length, 'unions')
  return Uint8Array.from(unions, (union, i) => (union.some(([from, to]) => from <= y[i] && y[i] <= to) ? 1 : 0))
}

/** Returns for each row whether its set, a row of `sets` [n, classes] of 0 and 1, holds the label. Throws `LABEL_UNKNOWN`. */
export function setCover(sets: ArrayLike<number>, labels: ArrayLike<number>): Uint8Array {
  const classes = classesOf(sets, labels)
  return Uint8Array.from(labels, (label, i) => (sets[i * classes + label] ? 1 : 0))
}

/** Returns the number of labels in each set [n, classes]. */
export function setSizes(sets: ArrayLike<number>, classes: number): Float64Array {
  const sizes = new Float64Array(sets.length / classes)
  for (let i = 0; i < sizes.length; i++) for (let j = 0; j < classes; j++) sizes[i] += sets[i * classes + j] ? 1 : 0
  return sizes
}

/** Returns how many classes sets [n, classes] have. Throws `LENGTH_MISMATCH`, `LABEL_UNKNOWN`. */
export function classesOf(sets: ArrayLike<number>, labels: ArrayLike<number>): number {
  const classes = labels.length === 0 ? 0 : sets.length / labels.length
  if (!Number.isInteger(classes))
    throw new PodError('LENGTH_MISMATCH', `sets of ${sets.length} marks do not fall into ${labels.length} rows`)
  for (let i = 0; i < labels.length; i++)
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < classes))
      throw new PodError(
        'LABEL_UNKNOWN',
        `the label ${labels[i]} of row ${i} is no class index from 0 to ${classes - 1}`,
      )
  return classes
}

/** Coverage of some rows. */
export interface CoverageCell {
  /** Share of covered rows; NaN of none. */
  readonly coverage: number
  readonly n: number
  /** Mean width or set size. */
  readonly size: number
}

/** Returns the share of covered rows, NaN of none. */
export const meanCover = (covered: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < covered.length; i++) sum += covered[i]
  return covered.length === 0 ? Number.NaN : sum / covered.length
}

/** Returns coverage and mean size by group, groups by name; a class by class coverage when groups are labels. */
export function coverageByGroup(
  covered: ArrayLike<number>,
  sizes: ArrayLike<number>,
  groups: ArrayLike<string | number>,
): ReadonlyMap<string, CoverageCell> {
  checkLength(groups.length, covered.length, 'groups')
  const sums = new Map<string, { covered: number; size: number; n: number }>()
  for (let i = 0; i < covered.length; i++) {
    const name = `${groups[i]}`
    const cell = sums.get(name) ?? { covered: 0, size: 0, n: 0 }
    sums.set(name, cell)
    cell.covered += covered[i]
    cell.size += sizes[i]
    cell.n++
  }
  const byName = new Intl.Collator('en', { numeric: true }).compare
  return new Map(
    [...sums]
      .sort(([a], [b]) => byName(a, b))
      .map(([name, cell]) => [name, { coverage: cell.covered / cell.n, n: cell.n, size: cell.size / cell.n }]),
  )
}

/** Returns the mean coverage of the groups that have rows (TorchCP counts absent ones as 0). */
export function macroCoverage(groups: ReadonlyMap<string, CoverageCell>): number {
  const cells = [...groups.values()]
  return cells.reduce((sum, { coverage }) => sum + coverage, 0) / cells.length
}

/**
 * Returns the mean distance of the groups' coverage from `level`, each group alike or weighted by its rows.
 * Source: Ding et al. 2023; MAPIE 1.6 `coverage_gap` (TorchCP's `CovGap` is 100 times it).
 */
export function coverageGap(
  groups: ReadonlyMap<string, CoverageCell>,
  level: number,
  { weighted = false }: { readonly weighted?: boolean } = {},
): number {
  const cells = [...groups.values()]
  const total = cells.reduce((sum, { n }) => sum + (weighted ? n : 1), 0)
  return cells.reduce((sum, { coverage, n }) => sum + Math.abs(coverage - level) * (weighted ? n : 1), 0) / total
}

/** Returns how many groups are covered less than `level`. Source: Kasa, Taylor 2023; TorchCP `VioClasses`. */
export const violatedGroups = (groups: ReadonlyMap<string, CoverageCell>, level: number): number =>
  [...groups.values()].filter(({ coverage }) => coverage < level).length

/**
 * Returns coverage by size: rows in order of size (equal ones by place), in `bins` parts of equal number, the first ones larger by
 * one where they do not divide. The least of them is the size-stratified coverage. Throws `BINS_INVALID`.
 * Source: Angelopoulos et al. 2021; MAPIE 1.6 `regression_ssc`, numpy `array_split`.
 */
export function coverageBySize(
  covered: ArrayLike<number>,
  sizes: ArrayLike<number>,
  { bins = 3 }: { readonly bins?: number } = {},
): readonly CoverageCell[] {
  const n = covered.length
  checkLength(sizes.length, n, 'sizes')
  if (!(Number.isInteger(bins) && bins >= 1 && bins <= new Set(Array.from(sizes)).size))
    throw new PodError(
      'BINS_INVALID',
      `${bins} bins cannot be made of ${new Set(Array.from(sizes)).size} different sizes`,
    )
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => sizes[a] - sizes[b] || a - b)
  let from = 0
  return Array.from({ length: bins }, (_, bin) => {
    const count = Math.floor(n / bins) + (bin < n % bins ? 1 : 0)
    const cell = cellOf(order.slice(from, from + count), covered, sizes)
    from += count
    return cell
  })
}

/**
 * Returns coverage in strata of a number of each row (set sizes, or the rank of the true label), ends included; NaN of an empty one.
 * `largestViolation` of it is TorchCP's SSCV, or DiffViolation by ranks. Source: Angelopoulos et al. 2021.
 */
export const coverageByStratum = (
  covered: ArrayLike<number>,
  sizes: ArrayLike<number>,
  strata: readonly (readonly [from: number, to: number])[],
  { by = sizes }: { readonly by?: ArrayLike<number> } = {},
): readonly CoverageCell[] =>
  strata.map(([from, to]) =>
    cellOf(
      Array.from({ length: covered.length }, (_, i) => i).filter((i) => by[i] >= from && by[i] <= to),
      covered,
      sizes,
    ),
  )

/** Returns the largest distance of the coverage of a part that has rows from `level`, NaN of none. */
export function largestViolation(cells: Iterable<CoverageCell>, level: number): number {
  let largest = Number.NaN
  for (const { coverage, n } of cells) {
    const distance = Math.abs(coverage - level)
    if (n > 0 && !(distance <= largest)) largest = distance
  }
  return largest
}

/** Returns the least coverage of a part that has rows, NaN of none. */
export function leastCoverage(cells: Iterable<CoverageCell>): number {
  const filled = [...cells].filter(({ n }) => n > 0)
  return filled.length === 0 ? Number.NaN : Math.min(...filled.map(({ coverage }) => coverage))
}

function cellOf(rows: readonly number[], covered: ArrayLike<number>, sizes: ArrayLike<number>): CoverageCell {
  let [hits, size] = [0, 0]
  for (const i of rows) {
    hits += covered[i]
    size += sizes[i]
  }
  const n = rows.length
  return { coverage: n === 0 ? Number.NaN : hits / n, n, size: n === 0 ? Number.NaN : size / n }
}
