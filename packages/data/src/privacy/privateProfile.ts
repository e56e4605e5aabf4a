import { type Json, PodError } from '@mlpod/contract'
import { sortNumbers } from '@mlpod/math'
import { collect, numbers, scalar, valueCounts } from '../aggregates/index.ts'
import { unknownColumn } from '../query.ts'
import type { AnyRelation } from '../relation.ts'
import { type PrivacySpent, privacyBudget } from './accountant.ts'
import { privateQuantile, secretUniform, seededUniform } from './noise.ts'

/** What is known of a column without looking at it. */
export type PrivateColumn =
  | {
      /** Values outside are moved to the nearer bound. */
      readonly min: number
      readonly max: number
      /** Edges of the histogram, from `min` to `max`; by default 10 equal bins. */
      readonly edges?: readonly number[]
      readonly quantiles?: readonly number[]
    }
  | {
      /** The values that there may be; all others are counted together. */
      readonly values: readonly (string | number | boolean)[]
    }

/** How a private profile is made. */
export interface PrivateProfileOptions {
  readonly columns: Readonly<Record<string, PrivateColumn>>
  readonly epsilon: number
  /** Above 0, noise is Gaussian, and the whole is (epsilon, delta) private. */
  readonly delta?: number
  /** For tests alone: whoever knows the seed can take the noise away. By default noise is from the system's secret source. */
  readonly seed?: number
}

/** A number with noise, and the standard deviation of the noise. */
export interface NoisyNumber {
  readonly value: number
  readonly sd: number
}

/** What may be told of a column. */
export interface PrivateColumnProfile {
  readonly name: string
  readonly missing: NoisyNumber
  /** Of numbers; sd is that of the noise in the sum, over the count. */
  readonly mean?: NoisyNumber
  readonly quantiles?: readonly (readonly [at: number, value: number])[]
  readonly histogram?: { readonly edges: readonly number[]; readonly counts: readonly number[]; readonly sd: number }
  /** Of categories. */
  readonly values?: {
    readonly counts: readonly (readonly [value: Json, count: number])[]
    readonly others: number
    readonly sd: number
  }
}

/** A profile that hardly depends on any one row. */
export interface PrivateProfile {
  readonly rows: NoisyNumber
  readonly columns: readonly PrivateColumnProfile[]
  /** What the whole cost: at most what was allowed. Neighbours are tables of which one has a row more. */
  readonly epsilon: number
  readonly delta: number
  readonly spent: readonly PrivacySpent[]
  /** Whether the noise came from a seed, which hides nothing from those who know it. */
  readonly seeded: boolean
}

/** Steps between the bounds of a column that sums are counted in. */
const GRID = 2 ** 20

/**
 * Describes a table so that hardly anything can be told of any one of its rows: counts, histograms and sums get whole-numbered noise, quantiles are drawn by the
 * exponential mechanism, and each answer takes an equal share of the budget. Nothing is taken from the data but through noise: bounds, edges and
 * values are given. Throws `BOUNDS_ABSENT` where they are not, `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `OPTION_INVALID`, all before anything is read.
 * Source: Dwork, McSherry, Nissim, Smith (2006); Bun, Steinke (2016).
 */
export async function privateProfile(
  data: AnyRelation,
  { columns, epsilon, delta = 0, seed }: PrivateProfileOptions,
): Promise<PrivateProfile> {
  const budget = privacyBudget({ epsilon, delta })
  const list = Object.entries(columns)
  if (list.length === 0) throw new PodError('OPTION_INVALID', 'a private profile of no column says nothing')
  const infos = new Map((await data.describe()).map((info) => [info.name, info]))
  for (const [name, known] of list) {
    const info = infos.get(name)
    if (!info) throw unknownColumn(name, data.columns)
    checkColumn(name, known)
    if (!('values' in known) && info.type !== 'int' && info.type !== 'float')
      throw new PodError('COLUMN_TYPE', `the column "${name}" is ${info.sqlType} and has no bounds`, {
        hint: 'give its `values`',
      })
  }
  // rows; of each column what is missing, and the counts; of numbers the sum and each quantile
  const answers = list.reduce((sum, [, known]) => sum + 2 + ('values' in known ? 0 : 1 + quantilesOf(known).length), 1)
  const uniform = seed === undefined ? secretUniform() : seededUniform(seed)
  const { sql } = data.engine
  const count = scalar<number>(sql.count())
  const wishes = list.map(([name, known]) => {
    const column = sql.column(name)
    if ('values' in known) return { values: valueCounts([column]) }
    const double = sql.cast(column, 'DOUBLE')
    return { numbers: numbers(sql.cond(sql.not(sql.isNaN(double)), double) as never) }
  })
  const read = await collect(data, [count, ...wishes.map((wish) => (wish.values ?? wish.numbers) as never)])
  const rows = Number(read(count))
  const ask = (about: string) => budget.spend(about, 1 / answers)
  const noisy = (about: string, value: number): NoisyNumber => {
    const { whole, sd } = ask(about)
    return { value: whole(value, 1, uniform), sd: sd(1) }
  }
  const total = noisy('rows', rows)
  const described = list.map(([name, known], i): PrivateColumnProfile => {
    const wish = wishes[i]
    if ('values' in known) {
      const found = new Map(
        read(wish.values!).map(({ values: [value], count }) => [value === null ? null : String(value), count]),
      )
      const missing = noisy(`${name}: missing`, found.get(null) ?? 0)
      const { whole, sd } = ask(`${name}: values`)
      const counts = known.values.map((value) => [value, found.get(String(value)) ?? 0] as const)
      const others = rows - (found.get(null) ?? 0) - counts.reduce((sum, [, n]) => sum + n, 0)
      return {
        name,
        missing,
        values: {
          // a row is in one of them, so all together cost what one does
          counts: counts.map(([value, n]) => [value, whole(n, 1, uniform)] as const),
          others: whole(others, 1, uniform),
          sd: sd(1),
        },
      }
    }
    const { min, max } = known
    const sorted = sortNumbers(
      Float64Array.from(read(wish.numbers!) as ArrayLike<number>, (x) => Math.min(max, Math.max(min, x))),
    )
    const missing = noisy(`${name}: missing`, rows - sorted.length)
    const edges = edgesOf(known)
    const bins = new Array<number>(edges.length - 1).fill(0)
    let bin = 0
    for (const x of sorted) {
      while (bin < bins.length - 1 && x >= edges[bin + 1]) bin++
      bins[bin]++
    }
    const histogram = ask(`${name}: histogram`)
    const noisyBins = bins.map((n) => histogram.whole(n, 1, uniform))
    // in whole steps from the middle, of which a row adds at most half of all
    const step = (max - min) / GRID
    const middle = min + (max - min) / 2
    let steps = 0
    for (const x of sorted) steps += Math.round((x - middle) / step)
    const sum = ask(`${name}: sum`)
    const noisySteps = sum.whole(steps, GRID / 2, uniform)
    const present = Math.max(
      1,
      noisyBins.reduce((all, n) => all + n, 0),
    )
    return {
      name,
      missing,
      // the count is that of the histogram, which is paid for
      mean: {
        value: Math.min(max, Math.max(min, middle + (step * noisySteps) / present)),
        sd: (step * sum.sd(GRID / 2)) / present,
      },
      quantiles: quantilesOf(known).map((q) => [
        q,
        privateQuantile(sorted, q, { min, max, uniform, epsilon: ask(`${name}: quantile ${q}`).epsilon }),
      ]),
      histogram: { edges, counts: noisyBins, sd: histogram.sd(1) },
    }
  })
  const { epsilon: paid, delta: risk } = budget.total()
  return {
    rows: total,
    columns: described,
    epsilon: paid,
    delta: risk,
    spent: budget.spent,
    seeded: seed !== undefined,
  }
}

type Bounded = Extract<PrivateColumn, { readonly min: number }>
const quantilesOf = ({ quantiles = [0.25, 0.5, 0.75] }: Bounded): readonly number[] => quantiles
const edgesOf = ({ min, max, edges }: Bounded): readonly number[] =>
  edges ?? Array.from({ length: 11 }, (_, i) => (i === 10 ? max : min + (i * (max - min)) / 10))

function checkColumn(name: string, known: PrivateColumn): void {
  if ('values' in known) {
    if (known.values.length > 0) return
    throw new PodError('BOUNDS_ABSENT', `no values are given for the column "${name}"`)
  }
  const { min, max, edges, quantiles = [] } = known
  if (!(Number.isFinite(min) && Number.isFinite(max) && min < max))
    throw new PodError('BOUNDS_ABSENT', `the column "${name}" has no bounds: its values are from ${min} to ${max}`, {
      because: 'bounds that are read off the data would tell its least and greatest value',
      hint: 'give `min` and `max`, or the `values` that there may be, from what is known without the data',
    })
  const ascending =
    edges === undefined || (edges.length > 1 && edges.every((edge, i) => i === 0 || edge > edges[i - 1]))
  if (!ascending || (edges && (edges[0] !== min || edges[edges.length - 1] !== max)))
    throw new PodError('OPTION_INVALID', `the edges of the column "${name}" do not ascend from ${min} to ${max}`)
  const odd = quantiles.find((q) => !(q >= 0 && q <= 1))
  if (odd !== undefined) throw new PodError('OPTION_INVALID', `${odd} is no quantile`)
}
