import { type Column, columnAlgebra, columnOf } from '../algebra/columns.ts'
import { summable } from './labelParts.ts'
import { BLOCK, type ClassRows } from './rows.ts'
import { type ClassScore, entryOf, type LabelPart, scoreOver } from './scores.ts'
import { sortClasses } from './sortClasses.ts'

/** The most likely labels of a block of rows, by rank, with their scores. */
export interface RankedLabels {
  readonly from: number
  readonly to: number
  /** Where the labels of each row begin; none for a row that holds a NaN. */
  readonly starts: Int32Array
  readonly labels: Int32Array
  readonly scores: Float64Array
}

/**
 * Calls `use` with the labels of each row by rank and their scores, which rise. `most` is the largest threshold of each row (or of all):
 * of a running mass, labels whose larger ones weigh more than that are in no set, and left out, so that only a part is sorted.
 */
export function forRankedLabels(
  rows: ClassRows,
  score: ClassScore,
  { u, most }: { readonly u?: Float64Array; readonly most: (row: number) => number },
  use: (block: RankedLabels) => void,
): void {
  const { n, classes } = rows
  const reads = new Set<LabelPart>(entryOf(score).parts)
  const size = Math.min(n, BLOCK) * classes
  const column = (part: LabelPart): Float64Array | undefined => (reads.has(part) ? new Float64Array(size) : undefined)
  const [p, rank, mass, top, other] = [column('p'), column('rank'), column('mass'), column('top'), column('other')]
  const uniform = u && column('u')
  const labels = new Int32Array(size)
  const starts = new Int32Array(Math.min(n, BLOCK) + 1)
  const [order, spare] = [new Int32Array(classes), new Int32Array(classes)]
  for (let from = 0; from < n; from += BLOCK) {
    const to = Math.min(n, from + BLOCK)
    const block = rows.block(from, to)
    let at = 0
    for (let i = 0; i < to - from; i++) {
      starts[i] = at
      if (rows.unknown[i]) continue
      const offset = i * classes
      const count = mass ? keepHeavy(block, offset, order, most(from + i)) : keepAll(order)
      const sorted = sortClasses(block, offset, order, spare, count)
      let sum = 0
      for (let r = 0; r < count; r++, at++) {
        const value = block[offset + sorted[r]]
        labels[at] = sorted[r]
        if (p) p[at] = value
        if (rank) rank[at] = r + 1
        if (mass) {
          sum += summable(value)
          mass[at] = sum
        }
        if (top) top[at] = block[offset + sorted[0]]
        if (other)
          other[at] = r > 0 ? block[offset + sorted[0]] : (block[offset + sorted[1]] ?? Number.NEGATIVE_INFINITY)
        if (uniform && u) uniform[at] = u[from + i]
      }
    }
    starts[to - from] = at
    const given = Object.fromEntries(
      Object.entries({ p, rank, mass, top, other, u: uniform }).flatMap(([part, values]) =>
        values ? [[part, values.subarray(0, at)]] : [],
      ),
    )
    use({ from, to, starts, labels, scores: columnOf(scoreOver<Column>(columnAlgebra, score, given), at) })
  }
}

function keepAll(order: Int32Array): number {
  for (let j = 0; j < order.length; j++) order[j] = j
  return order.length
}

/** Puts the labels in `order` whose numbers are above a cut, the highest tried at which they weigh more than `most`; all where none is. */
function keepHeavy(x: Float64Array, offset: number, order: Int32Array, most: number): number {
  const classes = order.length
  if (most < 1)
    for (let share = 4; share >= 1; share /= 2) {
      const cut = (share * (1 - most)) / classes
      let [count, sum] = [0, 0]
      for (let j = 0; j < classes; j++) {
        const value = x[offset + j]
        if (value >= cut) {
          order[count++] = j
          sum += value
        }
      }
      // far beyond the rounding of sums
      if (sum > most + 1e-9) return count
    }
  return keepAll(order)
}
