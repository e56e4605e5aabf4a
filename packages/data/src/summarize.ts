import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { countIf } from './engine.ts'
import { relation } from './query.ts'
import type { AnyRelation, Cell, ColumnInfo } from './relation.ts'

/** What one column holds. Numbers of a statistic are null where there are no values, or where it makes no sense. */
export interface ColumnSummary extends ColumnInfo {
  readonly rows: number
  readonly missing: number
  /** NaN in a column of floats; counted with the missing in no other number. */
  readonly nan: number
  readonly distinct: number
  readonly min: Cell
  readonly max: Cell
  readonly mean: number | null
  /** Sample standard deviation (n - 1). */
  readonly sd: number | null
  /** At 0.05, 0.25, 0.5, 0.75, 0.95, linear between order statistics. */
  readonly quantiles: readonly number[] | null
  /** The most frequent values of texts, truth values, and numbers with at most 20 distinct values. */
  readonly top: readonly { readonly value: Cell; readonly count: number }[] | null
}

/** The probabilities of a summary's quantiles. */
export const SUMMARY_QUANTILES = [0.05, 0.25, 0.5, 0.75, 0.95] as const

/** Columns of one scan: the engine's time for distinct values and grouping sets grows with the square of their number. */
const COLUMNS = 100

/**
 * Returns a summary of each column: one scan for all statistics, and one more for the most frequent values (`top` of them),
 * each for a hundred columns.
 */
export async function summarize(
  data: AnyRelation,
  { top = 10 }: { readonly top?: number } = {},
): Promise<ColumnSummary[]> {
  const infos = await data.describe()
  const found: ColumnSummary[] = []
  for (let from = 0; from < infos.length; from += COLUMNS)
    found.push(...(await summarizeColumns(data, infos.slice(from, from + COLUMNS), top)))
  return found
}

/** Huge numbers are made smaller by this before they are squared: a power of two, so that no digit is lost. */
const SMALLER = 2 ** -520

/** Squares of huge numbers overflow, which the engine refuses: the column that holds them is found, and scaled. */
async function summarizeColumns(
  data: AnyRelation,
  infos: readonly ColumnInfo[],
  top: number,
): Promise<ColumnSummary[]> {
  try {
    return await summaries(data, infos, top, 1)
  } catch (error) {
    if (!(error instanceof PodError && /Out of Range/i.test(error.message))) throw error
    if (infos.length === 1) return summaries(data, infos, top, SMALLER)
    const half = infos.length >> 1
    return [
      ...(await summarizeColumns(data, infos.slice(0, half), top)),
      ...(await summarizeColumns(data, infos.slice(half), top)),
    ]
  }
}

async function summaries(
  data: AnyRelation,
  infos: readonly ColumnInfo[],
  top: number,
  scale: number,
): Promise<ColumnSummary[]> {
  const { engine } = data
  const { sql } = engine
  const select: Record<string, ExprNode> = { rows: sql.count() }
  infos.forEach((info, i) => {
    for (const [name, expression] of Object.entries(statistics(data, info, scale))) select[`${i}_${name}`] = expression
  })
  const query = sql.Query.from({ input: data.query }).select(select)
  const [row] = (await relation({ engine, query, columns: Object.keys(select), tokens: [] }).rows()) as Record<
    string,
    Cell | number[]
  >[]
  const get = (i: number, name: string): Cell => (row[`${i}_${name}`] ?? null) as Cell
  const frequent = infos.flatMap((info, i) =>
    info.type === 'string' || info.type === 'bool' || Number(get(i, 'distinct')) <= 20 ? [{ info, i }] : [],
  )
  const tops = await mostFrequent(data, frequent, top)
  return infos.map((info, i) => {
    const list = row[`${i}_quantiles`] as unknown as { readonly items?: readonly number[] } | readonly number[] | null
    return {
      ...info,
      rows: Number(row.rows),
      missing: Number(get(i, 'missing')),
      nan: Number(get(i, 'nan') ?? 0),
      distinct: Number(get(i, 'distinct')),
      min: get(i, 'min'),
      max: get(i, 'max'),
      mean: get(i, 'mean') as number | null,
      sd: get(i, 'sd') as number | null,
      quantiles: list ? Array.from('items' in list ? (list.items ?? []) : (list as readonly number[])) : null,
      top: tops.get(i) ?? null,
    }
  })
}

function statistics(
  { engine: { sql } }: AnyRelation,
  { name, type }: ColumnInfo,
  scale: number,
): Record<string, ExprNode> {
  const column = sql.column(name)
  const value = type === 'float' ? sql.cond(sql.not(sql.isNaN(column)), column) : column
  const found: Record<string, ExprNode> = {
    missing: countIf(sql, sql.isNull(column)),
    distinct: sql.count(value).distinct(),
    min: sql.min(value),
    max: sql.max(value),
  }
  if (type === 'float') found.nan = countIf(sql, sql.isNaN(column))
  if (type === 'int' || type === 'float') {
    const number = sql.cast(value, 'DOUBLE')
    const points = sql.list(SUMMARY_QUANTILES.map((p) => sql.literal(p)))
    found.mean = new sql.AggregateNode('favg', [number])
    found.sd =
      scale === 1
        ? sql.stddev(number)
        : sql.mul(sql.stddev(sql.mul(number, sql.literal(scale))), sql.literal(1 / scale))
    found.quantiles = new sql.AggregateNode('quantile_cont', [number, points])
  }
  return found
}

async function mostFrequent(
  data: AnyRelation,
  columns: readonly { readonly info: ColumnInfo; readonly i: number }[],
  top: number,
): Promise<Map<number, { value: Cell; count: number }[]>> {
  const { engine } = data
  const { sql } = engine
  if (columns.length === 0) return new Map()
  // one scan: a grouping set a column
  const text = (name: string): string => String(sql.column(name))
  const names = columns.map(({ info }) => text(info.name))
  const which = names.map((name) => `grouping(${name}) = 0`)
  const value = names.map((name, k) => `WHEN ${which[k]} THEN CAST(${name} AS VARCHAR)`).join(' ')
  const index = columns.map(({ i }, k) => `WHEN ${which[k]} THEN ${i}`).join(' ')
  const grouped = `SELECT CASE ${index} END AS i, CASE ${value} END AS value, count(*) AS count FROM (${data.toSQL()}) GROUP BY GROUPING SETS (${names.map((name) => `(${name})`).join(', ')})`
  const rows = await engine.read(
    `SELECT * FROM (${grouped}) WHERE value IS NOT NULL QUALIFY row_number() OVER (PARTITION BY i ORDER BY count DESC, value) <= ${Math.trunc(top)} ORDER BY i, count DESC, value`,
  )
  const types = new Map(columns.map(({ info, i }) => [i, info.type]))
  const found = new Map<number, { value: Cell; count: number }[]>(columns.map(({ i }) => [i, []]))
  for (const row of rows) {
    const i = Number(row.i)
    const type = types.get(i)
    const shown = String(row.value)
    found.get(i)?.push({
      value: type === 'int' || type === 'float' ? Number(shown) : type === 'bool' ? shown === 'true' : shown,
      count: Number(row.count),
    })
  }
  return found
}
