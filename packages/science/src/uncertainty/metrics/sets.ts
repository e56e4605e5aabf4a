import { classesOf, setCover, setSizes } from './cover.ts'

/** What there is to say of prediction sets in one look. */
export interface SetSummary {
  readonly n: number
  readonly classes: number
  readonly coverage: number
  readonly meanSize: number
  readonly medianSize: number
  /** Share of sets without a label, with one, and with more. */
  readonly empty: number
  readonly one: number
  readonly many: number
  /** Rows whose set is their label alone, as a share of all rows. Source: TorchCP `singleton_hit_ratio`. */
  readonly singletonHits: number
  /** counts[k]: how many sets have k labels. */
  readonly sizes: readonly number[]
}

/** Returns the summary of sets [n, classes] of 0 and 1 and the rows' labels. Throws `LENGTH_MISMATCH`, `LABEL_UNKNOWN`. */
export function setSummary(sets: ArrayLike<number>, labels: ArrayLike<number>): SetSummary {
  const classes = classesOf(sets, labels)
  const covered = setCover(sets, labels)
  const sizes = setSizes(sets, classes)
  const n = labels.length
  const counts = new Array<number>(classes + 1).fill(0)
  let [hits, singletonHits, total] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    counts[sizes[i]]++
    hits += covered[i]
    total += sizes[i]
    if (sizes[i] === 1) singletonHits += covered[i]
  }
  const sorted = sizes.slice().sort()
  return {
    n,
    classes,
    coverage: hits / n,
    meanSize: total / n,
    medianSize: (sorted[(n - 1) >> 1] + sorted[n >> 1]) / 2,
    empty: counts[0] / n,
    one: (counts[1] ?? 0) / n,
    many: (n - counts[0] - (counts[1] ?? 0)) / n,
    singletonHits: singletonHits / n,
    sizes: counts,
  }
}

/** Returns the rank (1 is the most probable) of each row's label among its probabilities [n, classes], ties by class index. */
export function labelRanks(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Float64Array {
  const classes = classesOf(probabilities, labels)
  return Float64Array.from(labels, (label, i) => {
    const own = probabilities[i * classes + label]
    let rank = 1
    for (let j = 0; j < classes; j++) {
      const other = probabilities[i * classes + j]
      if (other > own || (other === own && j < label)) rank++
    }
    return rank
  })
}
