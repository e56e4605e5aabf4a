/**
 * Solves n equations by elimination with the largest pivots: rows [n, n + k] of matrix and right sides, which are changed. Returns the solutions [n, k],
 * row-major; undefined where a pivot is not above `least` times the largest entry of the matrix.
 */
export function eliminate(rows: Float64Array[], least = 0): Float64Array | undefined {
  const n = rows.length
  const width = rows[0].length
  let largest = 0
  for (const row of rows) for (let c = 0; c < n; c++) largest = Math.max(largest, Math.abs(row[c]))
  for (let a = 0; a < n; a++) {
    let best = a
    for (let b = a + 1; b < n; b++) if (Math.abs(rows[b][a]) > Math.abs(rows[best][a])) best = b
    const held = rows[a]
    rows[a] = rows[best]
    rows[best] = held
    const pivot = rows[a][a]
    if (!(Math.abs(pivot) > least * largest)) return undefined
    for (let c = a; c < width; c++) rows[a][c] /= pivot
    for (let b = 0; b < n; b++) {
      const share = rows[b][a]
      if (b !== a && share !== 0) for (let c = a; c < width; c++) rows[b][c] -= share * rows[a][c]
    }
  }
  const k = width - n
  const out = new Float64Array(n * k)
  rows.forEach((row, a) => {
    out.set(row.subarray(n), a * k)
  })
  return out
}
