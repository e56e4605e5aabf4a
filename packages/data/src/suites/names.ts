import { type Json, PodError } from '@mlpod/contract'
import type { ExpectationType } from '../expectations/expectation.ts'

/** A JSON object. */
export type Fields = Readonly<Record<string, Json | undefined>>

/** How one of our expectations is called elsewhere, and each of its parameters. */
interface GreatName {
  readonly great: string
  /** Ours to theirs. */
  readonly fields: Readonly<Record<string, string>>
  /** Parameters that do not map one to one. */
  readonly custom?: {
    readonly keys: readonly string[]
    readonly read: (kwargs: Fields) => Fields
    readonly write: (expectation: Fields) => Fields
  }
  /** Parameters whose null means something of its own. */
  readonly nullable?: readonly string[]
}

const column = { column: 'column' }
const rows = { mostly: 'mostly' }
const bounds = { min: 'min_value', max: 'max_value', strictMin: 'strict_min', strictMax: 'strict_max' }
const name = (
  great: string,
  fields: Readonly<Record<string, string>>,
  more: Pick<GreatName, 'custom' | 'nullable'> = {},
): GreatName => ({ great, fields, ...more })
const ofRows = (great: string, fields: Readonly<Record<string, string>> = {}, more = {}): GreatName =>
  name(`expect_column_${great}`, { ...column, ...rows, ...fields }, more)
const ofNumber = (great: string): GreatName => name(`expect_column_${great}_to_be_between`, { ...column, ...bounds })

const PAIR_IGNORED = { allMissing: 'both_values_are_missing', anyMissing: 'either_value_is_missing', never: 'neither' }
const MANY_IGNORED = { allMissing: 'all_values_are_missing', anyMissing: 'any_value_is_missing', never: 'never' }

const translated = (words: Readonly<Record<string, string>>) => ({
  read: (value: Json): Json => Object.keys(words).find((ours) => words[ours] === value) ?? value,
  write: (value: Json): Json => (typeof value === 'string' ? (words[value] ?? value) : value),
})

const some = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const ignoring = (words: Readonly<Record<string, string>>) => {
  const { read, write } = translated(words)
  return {
    keys: ['ignore_row_if'],
    read: ({ ignore_row_if: value }: Fields) => some({ ignoreRowIf: value === undefined ? undefined : read(value) }),
    write: ({ ignoreRowIf: value }: Fields) => some({ ignore_row_if: value === undefined ? undefined : write(value) }),
  }
}

const pairIgnoring = ignoring(PAIR_IGNORED)
const ofPair = (great: string, fields: Readonly<Record<string, string>> = {}): GreatName =>
  name(
    `expect_column_pair_${great}`,
    { ...rows, ...fields },
    {
      custom: {
        keys: ['column_A', 'column_B', ...pairIgnoring.keys],
        read: (kwargs) => ({
          columns: [kwargs.column_A ?? null, kwargs.column_B ?? null],
          ...pairIgnoring.read(kwargs),
        }),
        write: (e) => {
          const [a, b] = e.columns as readonly Json[]
          return { column_A: a, column_B: b, ...pairIgnoring.write(e) }
        },
      },
    },
  )
const ofMany = (great: string, fields: Readonly<Record<string, string>> = {}): GreatName =>
  name(great, { columns: 'column_list', ...rows, ...fields }, { custom: ignoring(MANY_IGNORED) })

/** JSON has no infinity, so the ends of bins may be written as words. */
const edge = (value: Json): Json =>
  value === 'Infinity' || value === 'inf' ? Infinity : value === '-Infinity' || value === '-inf' ? -Infinity : value
const edgeText = (value: Json): Json => (value === Infinity ? 'Infinity' : value === -Infinity ? '-Infinity' : value)

const partition = {
  keys: ['partition_object'],
  read: ({ partition_object: given }: Fields): Fields => {
    if (given === undefined || given === null || typeof given !== 'object' || '$PARAMETER' in given)
      return some({ partition: given ?? undefined })
    const { tail_weights: tailWeights, bins, ...rest } = given as Fields
    return { partition: some({ ...rest, bins: Array.isArray(bins) ? bins.map(edge) : bins, tailWeights }) as Json }
  },
  write: ({ partition: given }: Fields): Fields => {
    if (given === undefined || typeof given !== 'object' || given === null || '$PARAMETER' in given)
      return some({ partition_object: given })
    const { tailWeights: tail_weights, bins, ...rest } = given as Fields
    return {
      partition_object: some({ ...rest, bins: Array.isArray(bins) ? bins.map(edgeText) : bins, tail_weights }) as Json,
    }
  },
}

const quantiles = {
  keys: ['quantile_ranges', 'allow_relative_error'],
  read: ({ quantile_ranges: given, allow_relative_error: error }: Fields): Fields => {
    const { quantiles, value_ranges } = (given ?? {}) as Fields
    return some({ quantiles, ranges: value_ranges, interpolation: error === false ? 'nearest' : (error ?? undefined) })
  },
  write: ({ quantiles, ranges, interpolation }: Fields): Fields =>
    some({
      quantile_ranges: { quantiles: quantiles ?? null, value_ranges: ranges ?? null },
      allow_relative_error: interpolation === 'nearest' ? false : interpolation,
    }),
}

/**
 * The names of our expectations and of their parameters in Great Expectations 1.24.1. `quantileBetween` has none there: it is written as
 * `quantilesBetween` of one linear quantile, and read back as such.
 */
export const greatNames = {
  between: ofRows('values_to_be_between', bounds),
  inSet: ofRows('values_to_be_in_set', { values: 'value_set' }, { nullable: ['value_set'] }),
  notInSet: ofRows('values_to_not_be_in_set', { values: 'value_set' }, { nullable: ['value_set'] }),
  null: ofRows('values_to_be_null'),
  notNull: ofRows('values_to_not_be_null'),
  unique: ofRows('values_to_be_unique'),
  increasing: ofRows('values_to_be_increasing', { strictly: 'strictly' }),
  decreasing: ofRows('values_to_be_decreasing', { strictly: 'strictly' }),
  ofType: ofRows('values_to_be_of_type', { dataType: 'type_' }),
  inTypeList: ofRows('values_to_be_in_type_list', { dataTypes: 'type_list' }, { nullable: ['type_list'] }),
  lengthBetween: ofRows('value_lengths_to_be_between', bounds),
  lengthEqual: ofRows('value_lengths_to_equal', { length: 'value' }),
  matchRegex: ofRows('values_to_match_regex', { pattern: 'regex' }),
  notMatchRegex: ofRows('values_to_not_match_regex', { pattern: 'regex' }),
  matchRegexList: ofRows('values_to_match_regex_list', { patterns: 'regex_list', matchOn: 'match_on' }),
  notMatchRegexList: ofRows('values_to_not_match_regex_list', { patterns: 'regex_list' }),
  matchLike: ofRows('values_to_match_like_pattern', { pattern: 'like_pattern', escape: 'escape' }),
  notMatchLike: ofRows('values_to_not_match_like_pattern', { pattern: 'like_pattern', escape: 'escape' }),
  matchLikeList: ofRows('values_to_match_like_pattern_list', {
    patterns: 'like_pattern_list',
    matchOn: 'match_on',
    escape: 'escape',
  }),
  notMatchLikeList: ofRows('values_to_not_match_like_pattern_list', {
    patterns: 'like_pattern_list',
    escape: 'escape',
  }),
  matchStrftime: ofRows('values_to_match_strftime_format', { format: 'strftime_format' }),
  dateutilParseable: ofRows('values_to_be_dateutil_parseable'),
  jsonParseable: ofRows('values_to_be_json_parseable'),
  matchJsonSchema: ofRows('values_to_match_json_schema', { schema: 'json_schema' }),
  zScoreLess: ofRows('value_z_scores_to_be_less_than', { threshold: 'threshold', doubleSided: 'double_sided' }),
  notOutliers: ofRows('values_to_not_be_outliers', { method: 'method', multiplier: 'multiplier' }),
  compoundUnique: ofMany('expect_compound_columns_to_be_unique'),
  uniqueWithinRecord: ofMany('expect_select_column_values_to_be_unique_within_record'),
  multicolumnUnique: ofMany('expect_multicolumn_values_to_be_unique'),
  multicolumnEqual: ofMany('expect_multicolumn_values_to_be_equal'),
  multicolumnSumEqual: ofMany('expect_multicolumn_sum_to_equal', { total: 'sum_total' }),
  columnPairGreater: ofPair('values_a_to_be_greater_than_b', { orEqual: 'or_equal' }),
  columnPairEqual: ofPair('values_to_be_equal'),
  columnPairInSet: ofPair('values_to_be_in_set', { pairs: 'value_pairs_set' }),
  minBetween: ofNumber('min'),
  maxBetween: ofNumber('max'),
  meanBetween: ofNumber('mean'),
  medianBetween: ofNumber('median'),
  stdevBetween: ofNumber('stdev'),
  sumBetween: ofNumber('sum'),
  uniqueCountBetween: ofNumber('unique_value_count'),
  proportionUniqueBetween: ofNumber('proportion_of_unique_values'),
  proportionNonNullBetween: ofNumber('proportion_of_non_null_values'),
  quantilesBetween: name('expect_column_quantile_values_to_be_between', column, { custom: quantiles }),
  quantileBetween: name('expect_column_quantile_values_to_be_between', column, {
    custom: {
      keys: [],
      read: () => ({}),
      write: ({ quantile, min, max }) => ({
        quantile_ranges: { quantiles: [quantile ?? 0.5], value_ranges: [[min ?? null, max ?? null]] },
        allow_relative_error: 'linear',
      }),
    },
  }),
  mostCommonInSet: name('expect_column_most_common_value_to_be_in_set', {
    ...column,
    values: 'value_set',
    tiesOkay: 'ties_okay',
  }),
  distinctInSet: name('expect_column_distinct_values_to_be_in_set', { ...column, values: 'value_set' }),
  distinctContainSet: name('expect_column_distinct_values_to_contain_set', { ...column, values: 'value_set' }),
  distinctEqualSet: name('expect_column_distinct_values_to_equal_set', { ...column, values: 'value_set' }),
  klDivergenceLess: name(
    'expect_column_kl_divergence_to_be_less_than',
    {
      ...column,
      threshold: 'threshold',
      tailHoldout: 'tail_weight_holdout',
      internalHoldout: 'internal_weight_holdout',
      bucketize: 'bucketize_data',
      min: 'min_value',
      max: 'max_value',
    },
    { custom: partition },
  ),
  chiSquareAbove: name(
    'expect_column_chisquare_test_p_value_to_be_greater_than',
    { ...column, p: 'p', tailHoldout: 'tail_weight_holdout' },
    { custom: partition },
  ),
  bootstrappedKsAbove: name(
    'expect_column_bootstrapped_ks_test_p_value_to_be_greater_than',
    { ...column, p: 'p', samples: 'bootstrap_samples', sampleSize: 'bootstrap_sample_size', seed: 'seed' },
    { custom: partition },
  ),
  distributionKsAbove: name('expect_column_parameterized_distribution_ks_test_p_value_to_be_greater_than', {
    ...column,
    distribution: 'distribution',
    parameters: 'params',
    p: 'p_value',
  }),
  cramersPhiLess: name(
    'expect_column_pair_cramers_phi_value_to_be_less_than',
    { threshold: 'threshold', binsA: 'bins_A', binsB: 'bins_B', countA: 'n_bins_A', countB: 'n_bins_B' },
    {
      custom: {
        keys: ['column_A', 'column_B'],
        read: (kwargs) => ({ columns: [kwargs.column_A ?? null, kwargs.column_B ?? null] }),
        write: ({ columns }) => {
          const [a, b] = columns as readonly Json[]
          return { column_A: a, column_B: b }
        },
      },
    },
  ),
  columnExists: name('expect_column_to_exist', { ...column, index: 'column_index' }),
  columnType: name('expect_column_type_to_be', { ...column, dataType: 'type_' }),
  rowCountBetween: name('expect_table_row_count_to_be_between', bounds),
  rowCountEqual: name('expect_table_row_count_to_equal', { value: 'value' }),
  rowCountEqualOther: name('expect_table_row_count_to_equal_other_table', { table: 'other_table_name' }),
  columnCountBetween: name('expect_table_column_count_to_be_between', { min: 'min_value', max: 'max_value' }),
  columnCountEqual: name('expect_table_column_count_to_equal', { value: 'value' }),
  columnsMatchOrderedList: name(
    'expect_table_columns_to_match_ordered_list',
    { names: 'column_list' },
    { nullable: ['column_list'] },
  ),
  columnsMatchSet: name(
    'expect_table_columns_to_match_set',
    { names: 'column_set', exact: 'exact_match' },
    { nullable: ['column_set'] },
  ),
  unexpectedRows: name('unexpected_rows_expectation', { query: 'unexpected_rows_query' }),
  queryMatches: name('expect_query_results_to_match_comparison', {
    query: 'base_query',
    source: 'comparison_data_source_name',
    comparison: 'comparison_query',
    ...rows,
  }),
} as const satisfies Readonly<Record<ExpectationType, GreatName>>

/** Our name for each of theirs. */
export const ourNames: ReadonlyMap<string, ExpectationType> = new Map(
  (Object.entries(greatNames) as [ExpectationType, GreatName][])
    .filter(([ours]) => ours !== 'quantileBetween')
    .map(([ours, { great }]) => [great, ours]),
)

/** Parameters that theirs may always have and that say nothing of the table. */
const COMMON = ['row_condition', 'condition_parser', 'result_format', 'catch_exceptions', 'windows', 'batch_id']

/** Returns the parameters that an expectation of theirs may have. */
export const kwargsOf = (ours: ExpectationType): string[] => {
  const { fields, custom }: GreatName = greatNames[ours]
  return [...Object.values(fields), ...(custom?.keys ?? []), ...COMMON]
}

/** What stands in the parameters of theirs: our parameters, and what ours have no word for. */
export function readKwargs(ours: ExpectationType, kwargs: Fields): { readonly fields: Fields; readonly rest: Fields } {
  const { fields, custom, nullable = [] }: GreatName = greatNames[ours]
  const read: Record<string, Json | undefined> = { ...custom?.read(kwargs) }
  const rest: Record<string, Json | undefined> = {}
  const named = new Map(Object.entries(fields).map(([key, theirs]) => [theirs, key]))
  for (const [theirs, value] of Object.entries(kwargs)) {
    const key = named.get(theirs)
    if (key !== undefined && (value !== null || nullable.includes(theirs))) read[key] = value
    else if (theirs === 'row_condition' && value !== null) read.where = conditionFrom(value)
    else if (!custom?.keys.includes(theirs) || value === null) rest[theirs] = value
  }
  return { fields: some(read), rest }
}

/** Returns our parameters in their words. */
export function writeKwargs(ours: ExpectationType, expectation: Fields): Fields {
  const { fields, custom }: GreatName = greatNames[ours]
  const written: Record<string, Json | undefined> = { ...custom?.write(expectation) }
  for (const [key, theirs] of Object.entries(fields))
    if (expectation[key] !== undefined) written[theirs] = expectation[key]
  if (expectation.where !== undefined) written.row_condition = conditionTo(expectation.where)
  return written
}

const TO: Readonly<Record<string, string>> = { in: 'IN', notIn: 'NOT_IN' }

/** A row condition of theirs as plain data of ours; a text stays one. */
function conditionFrom(value: Json | undefined): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value ?? null
  const { type, column, operator, parameter, is_null, conditions, pass_through_filter: text } = value as Fields
  const named = (column as Fields | undefined)?.name as string
  if (type === 'comparison') {
    const ours = Object.keys(TO).find((key) => TO[key] === operator) ?? (operator as string)
    return { column: named, operator: ours, value: parameter ?? null }
  }
  if (type === 'nullity') return { column: named, operator: is_null ? 'isNull' : 'notNull' }
  if (type === 'and' || type === 'or') return { [type]: (conditions as readonly Json[]).map(conditionFrom) }
  return type === 'pass_through' ? (text as string) : (value as Json)
}

function conditionTo(where: Json | undefined): Json {
  if (typeof where !== 'object' || where === null || Array.isArray(where)) return where ?? null
  const given = where as Fields
  for (const type of ['and', 'or'])
    if (given[type] !== undefined) return { type, conditions: (given[type] as readonly Json[]).map(conditionTo) }
  const { column, operator, value } = given
  if (column === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value)))
    throw new PodError(
      'SUITE_INVALID',
      `Great Expectations has no word for the row condition ${JSON.stringify(where)}`,
      {
        hint: 'write it as a text, which is kept as it is',
      },
    )
  if (operator === 'isNull' || operator === 'notNull')
    return { type: 'nullity', column: { name: column ?? null }, is_null: operator === 'isNull' }
  return {
    type: 'comparison',
    column: { name: column ?? null },
    operator: TO[operator as string] ?? (operator as string),
    parameter: value ?? null,
  }
}
