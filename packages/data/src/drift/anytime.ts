import { PodError } from '@mlpod/contract'
import { eBenjaminiHochberg, random, sortNumbers } from '@mlpod/math'
import { identifier } from '../engine.ts'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, ColumnInfo } from '../relation.ts'

/** How drift is watched. */
export interface AnytimeOptions {
  /** By default all of numbers, texts and truth values. */
  readonly columns?: readonly string[]
  /** The expected share of columns among those told to have drifted that have not; 0.05 by default. */
  readonly level?: number
  /** Rows of the reference that are kept, drawn at random; 10,000 by default. */
  readonly maxRows?: number
  /** Seeds what rows are kept and how ties are broken. */
  readonly seed?: number
}

/** What is known of one column by now. */
export interface AnytimeColumn {
  readonly column: string
  /** Rows looked at so far. */
  readonly seen: number
  /** What a bettor against "no drift" has made of 1: at any time, at least 1 / a with a probability of at most a while there is none. */
  readonly eValue: number
  /** The least level at which the column counts as drifted, all columns considered. */
  readonly level: number
  readonly drifted: boolean
}

/** What is known by now. */
export interface AnytimeDrift {
  readonly columns: readonly AnytimeColumn[]
  readonly level: number
  readonly drifted: readonly string[]
}

/** Watches tables that come one after the other. */
export interface DriftWatch {
  /** Looks at the rows of a table, in their order. Throws `COLUMN_UNKNOWN` before anything is counted. */
  update(current: AnyRelation): Promise<AnytimeDrift>
}

/** Cells in which the bettor counts ranks. */
const CELLS = 10

/** A bettor on the ranks of a column. */
interface Bettor {
  readonly column: string
  readonly valueOf: (value: unknown) => number
  /** All values so far, the reference among them, ascending. */
  sorted: number[]
  readonly counts: number[]
  seen: number
  logWealth: number
}

/**
 * Watches for drift as often as one likes: each new value has a rank among all before it, which is uniform and independent of the ranks before while the values are
 * exchangeable with the reference; a bettor learns where ranks fall and bets on it. What it wins is an e-value at any time, and columns are told drifted by
 * the procedure of Benjamini and Hochberg for e-values, however they depend on each other. Missing values lie below all others, categories
 * in the order of their frequency in the reference. Throws `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `OPTION_INVALID`.
 * Source: Vovk, Nouretdinov, Gammerman (2003), plug-in martingales of Fedorova et al. (2012); Wang, Ramdas (2022).
 */
export async function driftWatch(
  reference: AnyRelation,
  { columns, level = 0.05, maxRows = 10_000, seed = 0 }: AnytimeOptions = {},
): Promise<DriftWatch> {
  if (!(level > 0 && level < 1)) throw new PodError('OPTION_INVALID', `the level ${level} is not between 0 and 1`)
  if (!(Number.isSafeInteger(maxRows) && maxRows >= 10))
    throw new PodError('OPTION_INVALID', `a reference of ${maxRows} rows is too short`, { hint: 'at least 10' })
  const infos = (await reference.describe()).filter(
    ({ type }) => type !== undefined && type !== 'date' && type !== 'timestamp',
  )
  const names = columns ?? infos.map(({ name }) => name)
  const chosen = names.map((name) => {
    const info = infos.find((one) => one.name === name)
    if (info) return info
    if (!reference.columns.includes(name)) throw unknownColumn(name, reference.columns, 'the reference')
    throw new PodError('COLUMN_TYPE', `the column "${name}" holds neither numbers nor categories`)
  })
  if (chosen.length === 0) throw new PodError('OPTION_INVALID', 'there is no column to watch')
  const kept = await read(reference, chosen, `USING SAMPLE reservoir(${maxRows} ROWS) REPEATABLE (${Math.trunc(seed)})`)
  if (kept.length === 0) throw new PodError('OPTION_INVALID', 'the reference has no rows')
  const bettors = chosen.map((info, i) =>
    bettorOf(
      info,
      kept.map((row) => row[i]),
    ),
  )
  const ties = random({ seed, path: 'drift watch' })

  return {
    async update(current) {
      const missing = chosen.find(({ name }) => !current.columns.includes(name))
      if (missing) throw unknownColumn(missing.name, current.columns, 'the current table')
      const rows = await read(current, chosen)
      bettors.forEach((bettor, i) => {
        const { uniform } = ties.at(bettor.column)
        for (const row of rows) bet(bettor, bettor.valueOf(row[i]), uniform(bettor.seen))
      })
      const levels = eBenjaminiHochberg(bettors.map(({ logWealth }) => Math.exp(logWealth)))
      const found = bettors.map(
        ({ column, seen, logWealth }, i): AnytimeColumn => ({
          column,
          seen,
          eValue: Math.min(Number.MAX_VALUE, Math.exp(logWealth)),
          level: levels[i],
          drifted: levels[i] <= level,
        }),
      )
      return { columns: found, level, drifted: found.filter(({ drifted }) => drifted).map(({ column }) => column) }
    },
  }
}

function bettorOf({ name, type }: ColumnInfo, values: readonly unknown[]): Bettor {
  const isNumber = type === 'int' || type === 'float'
  // an order that is learned from rows cannot be tested on them: one half gives the order, the other one ranks
  const ranked = isNumber ? values : values.filter((_, i) => i % 2 === 0)
  const valueOf = isNumber
    ? (value: unknown) => (value === null || Number.isNaN(value) ? Number.NEGATIVE_INFINITY : Number(value))
    : byFrequency(values.filter((_, i) => i % 2 === 1))
  return {
    column: name,
    valueOf,
    sorted: [...sortNumbers(Float64Array.from(ranked, valueOf))],
    counts: new Array<number>(CELLS).fill(1),
    seen: 0,
    logWealth: 0,
  }
}

/** The place of a category in the order of frequency; those that are not in it lie below. */
function byFrequency(values: readonly unknown[]): (value: unknown) => number {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== null) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  const order = [...counts].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : 1))
  const place = new Map(order.map(([value], i) => [value, i]))
  return (value) => (value === null ? Number.NEGATIVE_INFINITY : (place.get(String(value)) ?? -1))
}

/** Values below, and the first above. */
function placeOf(sorted: readonly number[], value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle] < value || (orEqual && sorted[middle] === value)) low = middle + 1
    else high = middle
  }
  return low
}

function bet(bettor: Bettor, value: number, tie: number): void {
  const { sorted, counts } = bettor
  const [below, upTo] = [placeOf(sorted, value, false), placeOf(sorted, value, true)]
  const rank = (below + tie * (upTo - below + 1)) / (sorted.length + 1)
  const cell = Math.min(CELLS - 1, Math.floor(rank * CELLS))
  // the stake on each cell is its share of the ranks before, each cell having had one: what the mean over the cells is, is 1
  bettor.logWealth += Math.log((CELLS * counts[cell]) / (bettor.seen + CELLS))
  counts[cell]++
  bettor.seen++
  sorted.splice(upTo, 0, value)
}

async function read(data: AnyRelation, infos: readonly ColumnInfo[], sample = ''): Promise<unknown[][]> {
  const values = infos.map(({ name, type }, i) => {
    const kind = type === 'int' || type === 'float' ? 'DOUBLE' : 'VARCHAR'
    return `CAST(${identifier(name)} AS ${kind}) AS c${i}`
  })
  const rows = await data.engine.read(`SELECT ${values.join(', ')} FROM (${data.toSQL()}) ${sample}`)
  return rows.map((row) => infos.map((_, i) => row[`c${i}`]))
}
