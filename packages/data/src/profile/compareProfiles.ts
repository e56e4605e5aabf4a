import type { Cell } from '../relation.ts'
import { type MergedColumn, type MergedProfile, mergedColumn, rowsOf, sketchesOf } from './mergeProfiles.ts'
import { rankDistance } from './rankSketch.ts'
import type { Profile } from './types.ts'

/** Settings of `compareProfiles`: from which differences on a column has changed. */
export interface CompareOptions {
  /** Of the shares of missing values. */
  readonly missing?: number
  /** Greatest distance of the distribution functions of numbers, dates, lengths of texts. */
  readonly distance?: number
  /** Of the share of a frequent value. */
  readonly share?: number
}

/** How a column differs between two profiles. */
export interface ColumnDifference {
  readonly column: string
  readonly status: 'both' | 'new' | 'gone'
  /** What changed, in words; empty where nothing did. */
  readonly changes: readonly string[]
  readonly sqlType: readonly [string | null, string | null]
  readonly missingShare: readonly [number | null, number | null]
  readonly distinct: readonly [number | null, number | null]
  readonly mean: readonly [number | null, number | null]
  /** The difference of the means in standard deviations of the first. */
  readonly standardized: number | null
  readonly sd: readonly [number | null, number | null]
  readonly min: readonly [Cell, Cell]
  readonly max: readonly [Cell, Cell]
  /** Greatest difference of the distribution functions, and by how much it may be off (for texts, of the lengths). */
  readonly distance: { readonly value: number; readonly error: number } | null
  /** Shares of the values that are frequent in either; null: not listed there, and so not frequent. */
  readonly shares: readonly { readonly value: Cell; readonly share: readonly [number | null, number | null] }[]
}

/** How two profiles differ. */
export interface ProfileDifference {
  readonly rows: readonly [number, number]
  readonly columns: readonly ColumnDifference[]
  readonly changed: readonly string[]
}

/**
 * Compares two profiles, also merged ones, from what they hold: no table is read. It describes; whether a difference is more than
 * chance, `drift` tells. Throws `PROFILE_SENSITIVE` for a profile without values.
 */
export function compareProfiles(
  a: Profile | MergedProfile,
  b: Profile | MergedProfile,
  { missing = 0.05, distance = 0.1, share = 0.05 }: CompareOptions = {},
): ProfileDifference {
  const [before, now] = [a, b].map(sketchesOf)
  const names = [...new Set([...before.keys(), ...now.keys()])]
  const columns = names.map((name) => {
    const [x, y] = [before, now].map((side) => {
      const found = side.get(name)
      return found && mergedColumn(name, found.sqlType, found.sketch)
    })
    return difference(name, x, y, { missing, distance, share })
  })
  return {
    rows: [rowsOf(a), rowsOf(b)],
    columns,
    changed: columns.filter(({ changes }) => changes.length > 0).map(({ column }) => column),
  }
}

/** Values whose shares are told. */
const FREQUENT = 10

function difference(
  column: string,
  a: MergedColumn | undefined,
  b: MergedColumn | undefined,
  limits: Required<CompareOptions>,
): ColumnDifference {
  const both = <T>(read: (side: MergedColumn) => T): readonly [T | null, T | null] => [
    a ? read(a) : null,
    b ? read(b) : null,
  ]
  const ranks = [a?.sketch.ranks, b?.sketch.ranks] as const
  const comparable = a && b && a.sketch.kind === b.sketch.kind
  const distance = comparable && ranks[0] && ranks[1] ? rankDistance(ranks[0], ranks[1]) : null
  const standardized = comparable && a.mean !== null && b.mean !== null && a.sd ? (b.mean - a.mean) / a.sd : null
  const shares = comparable ? sharesOf(a, b) : []
  const changes: string[] = []
  if (a && b) {
    if (a.sqlType !== b.sqlType) changes.push(`its type was ${a.sqlType} and is ${b.sqlType}`)
    if (Math.abs(a.missingShare - b.missingShare) > limits.missing)
      changes.push(`${percent(a.missingShare)} were missing, now ${percent(b.missingShare)}`)
    if (distance && distance.value - distance.error > limits.distance)
      changes.push(`its distribution has moved (distance ${Number(distance.value.toPrecision(2))})`)
  } else changes.push(a ? 'it is gone' : 'it is new')
  // numbers and moments have their distribution function
  for (const { value, share } of comparable && ['text', 'bool'].includes(a.sketch.kind) ? shares : []) {
    const [x, y] = [share[0] ?? 0, share[1] ?? 0]
    if (Math.abs(x - y) > limits.share) changes.push(`${JSON.stringify(value)} was ${percent(x)}, now ${percent(y)}`)
  }
  return {
    column,
    status: a && b ? 'both' : a ? 'gone' : 'new',
    changes,
    sqlType: both((side) => side.sqlType),
    missingShare: both((side) => side.missingShare),
    distinct: both((side) => side.distinct),
    mean: both((side) => side.mean),
    standardized,
    sd: both((side) => side.sd),
    min: both((side) => side.min),
    max: both((side) => side.max),
    distance,
    shares,
  }
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`

function sharesOf(a: MergedColumn, b: MergedColumn): ColumnDifference['shares'] {
  const counts = [a, b].map((side) => new Map(side.top.map(({ value, count }) => [value, count])))
  const present = [a, b].map(({ sketch }) => Math.max(1, sketch.rows - sketch.missing))
  const values = [a, b].flatMap((side) => side.top.slice(0, FREQUENT).map(({ value }) => value))
  const share = (value: Cell, side: number): number | null => {
    const count = counts[side].get(value)
    if (count !== undefined) return count / present[side]
    return [a, b][side].unlisted === 0 ? 0 : null
  }
  return [...new Set(values)].map((value) => ({ value, share: [share(value, 0), share(value, 1)] }))
}
