import { type Boxes, boxIou, checkedBoxes, type PixelOption } from './box.ts'

/** A least-cost assignment, and prices that prove it: cost_ij >= row_i + column_j, equal where assigned. */
export interface Assignment {
  /** For each row its column; -1 where there are fewer columns than rows and it has none. */
  readonly columns: Int32Array
  readonly rowPrices: Float64Array
  readonly columnPrices: Float64Array
}

/**
 * Returns the assignment of n rows to m columns of least total cost, `cost` [n, m], by shortest augmenting paths: O(n^2 m).
 * Source: Kuhn 1955, Munkres 1957; Jonker, Volgenant 1987.
 */
export function assignment(cost: ArrayLike<number>, n: number, m: number): Assignment {
  if (n > m) {
    const turned = Float64Array.from({ length: n * m }, (_, at) => cost[(at % n) * m + Math.floor(at / n)])
    const { columns, rowPrices, columnPrices } = assignment(turned, m, n)
    const back = new Int32Array(n).fill(-1)
    columns.forEach((i, j) => {
      back[i] = j
    })
    return { columns: back, rowPrices: columnPrices, columnPrices: rowPrices }
  }
  // places are from 1; 0 is no row, no column
  const [u, v] = [new Float64Array(n + 1), new Float64Array(m + 1)]
  const rowOf = new Int32Array(m + 1)
  const way = new Int32Array(m + 1)
  for (let i = 1; i <= n; i++) {
    rowOf[0] = i
    const least = new Float64Array(m + 1).fill(Number.POSITIVE_INFINITY)
    const used = new Uint8Array(m + 1)
    let at = 0
    do {
      used[at] = 1
      const row = rowOf[at]
      let [delta, next] = [Number.POSITIVE_INFINITY, 0]
      for (let j = 1; j <= m; j++) {
        if (used[j]) continue
        const reduced = cost[(row - 1) * m + j - 1] - u[row] - v[j]
        if (reduced < least[j]) {
          least[j] = reduced
          way[j] = at
        }
        if (least[j] < delta) {
          delta = least[j]
          next = j
        }
      }
      for (let j = 0; j <= m; j++)
        if (used[j]) {
          u[rowOf[j]] += delta
          v[j] -= delta
        } else least[j] -= delta
      at = next
    } while (rowOf[at] !== 0)
    do {
      const before = way[at]
      rowOf[at] = rowOf[before]
      at = before
    } while (at !== 0)
  }
  const columns = new Int32Array(n).fill(-1)
  for (let j = 1; j <= m; j++) if (rowOf[j] > 0) columns[rowOf[j] - 1] = j - 1
  return { columns, rowPrices: u.slice(1), columnPrices: v.slice(1) }
}

/** Settings of `matchBoxes`. */
export interface MatchOptions extends PixelOption {
  /** Pairs must share more than this; 0.5 by default. */
  readonly minIou?: number
  /** Shared areas are measured in pixels and rounded to two decimals before they are assigned, as puncc does. */
  readonly pixelConvention?: boolean
}

/** Predictions and truths of one image, paired. */
export interface BoxMatches {
  /** Pairs of places: [prediction, truth], truths ascending. */
  readonly pairs: readonly (readonly [predicted: number, truth: number])[]
  /** Truths that no prediction is near: coverage of boxes says nothing of them; control the recall of images beside it. */
  readonly missed: readonly number[]
  /** Predictions that are no truth's. */
  readonly spare: readonly number[]
}

/** Returns the pairing of one image's boxes that shares most, less pairs that share too little. Throws `BOX_INVALID`, `LENGTH_MISMATCH`. */
export function matchBoxes(
  predicted: Boxes,
  truth: Boxes,
  { minIou = 0.5, pixelConvention = false, pixels = pixelConvention }: MatchOptions = {},
): BoxMatches {
  const [n, m] = [checkedBoxes(truth, 'the true boxes'), checkedBoxes(predicted, 'the predicted boxes')]
  const shared = boxIou(truth, predicted, { pixels })
  const cost = shared.map((iou) => -(pixelConvention ? Math.round(iou * 100) / 100 : iou))
  const { columns } = assignment(cost, n, m)
  const pairs: [number, number][] = []
  const missed: number[] = []
  columns.forEach((j, i) => {
    if (j >= 0 && shared[i * m + j] > minIou) pairs.push([j, i])
    else missed.push(i)
  })
  const taken = new Set(pairs.map(([j]) => j))
  return { pairs, missed, spare: Array.from({ length: m }, (_, j) => j).filter((j) => !taken.has(j)) }
}
