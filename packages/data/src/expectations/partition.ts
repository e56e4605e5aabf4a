import type { Json } from '@mlpod/contract'
import { chiSquareTail, kolmogorovExactTail, random, sortNumbers } from '@mlpod/math'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { numbers, orderStatistics, scalar, valueCounts } from '../aggregates/index.ts'
import type { Of, Partition } from './expectation.ts'
import { linearPlaces, real } from './outliers.ts'
import { aggregate, type Context, counted, type Entry, known, number, one, type Plan } from './plan.ts'
import { within } from './range.ts'

type Discrete = Extract<Partition, { readonly values: unknown }>
type Binned = Extract<Partition, { readonly bins: unknown }>

const isDiscrete = (partition: Partition): partition is Discrete => 'values' in partition
const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0)

/** Returns what is wrong with a partition. Weights add up to 1 within 1e-5. Source: Great Expectations 1.24. */
function refusePartition(partition: Partition): string | undefined {
  if (typeof partition !== 'object' || partition === null || !Array.isArray(partition.weights))
    return 'its partition has no weights'
  const { weights } = partition
  const tails = isDiscrete(partition) ? [] : (partition.tailWeights ?? [])
  const all = [...weights, ...tails]
  if (all.some((weight) => !(weight >= 0))) return 'a weight of its partition is no number from 0 up'
  if (Math.abs(sum(all) - 1) > 1e-5) return `the weights of its partition add up to ${sum(all)} and not to 1`
  if (isDiscrete(partition))
    return partition.values.length === weights.length
      ? undefined
      : `its partition has ${partition.values.length} values and ${weights.length} weights`
  const { bins } = partition
  if (!Array.isArray(bins)) return 'its partition has neither values nor bins'
  if (bins.length !== weights.length + 1) return `its partition has ${bins.length} edges for ${weights.length} weights`
  if (bins.some((edge, i) => Number.isNaN(edge) || (i > 0 && edge <= bins[i - 1])))
    return 'the edges of its partition do not ascend'
  const infinite = bins[0] === -Infinity || bins[bins.length - 1] === Infinity
  if (partition.tailWeights && infinite) return 'a partition with an infinite edge has no tail weights'
  return undefined
}

const share = (name: string, value: number): string | undefined =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : `its ${name} ${value} is not between 0 and 1`

/** The values of a column and how often each occurs, beside the expected ones. */
function observedShares(context: Context) {
  const { sql, columns, condition } = context
  const [c] = columns
  const there = sql.not(c.missing)
  return valueCounts([c.value], { where: condition ? sql.and(condition, there) : there })
}

interface Aligned {
  readonly values: Json[]
  readonly observed: number[]
  readonly expected: number[]
}

/** Puts observed counts beside expected weights; values that were not expected share what is held out for them. */
function align(
  { values, weights }: Discrete,
  found: readonly { readonly values: readonly Json[]; readonly count: number }[],
  holdout: number,
): Aligned {
  const counts = new Map(found.map(({ values: [value], count }) => [value, count]))
  const strange = [...counts.keys()].filter((value) => !values.includes(value as never))
  return {
    values: [...values, ...strange],
    observed: [...values.map((value) => counts.get(value as Json) ?? 0), ...strange.map((value) => counts.get(value)!)],
    expected: [
      ...weights.map((weight) => (strange.length > 0 ? weight * (1 - holdout) : weight)),
      ...strange.map(() => holdout / strange.length),
    ],
  }
}

/** Returns the divergence of q from p in nats, both made to add up to 1; infinite where something happened that was not expected. */
export function divergence(p: readonly number[], q: readonly number[]): number {
  const [np, nq] = [sum(p), sum(q)]
  return p.reduce(
    (total, weight, i) => (weight === 0 ? total : total + (weight / np) * Math.log(weight / np / (q[i] / nq))),
    0,
  )
}

/** Counts of a column in bins, [edge, next edge) with the last one closed, and below and above them: aggregates of the common scan. */
function binned(context: Context, bins: readonly number[]) {
  const { sql } = context
  const value = number(context)
  const edge = (x: number): ExprNode => real(context, x)
  const last = bins.length - 2
  const inside = bins
    .slice(0, -1)
    .map((low, i) =>
      scalar<number>(
        counted(context, sql.gte(value, edge(low)), (i === last ? sql.lte : sql.lt)(value, edge(bins[i + 1]))),
      ),
    )
  const below = scalar<number>(counted(context, sql.lt(value, edge(bins[0]))))
  const above = scalar<number>(counted(context, sql.gt(value, edge(bins[bins.length - 1]))))
  return { inside, below, above, needs: [...inside, below, above] }
}

type Divergence = Of<'klDivergenceLess'>

const verdict = (value: number, e: Divergence, details: Json) => ({
  by: 'whole' as const,
  holds:
    (e.threshold === undefined || e.threshold === null || value <= e.threshold) &&
    !Number.isNaN(value) &&
    within(value, e),
  observed: Number.isFinite(value) ? value : null,
  details,
})

function ofBins(context: Context, e: Divergence, partition: Binned): Plan {
  const { tailHoldout = 0, internalHoldout = 0 } = e
  const { bins, weights, tailWeights } = partition
  const counts = binned(context, bins)
  const n = scalar<number>(context.sql.count(number(context)))
  return {
    needs: [n, ...counts.needs],
    finish(read) {
      const total = Number(read(n))
      const observed = counts.inside.map((wish) => Number(read(wish)) / total)
      const zeros = weights.filter((weight) => weight === 0).length
      const expected = weights.map((weight) =>
        weight === 0 && internalHoldout > 0 ? internalHoldout / zeros : weight * (1 - tailHoldout - internalHoldout),
      )
      const low = bins[0] !== -Infinity
      const high = bins[bins.length - 1] !== Infinity
      const tail = tailHoldout / (low && high ? 2 : 1)
      const p = [...observed]
      const q = [...expected]
      if (low) {
        p.unshift(Number(read(counts.below)) / total)
        q.unshift(tailWeights?.[0] ?? tail)
      }
      if (high) {
        p.push(Number(read(counts.above)) / total)
        q.push(tailWeights?.[1] ?? tail)
      }
      return verdict(divergence(p, q), e, {
        observed_partition: { bins: bins.map(finite), weights: observed },
        expected_partition: { bins: bins.map(finite), weights: expected },
        tails: { observed: [Number(read(counts.below)) / total, Number(read(counts.above)) / total] },
      })
    },
  }
}

/** JSON has no infinity. */
const finite = (edge: number): Json => (Number.isFinite(edge) ? edge : String(edge))

/** Learns the bins of a column: the smaller of the widths of Sturges and of Freedman and Diaconis. Source: numpy 2.4 `auto`. */
function learned(context: Context, e: Divergence): Plan {
  const value = number(context)
  const low = scalar<number>(aggregate(context.sql, 'min', value))
  const high = scalar<number>(aggregate(context.sql, 'max', value))
  const n = scalar<number>(context.sql.count(value))
  const quartiles = orderStatistics(value, (k) => [...linearPlaces(k, 0.25), ...linearPlaces(k, 0.75)], 'quartiles')
  return {
    needs: [low, high, n, quartiles],
    finish(read) {
      const [min, max, total] = [read(low), read(high), Number(read(n))]
      if (total === 0 || !Number.isFinite(max - min)) return known(false, null)
      const [a, b, c, d] = read(quartiles)
      const at = (q: number) => ((total - 1) * q) % 1
      const iqr = c + (d - c) * at(0.75) - (a + (b - a) * at(0.25))
      const sturges = (max - min) / (Math.log2(total) + 1)
      const width = iqr > 0 ? Math.min(sturges, (2 * iqr) / Math.cbrt(total)) : sturges
      const k = max > min ? Math.ceil((max - min) / width) : 1
      const [first, last] = max > min ? [min, max] : [min - 0.5, max + 0.5]
      const bins = Array.from({ length: k + 1 }, (_, i) => (i === k ? last : first + (i * (last - first)) / k))
      const counts = binned(context, bins)
      return {
        needs: counts.inside,
        finish: (then) => {
          const weights = counts.inside.map((wish) => Number(then(wish)) / total)
          return verdict(0, e, { observed_partition: { bins, weights }, expected_partition: { bins, weights } })
        },
      }
    },
  }
}

/** Expectations of how the values of a column are distributed, against weights that are stated. */
export const partitionEntries = {
  klDivergenceLess: {
    fits: 'any',
    columns: one,
    sentence: ({ column, threshold }: Divergence) =>
      `the distribution of ${column} diverges from the expected one by ${threshold === undefined ? 'something' : `at most ${threshold} nats`}`,
    refuse({ partition, threshold, tailHoldout = 0, internalHoldout = 0, bucketize = true }) {
      if (threshold !== undefined && threshold !== null && !(threshold >= 0))
        return `its threshold ${threshold} is below 0`
      const shares = share('tail holdout', tailHoldout) ?? share('internal holdout', internalHoldout)
      if (shares !== undefined || partition === undefined || partition === null) return shares
      const wrong = refusePartition(partition)
      if (wrong !== undefined) return wrong
      if (isDiscrete(partition)) return internalHoldout > 0 ? 'values have no internal holdout, only bins' : undefined
      if (!bucketize) return 'bins ask for numbers that are put into them (bucketize)'
      if (tailHoldout > 0 && partition.tailWeights) return 'its partition states the weights of its tails already'
      return tailHoldout > 0 && partition.bins[0] === -Infinity && partition.bins.at(-1) === Infinity
        ? 'a partition with infinite ends has no tails'
        : undefined
    },
    misfit: ({ partition, bucketize = true }, [{ name, type, sqlType }]) => {
      const isNumber = type === 'int' || type === 'float' || type === 'bool'
      const binned = partition === undefined || partition === null ? bucketize : !isDiscrete(partition)
      return binned && !isNumber ? `the column "${name}" is ${sqlType}, not number` : undefined
    },
    plan(context, e): Plan {
      const { partition, bucketize = true, tailHoldout = 0 } = e
      if (partition !== undefined && partition !== null && !isDiscrete(partition)) return ofBins(context, e, partition)
      if ((partition === undefined || partition === null) && bucketize) return learned(context, e)
      const wish = observedShares(context)
      return {
        needs: [wish],
        finish(read) {
          const counts = read(wish)
          const n = sum(counts.map(({ count }) => count))
          const expected =
            (partition as Discrete | undefined | null) ??
            ({
              values: counts.map(({ values }) => values[0]),
              weights: counts.map(({ count }) => count / n),
            } as Discrete)
          const { values, observed, expected: q } = align(expected, counts, tailHoldout)
          const p = observed.map((count) => count / n)
          return verdict(divergence(p, q), e, {
            observed_partition: { values, weights: p },
            expected_partition: { values, weights: q },
          })
        },
      }
    },
  } satisfies Entry<Divergence>,
  chiSquareAbove: {
    fits: 'any',
    columns: one,
    sentence: ({ column, p = 0.05 }: Of<'chiSquareAbove'>) =>
      `the values of ${column} are distributed as expected (chi-square test, p above ${p})`,
    refuse: ({ partition, p = 0.05, tailHoldout = 0 }) =>
      refusePartition(partition) ??
      share('p', p) ??
      share('tail holdout', tailHoldout) ??
      (isDiscrete(partition) ? undefined : 'its partition has bins, and the test is of values'),
    plan(context, { partition, p = 0.05, tailHoldout = 0 }): Plan {
      const wish = observedShares(context)
      return {
        needs: [wish],
        finish(read) {
          const { values, observed, expected } = align(partition as Discrete, read(wish), tailHoldout)
          const n = sum(observed)
          const total = sum(expected)
          const counts = expected.map((weight) => (n * weight) / total)
          const statistic = observed.reduce(
            (all, o, i) => all + (o === counts[i] ? 0 : (o - counts[i]) ** 2 / counts[i]),
            0,
          )
          const tail = values.length < 2 ? 1 : chiSquareTail(statistic, values.length - 1)
          return {
            by: 'whole',
            holds: n > 0 && tail > p,
            observed: n > 0 ? tail : null,
            details: { statistic: finite(statistic), degrees: values.length - 1, values, observed, expected: counts },
          }
        },
      }
    },
  } satisfies Entry<Of<'chiSquareAbove'>>,
  bootstrappedKsAbove: {
    fits: 'number',
    columns: one,
    sentence: ({ column, p = 0.05 }: Of<'bootstrappedKsAbove'>) =>
      `small samples of ${column} look like the expected distribution (Kolmogorov-Smirnov test at ${p})`,
    refuse: ({ partition, p = 0.05, samples = 1000 }) =>
      refusePartition(partition) ??
      share('p', p) ??
      (isDiscrete(partition)
        ? 'its partition has values, and the test is of numbers in bins'
        : partition.bins[0] === -Infinity || partition.bins.at(-1) === Infinity || sum(partition.tailWeights ?? [0]) > 0
          ? 'the test asks for bins with finite ends and no tails'
          : samples >= 1
            ? undefined
            : `${samples} samples are none`),
    plan(context, { partition, p = 0.05, samples = 1000, sampleSize, seed = 0 }): Plan {
      const { bins, weights } = partition as Binned
      const size = sampleSize ?? 2 * weights.length
      const cumulative = [0]
      for (const weight of weights) cumulative.push(cumulative[cumulative.length - 1] + weight)
      const wish = numbers(number(context))
      return {
        needs: [wish],
        finish(read) {
          const values = read(wish)
          if (values.length === 0) return known(false, null)
          const draws = random({ seed, path: 'bootstrapped-ks' })
          let passed = 0
          for (let i = 0; i < samples; i++) {
            const drawn = Float64Array.from(
              { length: size },
              (_, j) => values[Math.floor(draws.uniform(i * size + j) * values.length)],
            )
            const d = distance(sortNumbers(drawn), (x) => interpolate(x, bins, cumulative))
            if (kolmogorovExactTail(d, size) >= p) passed++
          }
          const value = (1 + passed) / (samples + 1)
          return { by: 'whole', holds: value > p, observed: value, details: { samples, sampleSize: size, seed } }
        },
      }
    },
  } satisfies Entry<Of<'bootstrappedKsAbove'>>,
} as const

/** The largest distance of the steps of sorted values from a distribution function. */
export function distance(sorted: ArrayLike<number>, cdf: (x: number) => number): number {
  const n = sorted.length
  let d = 0
  for (let i = 0; i < n; i++) {
    const at = cdf(sorted[i])
    d = Math.max(d, (i + 1) / n - at, at - i / n)
  }
  return d
}

function interpolate(x: number, edges: readonly number[], values: readonly number[]): number {
  if (x <= edges[0]) return values[0]
  const last = edges.length - 1
  if (x >= edges[last]) return values[last]
  let i = 0
  while (x >= edges[i + 1]) i++
  return values[i] + ((x - edges[i]) / (edges[i + 1] - edges[i])) * (values[i + 1] - values[i])
}
