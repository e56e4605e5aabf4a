import { type Json, PodError } from '@mlpod/contract'
import {
  benjaminiHochberg,
  bonferroni,
  type Correction,
  holm,
  jensenShannonDistance,
  proportionTest,
} from '@mlpod/math'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, ColumnInfo } from '../relation.ts'
import { type BinOptions, categories, categoryShares, equalBins, rangeOf, roughShares, type Shares } from './bins.ts'
import type { Method, MethodOptions, Score } from './method.ts'
import { chooseMethod, type MethodName, methodOf } from './methods.ts'
import { type Kind, kindOf, readSample, type Sample, type Side, sideOf } from './sample.ts'

/** A setting for all columns, for those of a kind, or for each: the closest one counts. */
export type PerColumn<T> =
  | T
  | { readonly kinds?: Readonly<Partial<Record<Kind, T>>>; readonly columns?: Readonly<Record<string, T>> }

/** Settings of `drift`. */
export interface DriftOptions extends BinOptions {
  /** The columns compared; by default all of the reference that hold numbers, texts or truth values. */
  readonly columns?: readonly string[]
  /** What columns are looked at as, where that is not their type: numbers that are codes, strings that are texts. */
  readonly kinds?: Readonly<Record<string, Kind>>
  /** By default chosen for each column from its kind, the number of its values and of the reference's rows. */
  readonly method?: PerColumn<MethodName>
  /** By default that of the method. */
  readonly threshold?: PerColumn<number>
  /** The share of drifted columns from which the dataset has drifted; 0.5 by default. */
  readonly share?: number
  /** Whether a change of the share of missing values is drift of the column (`category`), or only reported (`drop`). */
  readonly missing?: 'category' | 'drop'
  /** Corrects the p-values of all columns for their number before they are compared with their thresholds. */
  readonly correct?: 'none' | keyof typeof CORRECTIONS
  /** Seeds what is drawn at random. */
  readonly seed?: number
  /** Rows a side of methods whose cost grows with their square, and of texts. */
  readonly maxRows?: number
  /** Bins of the histograms in the report; 0 leaves them out. */
  readonly histogram?: number
}

const CORRECTIONS = { bh: benjaminiHochberg, holm, bonferroni } as const satisfies Readonly<Record<string, Correction>>

/** How one column compares. */
export interface ColumnDrift {
  readonly column: string
  readonly kind: Kind
  readonly method: MethodName
  readonly gives: Method['gives']
  /** A p-value or a distance; null where there is none. */
  readonly score: number | null
  readonly statistic: number | null
  /** The p-value corrected for the number of columns, where that was asked for. */
  readonly corrected: number | null
  readonly threshold: number
  /**
   * `undefined`: the method gives no number for these values, which is counted apart and never as "no drift"; `error`: they cannot be
   * compared at all.
   */
  readonly status: 'compared' | 'undefined' | 'error'
  /** Whether the values, or the share of missing ones, have drifted. */
  readonly drifted: boolean
  readonly message?: string
  readonly rows: { readonly reference: number; readonly current: number }
  readonly missing: MissingDrift
  /** What tells the sides of a column of texts apart: words and examples. */
  readonly detail: Json
  /** Shares of both sides in the same bins or categories, to draw. */
  readonly histogram: {
    readonly edges?: readonly number[]
    readonly keys?: readonly string[]
    readonly reference: readonly number[]
    readonly current: readonly number[]
  } | null
}

/** How the shares of missing values compare. */
export interface MissingDrift {
  readonly reference: number
  readonly current: number
  /** Of the z-test of two proportions. */
  readonly pValue: number
  readonly drifted: boolean
}

/** How two tables compare. */
export interface DriftReport {
  readonly columns: readonly ColumnDrift[]
  /** Columns that drifted, of those that could be compared. */
  readonly drifted: number
  readonly compared: number
  readonly share: number
  /** Whether at least the asked share of columns has drifted. */
  readonly datasetDrifted: boolean
  /** Columns for which there is no verdict. */
  readonly undefined: readonly string[]
}

/** A reference that is read once and compared with many tables: its columns are kept as they were read. */
export interface DriftReference {
  readonly data: AnyRelation
  readonly samples: Map<string, Promise<Sample>>
  /** What is known of the table itself, by the columns asked about. */
  readonly sides: Map<string, Promise<Side>>
}

/** Returns a reference that keeps the columns that were read of it, so that further comparisons read only the current table. */
export const driftReference = (data: AnyRelation): DriftReference => ({
  data,
  samples: new Map(),
  sides: new Map(),
})

/**
 * Compares the columns of a current table with those of a reference. Throws `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `METHOD_UNKNOWN`, `METHOD_UNFIT`,
 * `OPTION_INVALID` before anything is read; what cannot be compared (no values, too few) has the status `error` or `undefined`
 * in the report. Source of methods, their choice and thresholds: Evidently 0.7.23.
 */
export async function drift(
  reference: AnyRelation | DriftReference,
  current: AnyRelation,
  options: DriftOptions = {},
): Promise<DriftReport> {
  const { share = 0.5, missing = 'category', correct = 'none' } = options
  if (!(share >= 0 && share <= 1))
    throw new PodError('OPTION_INVALID', `a share of ${share} of the columns is not between 0 and 1`)
  const keeps = 'samples' in reference
  const before = keeps ? reference : driftReference(reference)
  const plans = await planned(before.data, current, options)
  const counted = plans.flatMap(({ name, kind }) => (kind === 'number' ? [name] : []))
  const sideKey = counted.join('\n')
  const beforeSide = before.sides.get(sideKey) ?? sideOf(before.data, counted)
  before.sides.set(sideKey, beforeSide)
  const sides = await Promise.all([beforeSide, sideOf(current, counted)])
  const read = ({ name, kind, reference, current: now }: Plan) => {
    const key = `${kind} ${name}`
    const sample = before.samples.get(key) ?? readSample(sides[0], reference, kind)
    if (keeps) before.samples.set(key, sample)
    return Promise.all([sample, readSample(sides[1], now, kind)])
  }
  const found: ColumnDrift[] = []
  // the engine reads the next column while this one is compared
  let next = read(plans[0])
  for (const [i, plan] of plans.entries()) {
    const [sample, now] = await next
    if (i + 1 < plans.length) next = read(plans[i + 1])
    next.catch(() => {})
    found.push(compareColumn(plan, sample, now, options))
  }
  const columns = (correct === 'none' ? found : corrected(found, CORRECTIONS[correct])).map((column) => ({
    ...column,
    drifted: column.drifted || (missing === 'category' && column.missing.drifted),
  }))
  const judged = columns.filter(({ status, drifted }) => status === 'compared' || drifted)
  const drifted = judged.filter((column) => column.drifted).length
  return {
    columns,
    drifted,
    compared: judged.length,
    share: judged.length === 0 ? 0 : drifted / judged.length,
    datasetDrifted: judged.length > 0 && drifted / judged.length >= share,
    undefined: columns.filter((column) => !judged.includes(column)).map(({ column }) => column),
  }
}

/** One column to compare, and how. */
export interface Plan {
  readonly name: string
  readonly kind: Kind
  readonly method?: MethodName
  readonly threshold?: number
  readonly reference: ColumnInfo
  readonly current: ColumnInfo
}

/** Returns what is to be compared, and how; everything that can be wrong with it is found here. */
export async function planned(reference: AnyRelation, current: AnyRelation, options: DriftOptions): Promise<Plan[]> {
  const [before, now] = await Promise.all(
    [reference, current].map(async (data) => new Map((await data.describe()).map((info) => [info.name, info]))),
  )
  for (const [option, named] of Object.entries({
    kinds: options.kinds,
    method: columnsOf(options.method),
    threshold: columnsOf(options.threshold),
  }))
    for (const name of Object.keys(named ?? {}))
      if (!before.has(name))
        throw unknownColumn(name, [...before.keys()], `the reference, which \`${option}\` speaks of,`)
  const names =
    options.columns ?? [...before.values()].filter((info) => isComparable(info, options)).map(({ name }) => name)
  if (names.length === 0)
    throw new PodError('COLUMN_MISSING', 'the reference has no column that drift can be told of', {
      hint: 'numbers, texts and truth values can be compared',
    })
  return names.map((name) => {
    const [reference, current] = [before.get(name), now.get(name)]
    if (!reference) throw unknownColumn(name, [...before.keys()], 'the reference')
    if (!current) throw unknownColumn(name, [...now.keys()], 'the current table')
    const kind = options.kinds?.[name] ?? kindOf(reference)
    for (const info of [reference, current])
      if (kind === 'number' && info.type !== 'int' && info.type !== 'float')
        throw new PodError('COLUMN_TYPE', `the column "${name}" is ${info.sqlType} and holds no numbers`, {
          hint: `compare it as categories: kinds: { ${JSON.stringify(name)}: 'category' }`,
        })
    const method = settingOf(options.method, name, kind)
    if (method !== undefined) methodOf(method, kind, name)
    const threshold = settingOf(options.threshold, name, kind)
    if (threshold !== undefined && !(threshold >= 0))
      throw new PodError('OPTION_INVALID', `the threshold ${threshold} of "${name}" is not at least 0`)
    return { name, kind, method, threshold, reference, current }
  })
}

const isComparable = (info: ColumnInfo, { kinds }: DriftOptions): boolean =>
  kinds?.[info.name] !== undefined || ['int', 'float', 'string', 'bool'].includes(info.type ?? '')

const columnsOf = <T>(setting: PerColumn<T> | undefined): Readonly<Record<string, T>> | undefined =>
  typeof setting === 'object' && setting !== null ? (setting as { columns?: Record<string, T> }).columns : undefined

/** The setting of a column: its own, else that of its kind, else that of all. */
function settingOf<T extends string | number>(
  setting: PerColumn<T> | undefined,
  name: string,
  kind: Kind,
): T | undefined {
  if (setting === undefined || typeof setting !== 'object') return setting
  return setting.columns?.[name] ?? setting.kinds?.[kind]
}

/** What methods are told of the settings. */
const optionsOf = ({ edges, bins, seed, maxRows }: DriftOptions): MethodOptions => ({ edges, bins, seed, maxRows })

function compareColumn(plan: Plan, reference: Sample, current: Sample, options: DriftOptions): ColumnDrift {
  const empty = [reference, current].findIndex(({ n }) => n === 0)
  const name = plan.method ?? (empty < 0 || plan.kind === 'text' ? chooseMethod(reference, current) : 'jensenshannon')
  const method = methodOf(name, plan.kind, plan.name)
  const threshold = plan.threshold ?? method.threshold
  const base = {
    column: plan.name,
    kind: plan.kind,
    method: name,
    gives: method.gives,
    corrected: null,
    threshold,
    rows: { reference: reference.rows, current: current.rows },
    missing: compareMissing(reference, current),
  } as const
  const none = { detail: null, score: null, statistic: null, drifted: false, histogram: null } as const
  if (empty >= 0)
    return {
      ...base,
      ...none,
      status: 'error',
      message: `the ${empty === 0 ? 'reference' : 'current'} column "${plan.name}" has no values`,
    }
  let found: Score
  try {
    found = method.compare(reference, current, { ...optionsOf(options), threshold })
  } catch (error) {
    if (!(error instanceof PodError)) throw error
    return { ...base, ...none, status: 'error', message: error.message }
  }
  const { score, statistic = Number.NaN } = found
  return {
    ...base,
    score: finiteOrNull(score),
    statistic: finiteOrNull(statistic),
    status: Number.isNaN(score) ? 'undefined' : 'compared',
    drifted: found.drifted ?? method.drifted(score, threshold),
    detail: found.detail ?? null,
    histogram: histogramOf(reference, current, options.histogram ?? 10),
  }
}

/** Infinite distances stay numbers; NaN is none. */
const finiteOrNull = (value: number): number | null => (Number.isNaN(value) ? null : value)

/** The rule for a category of two values, on "is missing". */
function compareMissing(reference: Sample, current: Sample): MissingDrift {
  const share = ({ missing, rows }: Sample): number => (rows === 0 ? 0 : missing / rows)
  const [before, now] = [share(reference), share(current)]
  const counted = ({ missing, rows }: Sample) => ({ successes: missing, n: rows })
  const pValue =
    reference.rows > 0 && current.rows > 0 ? proportionTest(counted(reference), counted(current)).pValue : 1
  const drifted =
    reference.rows <= 1000 ? pValue < 0.05 : jensenShannonDistance([before, 1 - before], [now, 1 - now]) >= 0.1
  return { reference: before, current: now, pValue, drifted }
}

function histogramOf(reference: Sample, current: Sample, bins: number): ColumnDrift['histogram'] {
  if (bins === 0 || reference.kind === 'text' || current.kind === 'text') return null
  const plain = ({ reference: r, current: c, ...of }: Shares) => ({ ...of, reference: [...r], current: [...c] })
  if (reference.kind === 'number' && current.kind === 'number') {
    const { low, high } = rangeOf(reference, current)
    const edges = equalBins(low, high, bins)
    return plain({
      edges,
      reference: roughShares(reference, edges),
      current: roughShares(current, edges),
    })
  }
  const { keys, reference: r, current: c } = categoryShares(categories(reference), categories(current))
  const order = keys
    .map((_, i) => i)
    .sort((i, j) => r[j] + c[j] - (r[i] + c[i]) || i - j)
    .slice(0, 2 * bins)
  const pick = (shares: Float64Array) => Float64Array.from(order, (i) => shares[i])
  return plain({ keys: order.map((i) => keys[i]), reference: pick(r), current: pick(c) })
}

function corrected(columns: readonly ColumnDrift[], correction: Correction): ColumnDrift[] {
  const tested = columns.filter(({ gives, status }) => gives === 'p-value' && status === 'compared')
  const adjusted = correction(tested.map(({ score }) => Math.min(1, Math.max(0, score!))))
  return columns.map((column) => {
    const i = tested.indexOf(column)
    if (i < 0) return column
    const { method, kind, threshold } = column
    return {
      ...column,
      corrected: adjusted[i],
      drifted: methodOf(method, kind, column.column).drifted(adjusted[i], threshold),
    }
  })
}
