import type { Json } from '@mlpod/contract'
import { toConfiguration } from './greatExpectations.ts'
import type { Fields } from './names.ts'
import type { SuiteItemResult, SuiteResult } from './suite.ts'

/**
 * Returns a result in the shape of Great Expectations 1.24 (`ExpectationSuiteValidationResult`): the four result formats, with the
 * members of each. Rows are told by their places in the table, also under a row condition.
 */
export function toGreatExpectationsResult(result: SuiteResult): Fields {
  const { results, statistics, suite, parameters } = result
  return {
    success: statistics.unsuccessful === 0,
    results: results.map((one) => itemOf(one, result)) as unknown as Json,
    suite_name: suite,
    suite_parameters: parameters as Json,
    statistics: {
      evaluated_expectations: statistics.evaluated,
      successful_expectations: statistics.successful,
      unsuccessful_expectations: statistics.unsuccessful,
      success_percent: statistics.successPercent,
    },
    meta: {
      ...(result.meta as Fields | undefined),
      ...(result.batch === undefined ? {} : { active_batch_definition: { batch_identifiers: result.batch as Json } }),
    },
    id: result.id ?? null,
  }
}

function itemOf(one: SuiteItemResult, result: SuiteResult): Fields {
  const { id, meta, notes, expectation, status, message, severity } = one
  const config = toConfiguration({ expectation: { ...expectation, severity } as never, id, meta, notes })
  return {
    success: status === 'pass',
    expectation_config: config as Json,
    result: (status === 'error' || result.format === 'boolean' ? {} : resultOf(one, result)) as Json,
    meta: {},
    exception_info: {
      raised_exception: status === 'error',
      exception_message: message ?? null,
      exception_traceback: null,
    },
  }
}

const percent = (part: number, of: number): number | null => (of === 0 ? null : (part / of) * 100)

function resultOf(one: SuiteItemResult, { format, samples, keys, withoutValues }: SuiteResult): Fields {
  if (!one.byRow) return wholeOf(one)
  const { elements, missing, unexpected, sample, rows, counts, type, wholeRows } = one
  const ofNulls = type === 'null' || type === 'notNull'
  const nonmissing = percent(unexpected, elements - missing)
  // pairs are lists there, more columns are records
  const list = type.startsWith('columnPair')
    ? sample.map((row) => one.columns.map((name) => (row as Fields)[name]))
    : sample
  const first = list.slice(0, samples) as unknown as Json
  const index = keys.length === 0 ? rows : rows.map((_, i) => ({ ...record(one, i), ...one.keys?.[i] }))
  return {
    element_count: elements,
    unexpected_count: unexpected,
    unexpected_percent: elements === 0 ? null : nonmissing,
    ...(withoutValues ? {} : { partial_unexpected_list: first }),
    ...(keys.length === 0 ? {} : { unexpected_index_column_names: keys }),
    ...(ofNulls
      ? {}
      : {
          missing_count: missing,
          missing_percent: percent(missing, elements),
          unexpected_percent_total: percent(unexpected, elements),
          unexpected_percent_nonmissing: nonmissing,
        }),
    ...(wholeRows === undefined ? {} : { unexpected_rows: wholeRows.slice(0, samples) as unknown as Json }),
    ...(format === 'basic'
      ? {}
      : {
          ...(withoutValues ? {} : { partial_unexpected_counts: (counts ?? []) as unknown as Json }),
          partial_unexpected_index_list: index.slice(0, samples) as unknown as Json,
        }),
    ...(format === 'complete'
      ? {
          ...(withoutValues ? {} : { unexpected_list: list as unknown as Json }),
          unexpected_index_list: index as unknown as Json,
          ...(one.query === undefined ? {} : { unexpected_index_query: one.query }),
        }
      : {}),
  }
}

/** The unexpected value of a row by the name of its column. */
const record = ({ columns, sample }: SuiteItemResult, i: number): Fields =>
  sample[i] === undefined ? {} : columns.length === 1 ? { [columns[0]]: sample[i] as Json } : (sample[i] as Fields)

/** Some of their expectations tell what they found in their own way. */
function wholeOf({ type, observed, details, unexpected, sample }: SuiteItemResult): Fields {
  const more = details === undefined ? {} : { details }
  if (type === 'columnExists') return {}
  if (type === 'distinctInSet' || type === 'distinctContainSet' || type === 'distinctEqualSet') {
    const { unexpectedValues = [], missingValues = [] } = (details ?? {}) as Record<string, readonly Json[]>
    return {
      observed_value: null,
      ...(type === 'distinctContainSet'
        ? {}
        : { unexpected_count: unexpectedValues.length, partial_unexpected_list: unexpectedValues }),
      ...(type === 'distinctInSet' ? {} : { missing_count: missingValues.length, partial_missing_list: missingValues }),
      details: { ...(details as Fields), observed_values: observed },
    }
  }
  if (type === 'unexpectedRows')
    return {
      observed_value: `${unexpected} unexpected row${unexpected === 1 ? '' : 's'}`,
      details: { unexpected_rows: sample as unknown as Json },
    }
  if (type === 'queryMatches') {
    const { unexpected_percent, ...rows } = (details ?? {}) as Fields
    return { unexpected_count: unexpected, unexpected_percent, details: rows as Json }
  }
  if (type === 'columnsMatchSet') return { observed_value: [...(observed as readonly string[])].sort(), ...more }
  return { observed_value: observed, ...more }
}
