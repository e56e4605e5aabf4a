/**
 * Returns the decision function of a linear support vector machine: hinge loss, weights and intercept both shrunk. Labels are 1 and -1. By
 * coordinate ascent of the dual, until no variable moves. Source: Hsieh et al. (2008); the problem of scikit-learn's `LinearSVC(loss="hinge")`.
 */
export function linearSvm(
  columns: readonly Float64Array[],
  labels: Float64Array,
  { c }: { readonly c: number },
): (columns: readonly Float64Array[]) => Float64Array {
  const [n, d] = [labels.length, columns.length]
  const weights = new Float64Array(d + 1)
  const alpha = new Float64Array(n)
  const squares = Float64Array.from(
    { length: n },
    (_, i) => 1 + columns.reduce((sum, column) => sum + column[i] ** 2, 0),
  )
  const score = (list: readonly Float64Array[], i: number): number => {
    let sum = weights[d]
    for (let j = 0; j < d; j++) sum += weights[j] * list[j][i]
    return sum
  }
  for (let round = 0; round < 2000; round++) {
    let moved = 0
    for (let i = 0; i < n; i++) {
      const gradient = labels[i] * score(columns, i) - 1
      const next = Math.min(c, Math.max(0, alpha[i] - gradient / squares[i]))
      const step = (next - alpha[i]) * labels[i]
      if (step === 0) continue
      alpha[i] = next
      moved = Math.max(moved, Math.abs(step))
      for (let j = 0; j < d; j++) weights[j] += step * columns[j][i]
      weights[d] += step
    }
    if (moved < 1e-6) break
  }
  return (list) => Float64Array.from(list[0], (_, i) => score(list, i))
}
