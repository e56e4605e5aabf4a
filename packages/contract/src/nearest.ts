/** Edit distance that counts a swap of neighbours as one edit (Damerau 1964, restricted form). */
function distance(a: string, b: string): number {
  let [before, previous, current] = [0, 1, 2].map(() => new Array<number>(b.length + 1).fill(0)) as [
    number[],
    number[],
    number[],
  ]
  for (let j = 0; j <= b.length; j++) previous[j] = j
  for (let i = 1; i <= a.length; i++) {
    current[0] = i
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      current[j] = Math.min(previous[j] + 1, current[j - 1] + 1, substitution)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        current[j] = Math.min(current[j], before[j - 2] + 1)
    }
    ;[before, previous, current] = [previous, current, before]
  }
  return previous[b.length]
}

/** Returns the candidate nearest to a mistyped `name`, or undefined when none is near (more than a third of it differs). */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(1, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    const d = distance(name.toLowerCase(), candidate.toLowerCase())
    if (d < least) [best, least] = [candidate, d]
  }
  return best
}

/** Returns ` (did you mean "x"?)`, or the whole list when it is short and nothing is near, or the empty string. */
export function didYouMean(name: string, candidates: Iterable<string>): string {
  const all = [...candidates]
  const near = nearest(name, all)
  if (near !== undefined) return ` (did you mean "${near}"?)`
  return all.length > 0 && all.length <= 12 ? ` (there are ${all.map((c) => `"${c}"`).join(', ')})` : ''
}
