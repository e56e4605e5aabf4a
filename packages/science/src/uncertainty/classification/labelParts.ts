import { type Column, columnAlgebra, columnOf } from '../algebra/columns.ts'
import { BLOCK, type ClassRows } from './rows.ts'
import { type ClassScore, entryOf, excessPower, type LabelPart, scoreOver } from './scores.ts'
import { sortClasses } from './sortClasses.ts'

/** A probability as a multiple of 2^-52: sums of such numbers are exact, and the same in any order. */
export const summable = (p: number): number => p + 1 - 1

/** Parts of some labels, a column each. */
type PartColumns = Partial<Record<LabelPart, Float64Array>>

const columnsFor = (score: ClassScore, size: number, extra: readonly LabelPart[] = []): PartColumns =>
  Object.fromEntries(
    [...new Set([...entryOf(score).parts, ...extra])]
      .filter((part) => part !== 'u')
      .map((part) => [part, new Float64Array(size)]),
  )

/** Parts that are found by comparing a label with all others. */
const needsOthers = (parts: PartColumns): boolean =>
  parts.rank !== undefined || parts.mass !== undefined || parts.top !== undefined || parts.other !== undefined

/** Scores of the labels that are true [n], and what was asked for beside them. */
export interface TrueLabelScores {
  readonly scores: Float64Array
  readonly ranks?: Float64Array
}

/** Returns the score of each row's label: one pass over each row, and no matrix. NaN where the row holds a NaN. */
export function trueLabelScores(
  rows: ClassRows,
  labels: ArrayLike<number>,
  score: ClassScore,
  { u, ranks = false }: { readonly u?: Float64Array; readonly ranks?: boolean } = {},
): TrueLabelScores {
  const { n, classes } = rows
  const parts = columnsFor(score, n, ranks ? ['rank'] : [])
  const only = Object.keys(parts).length === 1 ? parts.p : undefined
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    const block = rows.block(from, to)
    if (only) {
      for (let i = from; i < to; i++)
        only[i] = rows.unknown[i - from] ? Number.NaN : block[(i - from) * classes + labels[i]]
      continue
    }
    for (let i = from; i < to; i++)
      if (rows.unknown[i - from]) for (const column of Object.values(parts)) column[i] = Number.NaN
      else readLabel(block, (i - from) * classes, classes, labels[i], parts, i, score)
  }
  const scores = columnOf(scoreOver<Column>(columnAlgebra, score, u ? { ...parts, u } : parts), n)
  return parts.rank && ranks ? { scores, ranks: parts.rank } : { scores }
}

/** Writes the parts of label y, whose row begins at `offset`, at index i. */
function readLabel(
  x: Float64Array,
  offset: number,
  classes: number,
  y: number,
  parts: PartColumns,
  i: number,
  score: ClassScore,
): void {
  const own = x[offset + y]
  if (parts.p) parts.p[i] = own
  if (parts.excess) parts.excess[i] = excessOf(x, offset, classes, own, excessPower(score))
  if (!needsOthers(parts)) return
  let [rank, mass, other] = [1, summable(own), Number.NEGATIVE_INFINITY]
  for (let j = 0; j < classes; j++) {
    const value = x[offset + j]
    if (value > own || (value === own && j < y)) {
      rank++
      mass += summable(value)
    }
    if (j !== y && value > other) other = value
  }
  if (parts.rank) parts.rank[i] = rank
  if (parts.mass) parts.mass[i] = mass
  if (parts.top) parts.top[i] = Math.max(own, other)
  if (parts.other) parts.other[i] = other
}

/** The norm of what larger numbers have more: scaled by the largest, so that no power overflows. */
function excessOf(x: Float64Array, offset: number, classes: number, own: number, power: number): number {
  let [sum, largest] = [0, 0]
  for (let j = offset; j < offset + classes; j++) {
    const more = x[j] - own
    if (more > 0) {
      sum += more
      if (more > largest) largest = more
    }
  }
  if (power === 1 || largest === 0) return sum
  if (power === Number.POSITIVE_INFINITY) return largest
  let total = 0
  for (let j = offset; j < offset + classes; j++) {
    const more = x[j] - own
    if (more > 0) total += (more / largest) ** power
  }
  return largest * total ** (1 / power)
}

/** Scores of all labels of a block of rows [rows, classes], and their ranks if asked for. */
export interface BlockScores {
  readonly from: number
  readonly to: number
  /** [rows, classes]; NaN throughout a row that holds a NaN. */
  readonly scores: Float64Array
  readonly ranks?: Float64Array
}

/** Calls `use` with the scores of all labels, block by block. */
export function forAllLabels(
  rows: ClassRows,
  score: ClassScore,
  { u, ranks = false }: { readonly u?: Float64Array; readonly ranks?: boolean },
  use: (block: BlockScores) => void,
): void {
  const { n, classes } = rows
  if (!ranks && entryOf(score).parts.every((part) => part === 'p')) {
    forAllNumbers(rows, score, use)
    return
  }
  const size = Math.min(n, BLOCK) * classes
  const whole = columnsFor(score, size, ranks ? ['rank'] : [])
  const uniform = u && entryOf(score).parts.includes('u') ? new Float64Array(size) : undefined
  const [order, spare] = [new Int32Array(classes), new Int32Array(classes)]
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    const block = rows.block(from, to)
    for (let i = 0; i < to - from; i++) {
      if (rows.unknown[i])
        for (const column of Object.values(whole)) column.fill(Number.NaN, i * classes, (i + 1) * classes)
      else readRow(block, i * classes, classes, whole, score, order, spare)
      if (uniform && u) uniform.fill(u[from + i], i * classes, (i + 1) * classes)
    }
    const length = (to - from) * classes
    const cut = (column: Float64Array): Float64Array => column.subarray(0, length)
    const parts = Object.fromEntries(Object.entries(whole).map(([part, column]) => [part, cut(column)]))
    const given = uniform ? { ...parts, u: cut(uniform) } : parts
    const scores = columnOf(scoreOver<Column>(columnAlgebra, score, given), length)
    use(whole.rank && ranks ? { from, to, scores, ranks: cut(whole.rank) } : { from, to, scores })
  }
}

/** `forAllLabels` of a score that reads a label's own number alone: nothing is copied, and nothing compared. */
function forAllNumbers(rows: ClassRows, score: ClassScore, use: (block: BlockScores) => void): void {
  const { n, classes } = rows
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    const p = rows.block(from, to)
    const found = columnOf(scoreOver<Column>(columnAlgebra, score, { p }), p.length)
    const scores = found === p ? p.slice() : found
    for (let i = 0; i < to - from; i++) if (rows.unknown[i]) scores.fill(Number.NaN, i * classes, (i + 1) * classes)
    use({ from, to, scores })
  }
}

/** Writes the parts of all labels of the row that begins at `offset`, where they are in their columns. */
function readRow(
  x: Float64Array,
  offset: number,
  classes: number,
  parts: PartColumns,
  score: ClassScore,
  order: Int32Array,
  spare: Int32Array,
): void {
  if (parts.p) parts.p.set(x.subarray(offset, offset + classes), offset)
  if (parts.excess)
    for (let j = offset; j < offset + classes; j++)
      parts.excess[j] = excessOf(x, offset, classes, x[j], excessPower(score))
  if (parts.rank || parts.mass) {
    for (let j = 0; j < classes; j++) order[j] = j
    const sorted = sortClasses(x, offset, order, spare)
    const { rank, mass } = parts
    let sum = 0
    for (let r = 0; r < classes; r++) {
      const j = offset + sorted[r]
      sum += summable(x[j])
      if (rank) rank[j] = r + 1
      if (mass) mass[j] = sum
    }
  }
  if (parts.top || parts.other) {
    let [first, second, at] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, offset]
    for (let j = offset; j < offset + classes; j++) {
      if (x[j] > first) {
        second = first
        first = x[j]
        at = j
      } else if (x[j] > second) second = x[j]
    }
    if (parts.top) parts.top.fill(first, offset, offset + classes)
    if (parts.other) {
      parts.other.fill(first, offset, offset + classes)
      parts.other[at] = second
    }
  }
}
