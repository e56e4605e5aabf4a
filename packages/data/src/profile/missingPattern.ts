import { identifier } from '../engine.ts'
import type { AnyRelation, ColumnInfo } from '../relation.ts'
import type { ColumnProfile, MissingPattern } from './types.ts'

const BLOCKS = 40
/** Columns whose pattern is told, those that miss most first: their pairs are counted in one statement. */
const COLUMNS = 40

/** Returns where values are missing, from one scan of the columns that miss any. */
export async function missingPattern(
  data: AnyRelation,
  infos: readonly ColumnInfo[],
  columns: readonly ColumnProfile[],
  rows: number,
): Promise<MissingPattern> {
  const most = columns.filter(({ missing }) => missing > 0).sort((a, b) => b.missing - a.missing)
  const kept = new Set(most.slice(0, COLUMNS).map(({ name }) => name))
  const chosen = infos.filter(({ name }) => kept.has(name))
  if (chosen.length === 0) return { columns: [], matrix: [], correlation: [] }
  const blocks = Math.min(BLOCKS, rows)
  const tests = chosen.map(({ name, type, sqlType }, i) => {
    const column = identifier(name)
    const nan = type === 'float' && !sqlType.startsWith('DECIMAL') ? ` OR isnan(${column})` : ''
    return `(${column} IS NULL${nan}) AS m${i}`
  })
  const pairs = chosen.flatMap((_, i) => chosen.slice(i).map((__, k) => [i, i + k] as const))
  const counts = pairs.map(([i, j]) => `count_if(m${i} AND m${j}) AS p${i}_${j}`)
  const read = await data.engine.read(`
    SELECT block, count(*) AS n, ${counts.join(', ')} FROM (
      SELECT (row_number() OVER () - 1) * ${blocks} // ${rows} AS block, ${tests.join(', ')} FROM (${data.toSQL()}))
    GROUP BY block ORDER BY block`)
  const both = new Map(
    pairs.map(([i, j]) => [`${i} ${j}`, read.reduce((sum, row) => sum + Number(row[`p${i}_${j}`]), 0)]),
  )
  const correlation = chosen.map((_, a) =>
    chosen.map((__, b) => {
      const [i, j] = a < b ? [a, b] : [b, a]
      const [x, y] = [both.get(`${i} ${i}`)!, both.get(`${j} ${j}`)!]
      const r = (rows * both.get(`${i} ${j}`)! - x * y) / Math.sqrt(x * (rows - x) * y * (rows - y))
      return Number.isFinite(r) ? Math.max(-1, Math.min(1, r)) : null
    }),
  )
  return {
    columns: chosen.map(({ name }) => name),
    matrix: read.map((row) => chosen.map((_, i) => Number(row[`p${i}_${i}`]) / Number(row.n))),
    correlation,
  }
}
