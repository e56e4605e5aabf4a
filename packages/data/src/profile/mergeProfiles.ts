import { didYouMean, PodError } from '@mlpod/contract'
import { isoOf } from './dateColumn.ts'
import { PROFILE_QUANTILES, shapeOf } from './numberColumn.ts'
import { quantileOfSketch, rankError } from './rankSketch.ts'
import { type ColumnSketch, mergeSketches } from './sketch.ts'
import type { CountedCell, Profile } from './types.ts'

/** What a merged profile tells of a column: counts, moments, least and greatest are exact; the rest is within what it says. */
export interface MergedColumn {
  readonly name: string
  readonly sqlType: string
  readonly missingShare: number
  /** Within `distinctError` (a share, one standard error; 0: exact). */
  readonly distinct: number
  readonly distinctError: number
  /** Of numbers, of moments in time (milliseconds since 1970), and of the lengths of texts. */
  readonly mean: number | null
  readonly sd: number | null
  readonly skewness: number | null
  readonly kurtosis: number | null
  /** Of moments in time as ISO text. */
  readonly min: number | string | null
  readonly max: number | string | null
  /** At 0.05, 0.25, 0.5, 0.75, 0.95; the true rank of each is within `rankError` (a share of the rows) of it. */
  readonly quantiles: readonly (number | null)[] | null
  readonly rankError: number | null
  /** At least as often as counted; a value that is not listed occurs at most `unlisted` times. */
  readonly top: readonly CountedCell[]
  readonly unlisted: number
  readonly sketch: ColumnSketch
}

/** The profile of rows that were described in parts. Plain JSON, some kilobytes a column. */
export interface MergedProfile {
  readonly v: 1
  readonly rows: number
  readonly columns: readonly MergedColumn[]
}

/**
 * Merges profiles of parts of a table (days, files) into that of all rows, without reading any: exact for counts, moments, least and
 * greatest, and else within the errors that it states. Many parts are best merged at once: each merge adds to the error of ranks. Columns of types that
 * are not looked into are left out. Throws `PROFILE_SENSITIVE` for a profile without values, `COLUMN_MISSING`, `COLUMN_TYPE` where the
 * parts have other columns.
 */
export function mergeProfiles(...parts: readonly (Profile | MergedProfile)[]): MergedProfile {
  if (parts.length === 0) throw new PodError('OPTION_INVALID', 'there is no profile to merge')
  const sketched = parts.map(sketchesOf)
  const names = [...sketched[0].keys()]
  const columns = names.map((name) => {
    const found = sketched.map((part, i) => {
      const column = part.get(name)
      if (column === undefined)
        throw new PodError(
          'COLUMN_MISSING',
          `profile ${i + 1} has no column "${name}"${didYouMean(name, [...part.keys()])}`,
        )
      return column
    })
    const [first] = found
    for (const [i, { sketch }] of found.entries())
      if (sketch.kind !== first.sketch.kind && !(isWhole(sketch) && isWhole(first.sketch)))
        throw new PodError(
          'COLUMN_TYPE',
          `the column "${name}" is ${first.sketch.kind} in profile 1 and ${sketch.kind} in profile ${i + 1}`,
        )
    return mergedColumn(name, first.sqlType, mergeSketches(found.map(({ sketch }) => sketch)))
  })
  for (const [i, part] of sketched.entries())
    for (const name of part.keys())
      if (!sketched[0].has(name))
        throw new PodError('COLUMN_MISSING', `profile 1 has no column "${name}", which profile ${i + 1} has`)
  return { v: 1, rows: parts.reduce((sum, part) => sum + rowsOf(part), 0), columns }
}

const isWhole = ({ kind }: ColumnSketch): boolean => kind === 'number' || kind === 'bigint'

/** Returns the rows of a profile. */
export const rowsOf = (profile: Profile | MergedProfile): number =>
  'table' in profile ? profile.table.rows : profile.rows

/** Returns the sketches of a profile's columns. */
export function sketchesOf(
  profile: Profile | MergedProfile,
): ReadonlyMap<string, { readonly sqlType: string; readonly sketch: ColumnSketch }> {
  if ('sensitive' in profile && profile.sensitive)
    throw new PodError('PROFILE_SENSITIVE', 'a profile without values holds nothing that could be merged or compared')
  return new Map(
    profile.columns.flatMap(({ name, sqlType, sketch }) => (sketch === null ? [] : [[name, { sqlType, sketch }]])),
  )
}

/** Returns what a sketch tells of a column. */
export function mergedColumn(name: string, sqlType: string, sketch: ColumnSketch): MergedColumn {
  const { moments, ranks, kind, rows, missing, distinct, distinctError, top } = sketch
  const sd = moments && moments.n > 1 ? Math.sqrt(moments.m2 / (moments.n - 1)) : null
  const shape = moments ? shapeOf(moments, moments.n) : { skewness: null, kurtosis: null }
  const end = (value: number | undefined): number | string | null =>
    value === undefined ? null : kind === 'date' ? isoOf(value, sqlType === 'DATE' ? 'date' : 'timestamp') : value
  return {
    name,
    sqlType,
    missingShare: rows === 0 ? 0 : missing / rows,
    distinct,
    distinctError,
    mean: moments?.mean ?? null,
    sd,
    ...shape,
    min: end(moments?.min ?? ranks?.values[0]),
    max: end(moments?.max ?? ranks?.values.at(-1)),
    quantiles: ranks ? PROFILE_QUANTILES.map((p) => quantileOfSketch(ranks, p)) : null,
    rankError: ranks && rankError(ranks),
    top: top.values.map(({ value, count }) => ({ value, count })),
    unlisted: top.unlisted,
    sketch,
  }
}
