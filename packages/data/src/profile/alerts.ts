import type { Expectation } from '../expectations/expectation.ts'
import type { Associations } from './associations.ts'
import { columnRules, type Rule, said } from './columnAlerts.ts'
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
