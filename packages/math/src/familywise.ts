import { PodError } from '@mlpod/contract'

/**
 * A test of several hypotheses: returns the indices, ascending, of those rejected by their p-values, such that the
 * probability of any false rejection is at most `delta`.
 */
export type FamilywiseTest = (pValues: readonly number[], delta: number) => number[]

/** Settings of `fixedSequence`. */
export interface FixedSequenceOptions {
  /** The order in which the hypotheses are tested, decided without the data tested: as given by default. */
  readonly order?: readonly number[]
  /** Places in the order at which a walk begins, equally spaced; each has its share of the error. 1 by default. */
  readonly starts?: number
}

/** Throws unless there are p-values and 0 < delta <= 1. */
export function checkFamily(pValues: readonly number[], delta: number): void {
  if (!(delta > 0 && delta <= 1))
    throw new PodError('CONFIDENCE_INVALID', `the error ${delta} is not in (0, 1]`, { hint: 'write 0.05 for 95 %' })
  if (pValues.length === 0) throw new PodError('P_VALUES_EMPTY', 'there is no hypothesis to test')
  for (const p of pValues) if (!(p >= 0 && p <= 1)) throw new PodError('P_VALUE_INVALID', `${p} is no p-value`)
}

/**
 * Returns the test that walks the hypotheses in a fixed order and rejects while p <= delta / starts. A walk that reaches the
 * start of the next one goes on by what that one has rejected already, so the walks together reject the union of theirs.
 * More starts than hypotheses are cut to their number. Throws `STARTS_INVALID` for a number of starts below 1.
 * Source: Bauer (1991); several starts as in Angelopoulos et al. (2021), Learn then Test.
 */
export function fixedSequence({ order, starts = 1 }: FixedSequenceOptions = {}): FamilywiseTest {
  if (!(Number.isInteger(starts) && starts >= 1))
    throw new PodError('STARTS_INVALID', `${starts} is no number of starts`, { hint: 'a whole number >= 1' })
  return (pValues, delta) => {
    checkFamily(pValues, delta)
    const sequence = order ?? pValues.map((_, i) => i)
    const walks = Math.min(starts, sequence.length)
    const stride = Math.floor(sequence.length / walks)
    const rejected = new Set<number>()
    for (let walk = 0; walk < walks; walk++)
      for (let at = walk * stride; at < sequence.length && pValues[sequence[at]] <= delta / walks; at++)
        rejected.add(sequence[at])
    return [...rejected].sort((a, b) => a - b)
  }
}

/** A graph of hypotheses: shares of the error, and where a share goes when its hypothesis is rejected. */
export interface TestGraph {
  /** Share of delta of each hypothesis, with a sum of at most 1. */
  readonly weights: readonly number[]
  /** [m][m]: share of what hypothesis i had that goes to j once i is rejected; rows sum to at most 1, zero at i. */
  readonly transitions: readonly (readonly number[])[]
}

/**
 * Returns the sequentially rejective test of a graph: whoever p_i <= w_i delta is rejected, its error goes along its edges,
 * and the graph closes over it. Holm's test is the full graph, a fixed sequence a path. Throws `GRAPH_INVALID`.
 * Source: Bretz, Maurer, Brannath, Posch (2009), algorithm 1.
 */
export function graphicalTest(graph: TestGraph): FamilywiseTest {
  checkGraph(graph)
  return (pValues, delta) => {
    checkFamily(pValues, delta)
    const m = pValues.length
    if (m !== graph.weights.length)
      throw new PodError('GRAPH_INVALID', `a graph of ${graph.weights.length} hypotheses cannot test ${m}`)
    const weights = [...graph.weights]
    let transitions = graph.transitions.map((row) => [...row])
    const open = new Set(weights.keys())
    const rejected: number[] = []
    for (;;) {
      const next = [...open].find((i) => pValues[i] <= weights[i] * delta)
      if (next === undefined) return rejected.sort((a, b) => a - b)
      open.delete(next)
      rejected.push(next)
      const from = transitions[next]
      for (const j of open) weights[j] += weights[next] * from[j]
      weights[next] = 0
      transitions = transitions.map((row, j) =>
        row.map((share, k) => {
          if (!open.has(j) || !open.has(k) || j === k) return 0
          const loop = row[next] * from[j]
          return loop < 1 ? (share + row[next] * from[k]) / (1 - loop) : 0
        }),
      )
    }
  }
}

function checkGraph({ weights, transitions }: TestGraph): void {
  const m = weights.length
  const total = (row: readonly number[]): number => row.reduce((sum, share) => sum + share, 0)
  const fits = (row: readonly number[]): boolean => row.every((share) => share >= 0) && total(row) <= 1 + 1e-12
  if (!fits(weights))
    throw new PodError('GRAPH_INVALID', 'the shares of the error are not >= 0 with a sum of at most 1')
  if (transitions.length !== m || transitions.some((row, i) => row.length !== m || row[i] !== 0 || !fits(row)))
    throw new PodError('GRAPH_INVALID', `the transitions are no ${m} rows of shares >= 0 with a sum of at most 1`, {
      hint: 'the row of a hypothesis is zero at itself',
    })
}

/**
 * Returns the indices, ascending, of hypotheses rejected by e-values so that any false rejection has probability at most
 * `delta`: the closed test with the mean of e-values, which needs no independence. H_i is rejected when each set of
 * hypotheses that contains it has a mean of at least 1 / delta: e_i and the j smallest others, for each j.
 * Source: Vovk, Wang (2021), section 5.
 */
export function closedETest(eValues: readonly number[], delta: number): number[] {
  if (!(delta > 0 && delta <= 1)) throw new PodError('CONFIDENCE_INVALID', `the error ${delta} is not in (0, 1]`)
  for (const e of eValues) if (!(e >= 0)) throw new PodError('E_VALUE_INVALID', `${e} is no e-value`)
  const order = eValues.map((_, i) => i).sort((a, b) => eValues[a] - eValues[b] || a - b)
  const rejected: number[] = []
  // with the smaller ones before it, the mean is least for the set of all that pull it down
  let sum = 0
  const goal = 1 / delta
  // least of sum(j smallest) - j goal over sets of smaller ones: what e_i - goal must make up for
  let worst = 0
  for (const i of order) {
    if (eValues[i] - goal + worst >= 0) rejected.push(i)
    sum += eValues[i] - goal
    worst = Math.min(worst, sum)
  }
  return rejected.sort((a, b) => a - b)
}
