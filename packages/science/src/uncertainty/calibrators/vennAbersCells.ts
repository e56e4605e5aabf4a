/** Isotonic fits of a sample with one more row, at every place that it may have. */
export interface BracketedFits {
  /** Calibration scores, ascending, each once. */
  readonly scores: Float64Array
  /** By the number of calibration scores at or below a score: the fit with one more row of the smallest label. */
  readonly low: Float64Array
  /** By the number of calibration scores below a score: the fit with one more row of the largest label. */
  readonly high: Float64Array
}

/** Distinct scores with the number of rows and the sum of labels at each. */
export interface Cells {
  readonly scores: Float64Array
  readonly n: Float64Array
  readonly sum: Float64Array
}

/** Two sorted lists, of rows labelled 0 and 1, as cells. */
export function mergedCells(zeros: Float64Array, ones: Float64Array): Cells {
  const size = zeros.length + ones.length
  const [scores, n, sum] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)]
  let [cell, i, j] = [0, 0, 0]
  while (i < zeros.length || j < ones.length) {
    const score = j >= ones.length || (i < zeros.length && zeros[i] <= ones[j]) ? zeros[i] : ones[j]
    let rows = 0
    while (i < zeros.length && zeros[i] === score) {
      i++
      rows++
    }
    while (j < ones.length && ones[j] === score) {
      j++
      rows++
      sum[cell]++
    }
    scores[cell] = score
    n[cell++] = rows
  }
  return { scores: scores.slice(0, cell), n: n.slice(0, cell), sum: sum.slice(0, cell) }
}

/** The fits with one more row of the smallest and of the largest label, at each place. */
export function bracketed({ scores, n, sum }: Cells, least: number, most: number): BracketedFits {
  const high = fitsWithOneMore(n, sum, most)
  // turned around and with the sign changed, the fall from below is the rise from above
  const turned = fitsWithOneMore(
    n.toReversed(),
    sum.toReversed().map((s) => -s),
    -least,
  )
  return { scores, high, low: turned.toReversed().map((fit) => 0 - fit) }
}

/**
 * Returns the isotonic fit at the start of each cell i = 0 .. m when one row of label `most` (no cell's mean is above it) comes
 * before it: the slope of the greatest convex minorant of the cumulative sums at that row's step. Going on to the next cell
 * swaps the row's step with the cell's, which moves one corner of the diagram; a stack holds the corners ahead, the nearest
 * on top. Source: Vovk, Petej, Fedorova (2015), algorithms 1 and 2.
 */
function fitsWithOneMore(n: Float64Array, sum: Float64Array, most: number): Float64Array {
  const m = n.length
  // corner 0 comes before the row's step, corner i + 1 after cell i
  const [x, y] = [new Float64Array(m + 2), new Float64Array(m + 2)]
  x[0] = -1
  y[0] = -most
  for (let i = 0; i < m; i++) {
    x[i + 2] = x[i + 1] + n[i]
    y[i + 2] = y[i + 1] + sum[i]
  }
  /** Whether b lies on or above the line from a to c. */
  const above = (a: number, b: number, c: number): boolean =>
    (y[b] - y[a]) * (x[c] - x[a]) >= (y[c] - y[a]) * (x[b] - x[a])
  const stack = new Uint32Array(m + 2)
  let top = 0
  // the minorant of all corners, from the last back to the first
  for (let corner = m + 1; corner >= 0; corner--) {
    while (top >= 2 && above(corner, stack[top - 1], stack[top - 2])) top--
    stack[top++] = corner
  }
  const fits = new Float64Array(m + 1)
  for (let i = 0; i < m; i++) {
    const [from, to] = [stack[top - 1], stack[top - 2]]
    fits[i] = (y[to] - y[from]) / (x[to] - x[from])
    // the row's step comes after cell i now: the corner between them moves
    const moved = i + 1
    x[moved] = x[i] + n[i]
    y[moved] = y[i] + sum[i]
    if (above(from, moved, to)) continue
    top--
    while (top >= 2 && above(moved, stack[top - 1], stack[top - 2])) top--
    stack[top++] = moved
  }
  fits[m] = most
  return fits
}

/** How many of the ascending numbers are below `value`, or with `equal` at or below it. */
export function placeOf(sorted: Float64Array, value: number, equal: boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value || (equal && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}
