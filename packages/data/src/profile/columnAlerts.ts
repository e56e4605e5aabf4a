import type { Expectation } from '../expectations/expectation.ts'
import type { Alert } from './alerts.ts'
import type { ColumnProfile } from './types.ts'

/** What rules of columns see. */
export type Rule = {
  /** By default; null where the rule has none. */
  readonly threshold: number | null
  readonly find: (column: ColumnProfile, threshold: number) => Omit<Alert, 'code' | 'columns' | 'threshold'> | undefined
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`
export const said = (value: number): string => String(Number(value.toPrecision(3)))

/** An alert for a share of rows above the threshold. */
const shareAbove = (
  read: (column: ColumnProfile) => number | undefined,
  says: string,
  expectation: (column: string, mostly: number) => Expectation,
): Rule => ({
  threshold: 0.01,
  find(column, threshold) {
    const value = read(column)
    if (value === undefined || !(value > threshold)) return undefined
    return {
      message: `${column.name}: ${percent(value)} of the rows are ${says}`,
      value,
      expectation: expectation(column.name, 1 - threshold),
    }
  },
})

/** Every rule of one column, with its default threshold. Source of rules and thresholds: ydata-profiling 4.18. */
export const columnRules = {
  constant: {
    threshold: null,
    find: ({ name, distinct }) =>
      distinct === 1
        ? {
            message: `${name}: all values are equal`,
            value: 1,
            expectation: { type: 'uniqueCountBetween', column: name, min: 2 },
          }
        : undefined,
  },
  unique: {
    threshold: null,
    find: ({ name, distinct, rows }) =>
      distinct === rows && rows > 0
        ? {
            message: `${name}: every row has a value of its own`,
            value: rows,
            expectation: { type: 'unique', column: name },
          }
        : undefined,
  },
  missing: shareAbove(
    ({ missingShare }) => missingShare,
    'missing',
    (column, mostly) => ({ type: 'notNull', column, mostly }),
  ),
  zeros: shareAbove(
    ({ number, role }) => (role === 'number' ? number?.zerosShare : undefined),
    'zero',
    (column, mostly) => ({ type: 'notInSet', column, values: [0], mostly }),
  ),
  infinite: shareAbove(
    ({ number }) => number?.infiniteShare,
    'infinite',
    (column, mostly) => ({ type: 'between', column, min: -Number.MAX_VALUE, max: Number.MAX_VALUE, mostly }),
  ),
  skewed: {
    threshold: 20,
    find: ({ name, role, number }, threshold) =>
      role === 'number' && Math.abs(number?.skewness ?? 0) > threshold
        ? {
            message: `${name}: highly skewed (${said(number!.skewness!)})`,
            value: number!.skewness,
            expectation: { type: 'notOutliers', column: name, method: 'iqr', multiplier: 3, mostly: 0.99 },
          }
        : undefined,
  },
  uniform: {
    threshold: 0.999,
    find: (column, threshold) =>
      column.uniformity && column.role !== 'text' && column.uniformity.pValue > threshold
        ? {
            message: `${column.name}: values are uniformly distributed`,
            value: column.uniformity.pValue,
            expectation: uniformExpectation(column),
          }
        : undefined,
  },
  highCardinality: {
    threshold: 50,
    find: ({ name, role, distinct }, threshold) =>
      (role === 'category' || role === 'text') && distinct !== null && distinct > threshold
        ? {
            message: `${name}: ${distinct} distinct values`,
            value: distinct,
            expectation: { type: 'uniqueCountBetween', column: name, max: threshold },
          }
        : undefined,
  },
  imbalance: {
    threshold: 0.5,
    find: (column, threshold) =>
      (column.role === 'category' || column.role === 'bool') &&
      column.imbalance !== null &&
      column.imbalance > threshold
        ? {
            message: `${column.name}: one value outweighs the others (imbalance ${said(column.imbalance)})`,
            value: column.imbalance,
            expectation: evenExpectation(column, threshold * Math.log(column.distinct!)),
          }
        : undefined,
  },
  constantLength: {
    threshold: null,
    find: ({ name, role, text, distinct }) =>
      role === 'text' && text && (distinct ?? 0) > 1 && text.minLength !== null && text.minLength === text.maxLength
        ? {
            message: `${name}: every text has ${text.minLength} characters`,
            value: text.minLength,
            expectation: { type: 'lengthEqual', column: name, length: text.minLength },
          }
        : undefined,
  },
  unsupported: {
    threshold: null,
    find: ({ name, role, sqlType }) =>
      role === 'unsupported'
        ? { message: `${name}: values of the type ${sqlType} are not looked into`, value: null, expectation: null }
        : undefined,
  },
} as const satisfies Readonly<Record<string, Rule>>

/** Even shares of the values that were found. */
const evenExpectation = ({ name, top, others }: ColumnProfile, threshold: number): Expectation | null => {
  const values = top.map(({ value }) => value).filter((value) => value !== null)
  if (others > 0 || values.length !== top.length) return null
  return {
    type: 'klDivergenceLess',
    column: name,
    partition: { values, weights: values.map(() => 1 / values.length) },
    threshold,
  }
}

const uniformExpectation = (column: ColumnProfile): Expectation | null => {
  const edges = column.number?.histogram?.edges
  if (edges === undefined || column.role !== 'number') return evenExpectation(column, 0.1)
  return {
    type: 'klDivergenceLess',
    column: column.name,
    partition: { bins: edges, weights: edges.slice(1).map(() => 1 / (edges.length - 1)) },
    threshold: 0.1,
  }
}
