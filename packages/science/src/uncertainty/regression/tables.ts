import { PodError } from '@mlpod/contract'
import { type AnyRelation, type Cell, type ExprNode, type Relation, untyped } from '@mlpod/data'
import { sqlAlgebra } from '../algebra/sql.ts'
import type { CalibrateOptions } from '../calibrate/calibrate.ts'
import type { RegressionPart, RegressionParts, RegressionScore } from './scores.ts'
import {
  calibrateSides,
  checkPresent,
  intervalSql,
  type RegressionConformal,
  type RegressionOptions,
  type SideScores,
  scoreOf,
} from './splitRegression.ts'

/** The columns of a table that hold what a model said. */
export type PartColumns = RegressionParts<string>

/** Settings of `calibrateRegressionTable`. */
export interface RegressionTableOptions extends Omit<RegressionOptions, 'groups' | 'weights'> {
  /** The column of the truth. */
  readonly y: string
  readonly parts: PartColumns
  /** A column, or an expression, whose value as text is a row's group; missing is the group "". */
  readonly groupBy?: GroupExpression
  /** The column of the rows' weights. */
  readonly weights?: string
}

/** What a row's group is read from. */
export type GroupExpression = string | ((sql: AnyRelation['engine']['sql']) => ExprNode)

/**
 * Returns the calibration of a table, whose scores are computed by the engine: one number a row, and its group, leave it.
 * The same as `calibrateRegression` of its columns. Throws what that throws, `COLUMN_UNKNOWN`, and `COLUMN_TYPE` for texts.
 */
export async function calibrateRegressionTable(
  table: AnyRelation,
  { y, parts, groupBy, weights, score, symmetric, ...options }: RegressionTableOptions,
): Promise<RegressionConformal> {
  const used: RegressionScore = scoreOf(score ?? (parts.lower === undefined ? 'absolute' : 'cqr'))
  const { sql } = table.engine
  const algebra = sqlAlgebra(sql)
  checkPresent(used, parts)
  const named = [y, ...used.parts.map((part) => parts[part] as string), ...(weights === undefined ? [] : [weights])]
  await checkNumbers(table, named)
  const number = (name: string): ExprNode => sql.cast(sql.column(name), 'DOUBLE')
  const given = columnsOf(used, parts, number)
  const crossing = await lookAtRows(table, used, { y, ...parts }, number)
  const above = () => used.above(algebra, number(y), given)
  const below = () => used.below(algebra, number(y), given)
  const wanted: Record<string, () => ExprNode> =
    (symmetric ?? used.symmetric) ? { both: () => algebra.max(above(), below()) } : { above, below }
  if (groupBy !== undefined) wanted.group = () => groupText(table, groupBy)
  if (weights !== undefined) wanted.weight = () => number(weights)
  const scores = await readScores(
    untyped(table)
      .derive(wanted)
      .select(...Object.keys(wanted)),
    Object.keys(wanted),
  )
  const more: Pick<CalibrateOptions, 'groups' | 'weights'> = {
    ...(groupBy === undefined ? {} : { groups: scores.texts.group }),
    ...(weights === undefined ? {} : { weights: scores.numbers.weight }),
  }
  return calibrateSides(used, scores.numbers as SideScores & Record<string, Float64Array>, {
    ...options,
    ...more,
    crossing,
  })
}

/** Reads columns piece by piece, equal texts kept once. */
async function readScores(
  relation: Relation<Record<string, Cell>>,
  names: readonly string[],
): Promise<{ numbers: Record<string, Float64Array>; texts: Record<string, string[]> }> {
  let [n, capacity] = [0, 1 << 16]
  const numbers: Record<string, Float64Array> = {}
  const texts: Record<string, string[]> = {}
  const known = new Map<string, string>()
  for (const name of names) {
    if (name === 'group') texts[name] = []
    else numbers[name] = new Float64Array(capacity)
  }
  for await (const batch of relation.batches()) {
    const size = batch[names[0]].data.length
    while (n + size > capacity) capacity *= 2
    for (const name of names) {
      const { kind, data } = batch[name]
      if (kind === 'number') {
        if (numbers[name].length < capacity) {
          const grown = new Float64Array(capacity)
          grown.set(numbers[name])
          numbers[name] = grown
        }
        numbers[name].set(data, n)
      } else
        for (const text of data) {
          const own = known.get(text)
          if (own === undefined) known.set(text, text)
          texts[name].push(own ?? text)
        }
    }
    n += size
  }
  for (const name in numbers) numbers[name] = numbers[name].subarray(0, n)
  return { numbers, texts }
}

/**
 * Returns how many rows have quantiles that cross, in the scan that looks for values that are not above 0 where they must be.
 * Throws `VALUE_NOT_POSITIVE`.
 */
async function lookAtRows(
  table: AnyRelation,
  { positive = [] }: RegressionScore,
  columns: PartColumns & { readonly y: string },
  number: (name: string) => ExprNode,
): Promise<number> {
  const { sql } = table.engine
  const { lower, upper } = columns
  const count = (condition: ExprNode) => () => sql.sum(sql.cond(condition, sql.literal(1), sql.literal(0)))
  const wanted: Record<string, () => ExprNode> = Object.fromEntries(
    positive.map((part) => [part, count(sql.lte(number(columns[part] as string), sql.literal(0)))]),
  )
  if (lower !== undefined && upper !== undefined) wanted.crossing = count(sql.gt(number(lower), number(upper)))
  if (Object.keys(wanted).length === 0) return 0
  const [counts] = (await untyped(table).groupBy([], wanted).rows()) as Readonly<Record<string, number | null>>[]
  for (const part of positive)
    if (Number(counts[part]) > 0)
      throw new PodError('VALUE_NOT_POSITIVE', `"${columns[part]}" of ${counts[part]} rows is not above 0`, {
        because: 'the gamma score divides by the prediction, and speaks of shares of it',
        hint: 'take the score "absolute"',
      })
  return Number(counts.crossing ?? 0)
}

/** Which columns of new rows hold what. */
export interface IntervalColumns {
  readonly parts: PartColumns
  readonly groupBy?: GroupExpression
}

/**
 * Returns the table with two more columns a level, `lower` and `upper` (`lower_0.9`, `upper_0.9` where there are several levels): a query, of
 * which nothing runs before it is read. Throws `PART_MISSING`, `COLUMN_UNKNOWN`.
 */
export function withIntervals(
  table: AnyRelation,
  conformal: RegressionConformal,
  { parts, groupBy }: IntervalColumns,
): Relation<Record<string, Cell>> {
  const { sql } = table.engine
  checkPresent(conformal.score, parts)
  const columns = columnsOf(conformal.score, parts, (name) => sql.column(name))
  const intervals = intervalSql(
    conformal,
    sql,
    columns,
    groupBy === undefined ? {} : { group: groupText(table, groupBy) },
  )
  const suffix = (level: number): string => (intervals.length === 1 ? '' : `_${level}`)
  return untyped(table).derive(
    Object.fromEntries(
      intervals.flatMap(({ level, lower, upper }) => [
        [`lower${suffix(level)}`, () => lower] as const,
        [`upper${suffix(level)}`, () => upper] as const,
      ]),
    ),
  )
}

const columnsOf = (
  score: RegressionScore,
  parts: PartColumns,
  column: (name: string) => ExprNode,
): Readonly<Record<RegressionPart, ExprNode>> => {
  const found: RegressionParts<ExprNode> = Object.fromEntries(
    score.parts.map((part) => [part, column(parts[part] as string)]),
  )
  return found as Readonly<Record<RegressionPart, ExprNode>>
}

/** The group of a row as text, "" where it is missing. */
function groupText({ engine: { sql } }: AnyRelation, groupBy: GroupExpression): ExprNode {
  const value = typeof groupBy === 'string' ? sql.column(groupBy) : groupBy(sql)
  return sql.coalesce(sql.cast(value, 'VARCHAR'), sql.literal(''))
}

async function checkNumbers(table: AnyRelation, names: readonly string[]): Promise<void> {
  const types = new Map((await table.describe()).map(({ name, type, sqlType }) => [name, { type, sqlType }]))
  for (const name of names) {
    const found = types.get(name)
    if (found === undefined) untyped(table).select(name)
    else if (!(found.type === 'int' || found.type === 'float' || /^(DECIMAL|HUGEINT|UHUGEINT)/.test(found.sqlType)))
      throw new PodError('COLUMN_TYPE', `the column "${name}" is ${found.sqlType}, not a number`)
  }
}
