import { didYouMean, PodError } from '@mlpod/contract'
import { unknownColumn } from '../query.ts'
import type { AnyRelation } from '../relation.ts'
import { type AlertThresholds, alertDefaults } from './alerts.ts'
import { type AssociationMethod, associationMethods } from './associations.ts'

/** Settings of `profile`. */
export interface ProfileOptions {
  /** By default all. */
  readonly columns?: readonly string[]
  /** Leaves out what costs most: associations, interactions, duplicates, missing pattern, what texts are made of. */
  readonly minimal?: boolean
  /** No value of a cell is in the profile: no frequent values, no least and greatest, no words, no first rows. */
  readonly sensitive?: boolean
  /** Bins of histograms, at most 250; 0 is 250. */
  readonly bins?: number
  /** Frequent values, words, characters, shapes that are listed. */
  readonly top?: number
  readonly alerts?: AlertThresholds
  readonly associations?: readonly AssociationMethod[]
  /** Rows that associations (other than Pearson's) keep in memory; of more rows every k-th is read. */
  readonly maxRows?: number
  /** Distinct texts, the most frequent ones, whose characters, words and shapes are looked at. */
  readonly maxTexts?: number
  /** Pairs of numbers, the most strongly associated ones, that are drawn. */
  readonly interactions?: number
  /** A column of times: gaps between them, and whether numbers in their order are stationary or repeat themselves. */
  readonly time?: string
  /** Lags of autocorrelations that are told. */
  readonly lags?: number
  /** Whether the files are looked at that paths in texts lead to: whether they are there, how large, and whether images. */
  readonly files?: boolean
  /** Numbers with at most so many distinct values are categories. */
  readonly categoricalUpTo?: number
}

const DEFAULT_ASSOCIATIONS: readonly AssociationMethod[] = ['auto', 'pearson', 'spearman', 'cramers']

/** Returns the settings with their defaults. Throws `COLUMN_UNKNOWN`, `OPTION_INVALID`. */
export function settingsOf(data: AnyRelation, options: ProfileOptions) {
  const { minimal = false, sensitive = false, bins = 50, top = 10, maxRows = 1_000_000, maxTexts = 100_000 } = options
  const { associations = DEFAULT_ASSOCIATIONS, interactions = 6, categoricalUpTo = 5, lags = 100 } = options
  for (const [name, value, least] of [
    ['bins', bins, 0],
    ['top', top, 1],
    ['maxRows', maxRows, 2],
    ['maxTexts', maxTexts, 1],
    ['interactions', interactions, 0],
    ['lags', lags, 1],
    ['categoricalUpTo', categoricalUpTo, 0],
  ] as const)
    if (!(Number.isInteger(value) && value >= least))
      throw new PodError('OPTION_INVALID', `\`${name}\` of a profile is a whole number from ${least}, not ${value}`)
  for (const method of associations)
    if (!associationMethods.includes(method))
      throw new PodError(
        'OPTION_INVALID',
        `there is no association "${method}"${didYouMean(method, associationMethods)}`,
        { hint: `there are ${associationMethods.join(', ')}` },
      )
  for (const code of Object.keys(options.alerts ?? {}))
    if (!(code in alertDefaults))
      throw new PodError(
        'OPTION_INVALID',
        `there is no alert "${code}" with a threshold${didYouMean(code, Object.keys(alertDefaults))}`,
      )
  for (const name of options.columns ?? [])
    if (!data.columns.includes(name)) throw unknownColumn(name, data.columns, 'the table')
  if (options.columns?.length === 0) throw new PodError('OPTION_INVALID', 'a profile of no column says nothing')
  const alerts: AlertThresholds = { ...alertDefaults, ...options.alerts }
  return { minimal, sensitive, bins, top, maxRows, maxTexts, associations, interactions, categoricalUpTo, lags, alerts }
}
