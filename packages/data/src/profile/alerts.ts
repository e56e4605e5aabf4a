import type { Expectation } from '../expectations/expectation.ts'
import type { Associations } from './associations.ts'
import type { SeriesStatistics } from './series.ts'
import type { ColumnProfile, TableStatistics } from './types.ts'

/** Something to look at. */
export interface Alert {
  readonly code: AlertCode
  readonly columns: readonly string[]
  /** In words: `price: 3.1 % of the values are zero`. */
  readonly message: string
  /** What was measured, and what it was held against. */
  readonly value: number | null
  readonly threshold: number | null
  /**
   * The check that this alert becomes in a suite: what is said to be wrong must not be; what is said of the values (unique,
   * uniform) must stay so. null where no expectation says it.
   */
  readonly expectation: Expectation | null
}

/** What rules of columns see. */
type Rule = {
  /** By default; null where the rule has none. */
  readonly threshold: number | null
  readonly find: (column: ColumnProfile, threshold: number) => Omit<Alert, 'code' | 'columns' | 'threshold'> | undefined
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`
const said = (value: number): string => String(Number(value.toPrecision(3)))

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
const columnRules = {
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

/** The name of a rule. */
export type AlertCode =
  | keyof typeof columnRules
  | 'duplicates'
  | 'empty'
  | 'highCorrelation'
  | 'nonStationary'
  | 'seasonal'

/** Thresholds of rules that have one; those that are not given are the defaults. */
export type AlertThresholds = Readonly<Partial<Record<AlertCode, number>>>

/** The defaults of rules with a threshold. */
export const alertDefaults: AlertThresholds = {
  ...Object.fromEntries(
    Object.entries(columnRules).flatMap(([code, { threshold }]) => (threshold === null ? [] : [[code, threshold]])),
  ),
  highCorrelation: 0.5,
  nonStationary: 0.05,
}

/** Partners that an alert of high correlation names. */
const PARTNERS = 10

/** Returns all alerts: of the table, then of the columns in their order. */
export function alertsOf(
  table: TableStatistics,
  columns: readonly ColumnProfile[],
  associations: Associations | null,
  thresholds: AlertThresholds,
  series: readonly SeriesStatistics[],
): Alert[] {
  const found: Alert[] = []
  if (table.rows === 0)
    found.push({
      code: 'empty',
      columns: [],
      message: 'the table has no rows',
      value: 0,
      threshold: null,
      expectation: { type: 'rowCountBetween', min: 1 },
    })
  if (table.duplicates !== null && table.duplicates > 0)
    found.push({
      code: 'duplicates',
      columns: [],
      message: `${table.duplicates} rows occur more than once`,
      value: table.duplicates,
      threshold: null,
      expectation: { type: 'compoundUnique', columns: columns.map(({ name }) => name), ignoreRowIf: 'never' },
    })
  if (table.rows === 0) return found
  for (const column of columns) {
    for (const [code, rule] of Object.entries<Rule>(columnRules)) {
      const threshold = thresholds[code as AlertCode] ?? rule.threshold
      const alert = rule.find(column, threshold ?? Number.NaN)
      if (alert) found.push({ code: code as AlertCode, columns: [column.name], threshold, ...alert })
    }
    const correlated = correlation(column, columns, associations, thresholds.highCorrelation ?? 0.5)
    if (correlated) found.push(correlated)
  }
  for (const { column, stationary, dickeyFuller, seasonal, periods, autocorrelation } of series) {
    if (stationary === false)
      found.push({
        code: 'nonStationary',
        columns: [column],
        message: `${column}: not stationary in time`,
        value: dickeyFuller?.pValue ?? null,
        threshold: thresholds.nonStationary ?? null,
        expectation: null,
      })
    if (seasonal)
      found.push({
        code: 'seasonal',
        columns: [column],
        message: `${column}: repeats itself after ${periods.slice(0, 3).join(', ')} rows`,
        value: autocorrelation[periods[0]],
        threshold: null,
        expectation: null,
      })
  }
  return found
}

function correlation(
  { name }: ColumnProfile,
  columns: readonly ColumnProfile[],
  associations: Associations | null,
  threshold: number,
): Alert | undefined {
  const matrix = associations?.methods.auto
  const i = matrix?.columns.indexOf(name) ?? -1
  if (matrix === undefined || i < 0) return undefined
  const partners = matrix.columns
    .map((other, j) => ({ other, value: j === i ? 0 : (matrix.values[i][j] ?? 0) }))
    .filter(({ value }) => Math.abs(value) > threshold)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    .slice(0, PARTNERS)
  if (partners.length === 0) return undefined
  const [{ other, value }] = partners
  const isNumber = (column: string): boolean => columns.find((c) => c.name === column)?.role === 'number'
  return {
    code: 'highCorrelation',
    columns: [name, ...partners.map((partner) => partner.other)],
    message: `${name}: tells much of ${partners.map((partner) => `${partner.other} (${said(partner.value)})`).join(', ')}`,
    value,
    threshold,
    expectation: {
      type: 'cramersPhiLess',
      columns: [name, other],
      threshold,
      ...(isNumber(name) ? { countA: 10 } : {}),
      ...(isNumber(other) ? { countB: 10 } : {}),
    },
  }
}

/** Returns the checks that alerts become in a suite. */
export const alertExpectations = (alerts: readonly Alert[]): Expectation[] =>
  alerts.flatMap(({ expectation }) => expectation ?? [])
