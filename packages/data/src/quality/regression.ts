import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { type Aggregate, collect, numbers, scalar } from '../aggregates/index.ts'
import { unknownColumn } from '../query.ts'
import type { AnyRelation } from '../relation.ts'

/** How a share of the target is taken where the target is (nearly) zero. */
export interface RelativeErrorOptions {
  /** Such rows count as an error of `value` (1), are left out, or are divided by `epsilon`. */
  readonly zeros?: 'replace' | 'drop' | 'epsilon'
  readonly value?: number
  /** Targets at most this large count as zero; by default the distance of 1 to the next double. */
  readonly epsilon?: number
}

/** A mean, and the sample standard deviation about it (n - 1). */
export interface MeanAndSd {
  readonly mean: number | null
  readonly sd: number | null
}

/** How good predictions of numbers are. Errors are predicted minus true. */
export interface RegressionQuality {
  /** Rows with both numbers, and those without. */
  readonly n: number
  readonly dropped: number
  readonly error: MeanAndSd
  readonly absoluteError: MeanAndSd
  /** In per cent of the target, but its deviation as a share. */
  readonly percentageError: MeanAndSd
  readonly rmse: number | null
  readonly r2: number | null
  readonly largestError: number | null
  /** What the best constant would have: the median, the mean, a weighted median, and the median. */
  readonly dummy: {
    readonly meanAbsoluteError: number | null
    readonly rmse: number | null
    readonly percentageError: number | null
    readonly largestError: number | null
  }
  /** Errors of the 5 % most under- and overestimated rows, and of the rest. */
  readonly groups: {
    readonly underestimation: MeanAndSd
    readonly majority: MeanAndSd
    readonly overestimation: MeanAndSd
  }
}

/**
 * Returns how good predictions of numbers are, in two scans. Rows in which either number is missing are left out and counted. Throws `COLUMN_UNKNOWN`,
 * `COLUMN_TYPE`. Source of the conventions: Evidently 0.7; shares are of the size of the target, which there are of the target itself.
 */
export async function regressionQuality(
  data: AnyRelation,
  {
    target,
    predicted,
    zeros = 'replace',
    value = 1,
    epsilon = Number.EPSILON,
  }: RelativeErrorOptions & { readonly target: string; readonly predicted: string },
): Promise<RegressionQuality> {
  const types = new Map((await data.describe()).map(({ name, type }) => [name, type]))
  for (const name of [target, predicted]) {
    if (!types.has(name)) throw unknownColumn(name, data.columns)
    if (types.get(name) !== 'int' && types.get(name) !== 'float')
      throw new PodError('COLUMN_TYPE', `the column "${name}" holds no numbers`)
  }
  const { sql } = data.engine
  const real = (name: string): ExprNode => {
    const column = sql.cast(sql.column(name), 'DOUBLE')
    return sql.cond(sql.not(sql.isNaN(column)), column)
  }
  const [y, guess] = [real(target), real(predicted)]
  const error = sql.sub(guess, y)
  const truth = sql.cond(sql.not(sql.isNull(error)), y)
  const size = new sql.FunctionNode('abs', [error])
  const isZero = sql.lte(new sql.FunctionNode('abs', [truth]), sql.literal(epsilon))
  const share = sql.div(size, new sql.FunctionNode('abs', [truth]))
  const ofZero = { replace: sql.literal(value), drop: sql.literal(null), epsilon: sql.div(size, sql.literal(epsilon)) }[
    zeros
  ]
  const relative = sql.cond(isZero, ofZero, share)
  const one = (name: string, ...args: ExprNode[]): Aggregate<number | null> => scalar(new sql.AggregateNode(name, args))
  const both = (e: ExprNode) => ({ mean: one('favg', e), sd: one('stddev_samp', e) })
  const wanted = {
    rows: scalar<number>(sql.count()),
    n: scalar<number>(sql.count(error)),
    error: both(error),
    size: both(size),
    relative: both(relative),
    squares: one('favg', sql.mul(error, error)),
    largest: one('max', size),
    mean: one('favg', truth),
    median: one('median', truth),
    variance: one('var_pop', truth),
    low: one('quantile_cont', error, sql.literal(0.05)),
    high: one('quantile_cont', error, sql.literal(0.95)),
  }
  const truths = numbers(truth)
  const { error: e, size: s, relative: r, ...single } = wanted
  const found = await collect(data, [...Object.values(single), e.mean, e.sd, s.mean, s.sd, r.mean, r.sd, truths])
  const pair = ({ mean, sd }: typeof e): MeanAndSd => ({ mean: found(mean), sd: found(sd) })
  const n = found(wanted.n)
  const [low, high] = [found(wanted.low), found(wanted.high)]
  const [mean, median, variance] = [found(wanted.mean), found(wanted.median), found(wanted.variance)]
  const between = (condition: ExprNode) => both(sql.cond(condition, error))
  const limits = [sql.literal(low), sql.literal(high)] as const
  const groups = {
    underestimation: between(sql.lte(error, limits[0])),
    majority: between(sql.and(sql.gt(error, limits[0]), sql.lt(error, limits[1]))),
    overestimation: between(sql.gte(error, limits[1])),
  }
  const distance = (to: number | null): ExprNode => new sql.FunctionNode('abs', [sql.sub(truth, sql.literal(to))])
  const constant = bestShare(found(truths))
  const relativeTo = sql.div(
    distance(constant),
    new sql.FunctionNode('greatest', [new sql.FunctionNode('abs', [truth]), sql.literal(epsilon)]),
  )
  const dummy = {
    mean: one('favg', distance(median)),
    largest: one('max', distance(median)),
    share: one('favg', relativeTo),
  }
  const second = await collect(data, [
    ...Object.values(dummy),
    ...Object.values(groups).flatMap((group) => [group.mean, group.sd]),
  ])
  const of = ({ mean: m, sd }: typeof e): MeanAndSd => ({ mean: second(m), sd: second(sd) })
  const squares = found(wanted.squares)
  const percent = (value: number | null): number | null => (value === null ? null : 100 * value)
  const percentage = pair(r)
  return {
    n,
    dropped: found(wanted.rows) - n,
    error: pair(e),
    absoluteError: pair(s),
    percentageError: { ...percentage, mean: percent(percentage.mean) },
    rmse: squares === null ? null : Math.sqrt(squares),
    // a constant target leaves nothing to explain
    r2: squares === null || variance === null || variance === 0 ? null : 1 - squares / variance,
    largestError: found(wanted.largest),
    dummy: {
      meanAbsoluteError: second(dummy.mean),
      rmse: mean === null || variance === null ? null : Math.sqrt(variance),
      percentageError: percent(second(dummy.share)),
      largestError: second(dummy.largest),
    },
    groups: {
      underestimation: of(groups.underestimation),
      majority: of(groups.majority),
      overestimation: of(groups.overestimation),
    },
  }
}

/** The constant with the least mean relative error: the median of the targets, weighted by 1 / |target|. */
function bestShare(truths: Float64Array): number | null {
  const kept = truths.filter((v) => v !== 0).sort((a, b) => Math.abs(b) - Math.abs(a))
  const total = kept.reduce((sum, v) => sum + 1 / Math.abs(v), 0)
  let seen = 0
  for (const v of kept) {
    seen += 1 / Math.abs(v) / total
    if (seen > 0.5) return v
  }
  return kept.length > 0 ? kept[kept.length - 1] : null
}
