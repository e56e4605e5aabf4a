import { didYouMean, PodError } from '@mlpod/contract'
import { midranks } from '@mlpod/math'
import type { AnyRelation } from '../relation.ts'
import { clustering } from './clustering.ts'
import { complexity } from './complexity.ts'
import { concept } from './concept.ts'
import { general } from './general.ts'
import type { MetaGroup } from './group.ts'
import { infoTheory, itemset } from './infoTheory.ts'
import { landmarking } from './landmarking.ts'
import { modelBased } from './modelBased.ts'
import { statistical } from './statistical.ts'
import { type SummaryName, summaries, summarizeValues } from './summaries.ts'
import { readMeta } from './table.ts'

/** Every group by pymfe's name. */
export const metaGroups = {
  general,
  statistical,
  'info-theory': infoTheory,
  itemset,
  clustering,
  concept,
  complexity,
  'model-based': modelBased,
  landmarking,
} as const satisfies Readonly<Record<string, MetaGroup>>

/** The name of a group of meta-features. */
export type MetaGroupName = keyof typeof metaGroups

/** Settings of `metaFeatures`. */
export interface MetaOptions {
  /** The column of the class. */
  readonly target: string
  readonly groups?: readonly MetaGroupName[]
  /** Just these features, by name. */
  readonly features?: readonly string[]
  /** How features of many values are told; mean and sd by default. */
  readonly summary?: readonly SummaryName[]
  /** Columns of numbers that are codes of categories. */
  readonly categorical?: readonly string[]
  /** Rows looked at; more are drawn from. For groups whose cost grows with the square of the rows it is 2,000 unless said otherwise. */
  readonly maxRows?: number
  /** Adds the rank of each landmarker among all of them, by each summary. */
  readonly relative?: boolean
  readonly seed?: number
}

/** What characterises a table. */
export interface MetaFeatures {
  /** By `name`, or `name.summary` where a feature has many values; NaN where it is not defined. */
  readonly features: Readonly<Record<string, number>>
  readonly rows: number
  readonly dropped: number
  readonly drawn: boolean
}

/**
 * Returns the meta-features of a table. Rows with a missing value are left out and counted. Throws `COLUMN_UNKNOWN`, `OPTION_INVALID` for names that are none,
 * `SAMPLE_TOO_SMALL`. Source: pymfe 0.4.4.
 */
export async function metaFeatures(
  data: AnyRelation,
  {
    target,
    groups = Object.keys(metaGroups) as MetaGroupName[],
    features,
    summary = ['mean', 'sd'],
    relative = false,
    ...options
  }: MetaOptions,
): Promise<MetaFeatures> {
  for (const name of groups) checkName(name, Object.keys(metaGroups), 'group of meta-features')
  for (const name of summary) checkName(name.replace(/^nan/, ''), Object.keys(summaries), 'summary')
  const known = groups.flatMap((name) => Object.keys(metaGroups[name]))
  for (const name of features ?? []) checkName(name, known, 'meta-feature of these groups')
  const table = await readMeta(data, { target, ...options })
  const squared = groups.some((name) => SQUARED.has(name))
  const small =
    squared && table.n > SQUARED_ROWS && options.maxRows === undefined
      ? await readMeta(data, { target, ...options, maxRows: SQUARED_ROWS })
      : table
  const found: Record<string, number> = {}
  for (const group of groups)
    for (const [name, feature] of Object.entries(metaGroups[group] as MetaGroup)) {
      if (features && !features.includes(name)) continue
      const value = feature(SQUARED.has(group) ? small : table)
      if (typeof value === 'number') found[name] = value
      else
        for (const each of summary)
          for (const [suffix, number] of summarizeValues(each, Float64Array.from(value)))
            found[`${name}.${each}${suffix}`] = number
    }
  if (relative) Object.assign(found, ranks(found, summary))
  return { features: found, rows: table.n, dropped: table.dropped, drawn: table.drawn || small.drawn }
}

/** Returns the names of the features of groups, before anything is computed. */
export const metaFeatureNames = (
  groups: readonly MetaGroupName[] = Object.keys(metaGroups) as MetaGroupName[],
): string[] => groups.flatMap((name) => Object.keys(metaGroups[name]))

function checkName(name: string, names: readonly string[], what: string): void {
  if (!names.includes(name))
    throw new PodError('OPTION_INVALID', `there is no ${what} "${name}"${didYouMean(name, names)}`, {
      hint: `there are ${names.join(', ')}`,
    })
}

/** Groups that look at all pairs of rows, or learn from them again and again. */
const SQUARED: ReadonlySet<MetaGroupName> = new Set(['clustering', 'concept', 'complexity', 'landmarking'])
const SQUARED_ROWS = 2000

/** The rank of each landmarker among all, the least first, equal ones sharing theirs. */
function ranks(found: Readonly<Record<string, number>>, summary: readonly SummaryName[]): Record<string, number> {
  const ranked: Record<string, number> = {}
  for (const each of summary) {
    const names = Object.keys(landmarking)
      .map((name) => `${name}.${each}`)
      .filter((name) => name in found)
    const places = midranks(names.map((name) => (Number.isNaN(found[name]) ? -Infinity : found[name])))
    names.forEach((name, i) => {
      ranked[`${name}.relative`] = places[i]
    })
  }
  return ranked
}
