/**
 * Returns the largest sqrt(k (n - k) / n) |mean of the first k - mean of the others| over k: large where the level of a series
 * changes once. O(n). Source: MAPIE 1.6 `MaxSplitMeanDifferenceTestStatistic` (O(n^2)).
 */
export function splitStatistic(scores: ArrayLike<number>): number {
  const n = scores.length
  let total = 0
  for (let i = 0; i < n; i++) total += scores[i]
  const mean = total / n
  let [sum, largest] = [0, 0]
  for (let k = 1; k < n; k++) {
    // |S_k / k - (S - S_k) / (n - k)| = n |S_k - k mean| / (k (n - k))
    sum += scores[k - 1] - mean
    largest = Math.max(largest, Math.abs(sum) * Math.sqrt(n / (k * (n - k))))
  }
  return largest
}
