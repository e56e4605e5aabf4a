import { PodError } from '@mlpod/contract'
import type { ExprNode, Sql } from '@mlpod/data'
import { sqlAlgebra } from '../algebra/sql.ts'
import { thresholdSql } from '../regression/splitRegression.ts'
import type { ClassifierConformal } from './classifier.ts'
import type { ClassTransform } from './rows.ts'
import { entryOf, excessPower, type LabelPart, scoreOver } from './scores.ts'

/** The prediction set of a row as SQL: for each class whether its label is in the set. */
export interface SetSql {
  readonly level: number
  /** BOOLEAN, one a class. */
  readonly labels: readonly ExprNode[]
}

/**
 * Returns the prediction sets as SQL over the columns of the classes' numbers, one a level: the same labels as `classifierSets`; a row in
 * which a number is missing or NaN has them all. `group` is the expression of a row's group as text, `uniform` that of its uniform number
 * where calibration was randomised. Ranks and masses compare all pairs of classes: for some tens of classes.
 * Throws `LENGTH_MISMATCH`, `PART_MISSING`, `OPTION_CONFLICT` for classes by group.
 */
export function setSql(
  conformal: ClassifierConformal,
  sql: Sql,
  columns: readonly ExprNode[],
  { group, uniform }: { readonly group?: ExprNode; readonly uniform?: ExprNode } = {},
): readonly SetSql[] {
  const { score, classes, levels, calibration, byClass, lastLabel, allowEmpty, randomized } = conformal
  if (conformal.classInGroup)
    throw new PodError('OPTION_CONFLICT', 'thresholds of each class in each group are for arrays alone', {
      hint: 'calibrate by class, or by group',
    })
  if (columns.length !== classes)
    throw new PodError('LENGTH_MISMATCH', `${columns.length} columns do not match ${classes} classes`)
  const including = lastLabel === 'include'
  const fixed = including || lastLabel === 'exclude'
  if (randomized && !fixed && uniform === undefined)
    throw new PodError('PART_MISSING', 'the calibration was randomised, and the query has no uniform numbers', {
      hint: 'give { uniform: sql.column(...) }, a number in [0, 1] a row',
    })
  const a = sqlAlgebra(sql)
  const x = transformed(
    sql,
    columns.map((column) => sql.cast(column, 'DOUBLE')),
    conformal,
  )
  const needed = new Set<LabelPart>(entryOf(score).parts)
  const firstNeeded = fixed || !allowEmpty
  const unknown = x.map((p): ExprNode => sql.or(sql.isNull(p), sql.isNaN(p))).reduce((one, other) => sql.or(one, other))
  const labels = x.map((_, y) => {
    // given scores are smallest for what is likeliest
    const rank = rankOf(sql, score.name === 'given' ? x.map((s) => sql.sub(sql.literal(0), s)) : x, y)
    const parts = {
      p: x[y],
      // the score of the label before is that of its mass, which is all before this one, and of its rank
      ...(needed.has('rank') ? { rank: including ? sql.sub(rank, sql.literal(1)) : rank } : {}),
      ...(needed.has('mass') ? { mass: massOf(sql, x, y, !including) } : {}),
      ...(needed.has('top') ? { top: largest(sql, x) } : {}),
      ...(needed.has('other') ? { other: largest(sql, x, y) } : {}),
      ...(needed.has('excess') ? { excess: excessOf(sql, x, y, excessPower(score)) } : {}),
      ...(uniform && !fixed ? { u: sql.cast(uniform, 'DOUBLE') } : {}),
    }
    return { rank, score: scoreOver(a, score, parts) }
  })
  return levels.map((level, l) => ({
    level,
    labels: labels.map(({ rank, score: s }, y) => {
      const q = byClass ? a.number(byClass[l].thresholds[y]) : thresholdSql(calibration, l, sql, group)
      const limit = byClass?.[l].ranks?.[y]
      const within = including ? sql.lt(s, q) : sql.lte(s, q)
      const low = limit === undefined ? within : sql.and(within, sql.lte(rank, sql.literal(limit)))
      const found = firstNeeded ? sql.or(low, sql.eq(rank, sql.literal(1))) : low
      return sql.or(unknown, found)
    }),
  }))
}

function transformed(
  sql: Sql,
  x: readonly ExprNode[],
  { transform, normalise }: Pick<ClassifierConformal, 'transform' | 'normalise'>,
): readonly ExprNode[] {
  const share = (values: readonly ExprNode[]): readonly ExprNode[] => {
    const sum = values.reduce((one, other) => sql.add(one, other))
    return values.map((value) => sql.div(value, sum))
  }
  const less = (): readonly ExprNode[] => {
    const top = largest(sql, x)
    return x.map((z) => sql.sub(z, top))
  }
  const table: Readonly<Record<ClassTransform, () => readonly ExprNode[]>> = {
    identity: () => x,
    log: () => x.map((p) => sql.ln(p)),
    softmax: () => share(less().map((z) => sql.exp(z))),
    logSoftmax: () => {
      const z = less()
      const rest = sql.ln(z.map((value): ExprNode => sql.exp(value)).reduce((one, other) => sql.add(one, other)))
      return z.map((value) => sql.sub(value, rest))
    },
  }
  const values = table[transform]()
  return normalise ? share(values) : values
}

/** The largest number, or the largest but that of y. */
function largest(sql: Sql, x: readonly ExprNode[], y = -1): ExprNode {
  const others = x.filter((_, j) => j !== y)
  if (others.length === 0) return sql.cast(sql.literal('-Infinity'), 'DOUBLE')
  return others.reduce((one, other) => sql.greatest(one, other))
}

/** Whether class j comes before y: ties by class. */
const before = (sql: Sql, x: readonly ExprNode[], j: number, y: number): ExprNode =>
  j < y ? sql.gte(x[j], x[y]) : sql.gt(x[j], x[y])

const others = (x: readonly ExprNode[], y: number): readonly number[] => Array.from(x.keys()).filter((j) => j !== y)

const rankOf = (sql: Sql, x: readonly ExprNode[], y: number): ExprNode =>
  others(x, y)
    .map((j) => sql.cond(before(sql, x, j, y), sql.literal(1), sql.literal(0)))
    .reduce<ExprNode>((sum, one) => sql.add(sum, one), sql.cast(sql.literal(1), 'DOUBLE'))

/** As over arrays, each number is a multiple of 2^-52 first, so that the sum is the same in any order. */
function massOf(sql: Sql, x: readonly ExprNode[], y: number, withOwn: boolean): ExprNode {
  const one = sql.cast(sql.literal('1'), 'DOUBLE')
  const zero = sql.cast(sql.literal('0'), 'DOUBLE')
  const summable = (p: ExprNode): ExprNode => sql.sub(sql.add(p, one), one)
  return others(x, y)
    .map((j) => sql.cond(before(sql, x, j, y), summable(x[j]), zero))
    .reduce<ExprNode>((sum, term) => sql.add(sum, term), withOwn ? summable(x[y]) : zero)
}

function excessOf(sql: Sql, x: readonly ExprNode[], y: number, power: number): ExprNode {
  const zero = sql.cast(sql.literal('0'), 'DOUBLE') as ExprNode
  const more = others(x, y).map((j): ExprNode => sql.greatest(sql.sub(x[j], x[y]), zero))
  const sum = (terms: readonly ExprNode[]): ExprNode =>
    terms.reduce<ExprNode>((one, other) => sql.add(one, other), zero)
  if (power === 1) return sum(more)
  const top = more.reduce<ExprNode>((one, other) => sql.greatest(one, other), zero)
  if (power === Number.POSITIVE_INFINITY) return top
  const shares = sum(more.map((m) => sql.pow(sql.div(m, top), sql.literal(power))))
  return sql.cond(sql.gt(top, zero), sql.mul(top, sql.pow(shares, sql.literal(1 / power))), zero)
}
