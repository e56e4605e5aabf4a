/** Buckets of the table that tells where to begin looking for a score's cell. */
const BUCKETS = 1 << 12

/**
 * Returns for each score the number of thresholds (ascending) that it reaches: those at or below it, or with `strict` below
 * it. NaN reaches none. One pass: a table of equal buckets gives the place to begin at, so that the cost does not depend on
 * the number of thresholds.
 */
export function cellsOf(
  scores: ArrayLike<number>,
  thresholds: ArrayLike<number>,
  { strict = false }: { strict?: boolean } = {},
): Uint32Array {
  const last = thresholds.length
  const low = thresholds[0]
  const width = thresholds[last - 1] - low
  const scale = width > 0 ? BUCKETS / width : 0
  const start = new Uint32Array(BUCKETS + 1)
  for (let bucket = 1, cell = 0; bucket <= BUCKETS; bucket++) {
    // one bucket early: rounding may put a score into the next bucket
    while (cell < last && thresholds[cell] < low + (bucket - 1) / scale) cell++
    start[bucket] = cell
  }
  const cells = new Uint32Array(scores.length)
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]
    if (!(score >= low)) continue
    const bucket = Math.min(BUCKETS, Math.floor((score - low) * scale))
    let cell = start[bucket]
    if (strict) {
      while (cell > 0 && thresholds[cell - 1] >= score) cell--
      while (cell < last && thresholds[cell] < score) cell++
    } else {
      while (cell > 0 && thresholds[cell - 1] > score) cell--
      while (cell < last && thresholds[cell] <= score) cell++
    }
    cells[i] = cell
  }
  return cells
}
