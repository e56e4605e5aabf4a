import { orderStatistics, scalar } from '../aggregates/index.ts'
import { countIf } from '../engine.ts'
import type { Of } from './expectation.ts'
import { aggregate, type Context, count, type Entry, number, one, type Plan, rows } from './plan.ts'

/** Returns the places between which a quantile of n sorted values lies, linearly. */
export const linearPlaces = (n: number, q: number): readonly [number, number] => {
  const at = (n - 1) * q
  return [Math.floor(at), Math.ceil(at)]
}

/** Returns the value a share of the way from one to another. */
export const between = (low: number, high: number, share: number): number =>
  low === high || share === 0
    ? low
    : share === 1
      ? high
      : share >= 0.5
        ? high - (high - low) * (1 - share)
        : low + (high - low) * share

/** Reads mean and standard deviation (n - 1) first; then `next` judges each value by them. */
function byMoments(
  context: Context,
  next: (moments: { readonly mean: number; readonly sd: number }) => Plan,
  undefinedBasis: () => Plan,
): Plan {
  const { sql } = context
  const mean = scalar<number | null>(aggregate(sql, 'favg', number(context)))
  const infinite = scalar<number>(countIf(sql, sql.isInfinite(number(context))))
  // without the infinite values, whose deviation the engine refuses
  const sd = scalar<number | null>(
    aggregate(sql, 'stddev_samp', sql.cond(sql.isFinite(number(context)), number(context)) as never),
  )
  return {
    needs: [mean, sd, infinite],
    finish(read) {
      const found = { mean: read(mean), sd: read(sd) }
      if (Number(read(infinite)) > 0 || found.mean === null || found.sd === null) return undefinedBasis()
      return next(found as { mean: number; sd: number })
    },
  }
}

const nothing = (context: Context): Plan => rows(context, { unexpected: context.sql.literal(false) })

/** Expectations of how far values lie from the others of their column. */
export const outlierEntries = {
  zScoreLess: {
    fits: 'number',
    columns: one,
    sentence: ({ column, threshold, doubleSided }: Of<'zScoreLess'>) =>
      `${column} lies less than ${threshold} standard deviations ${doubleSided ? 'from' : 'above'} its mean`,
    refuse: ({ threshold }) =>
      typeof threshold === 'number' && threshold > 0 ? undefined : `its threshold ${threshold} is no positive number`,
    // no spread, or none that is defined: every value passes
    plan: (context, { threshold, doubleSided }) =>
      byMoments(
        context,
        ({ mean, sd }) => {
          if (!(sd > 0)) return nothing(context)
          const { sql } = context
          const z = sql.div(
            sql.sub(sql.cast(context.columns[0].value, 'DOUBLE'), real(context, mean)),
            real(context, sd),
          )
          return rows(context, {
            unexpected: sql.gte(doubleSided ? sql.abs(z) : z, sql.literal(threshold)),
            details: { mean, standardDeviation: sd },
          })
        },
        () => nothing(context),
      ),
  } satisfies Entry<Of<'zScoreLess'>>,
  notOutliers: {
    fits: 'number',
    columns: one,
    sentence: ({ column, method = 'iqr', multiplier = 1.5 }: Of<'notOutliers'>) =>
      `${column} lies within ${multiplier} ${method === 'iqr' ? 'interquartile ranges of its quartiles' : 'standard deviations of its mean'}`,
    refuse: ({ method = 'iqr', multiplier = 1.5 }) =>
      method !== 'iqr' && method !== 'std'
        ? `there is no method "${String(method)}", only iqr and std`
        : typeof multiplier === 'number' && Number.isFinite(multiplier) && multiplier >= 0
          ? undefined
          : `its multiplier ${multiplier} is no number from 0 up`,
    plan(context, { method = 'iqr', multiplier = 1.5 }) {
      const { sql } = context
      const value = sql.cast(context.columns[0].value, 'DOUBLE')
      if (method === 'std')
        return byMoments(
          context,
          ({ mean, sd }) => {
            const limit = multiplier * sd
            const distance = sql.abs(sql.sub(value, real(context, mean)))
            return rows(context, {
              unexpected: limit > 0 ? sql.gte(distance, real(context, limit)) : sql.gt(distance, sql.literal(0)),
              details: { mean, standardDeviation: sd },
            })
          },
          () => nothing(context),
        )
      const quartiles = orderStatistics(
        number(context),
        (n) => [...linearPlaces(n, 0.25), ...linearPlaces(n, 0.75)],
        'quartiles',
      )
      const n = count(context, sql.not(context.columns[0].missing))
      return {
        needs: [quartiles, n],
        finish(read) {
          const places = read(quartiles)
          if (places.length === 0 || !places.every(Number.isFinite)) return nothing(context)
          const [a, b, c, d] = places
          const at = (q: number): number => ((Number(read(n)) - 1) * q) % 1
          const low = between(a, b, at(0.25))
          const high = between(c, d, at(0.75))
          const spread = high - low
          return rows(context, {
            // the fence itself is inside
            unexpected: sql.or(
              sql.lt(value, real(context, low - multiplier * spread)),
              sql.gt(value, real(context, high + multiplier * spread)),
            ),
            details: { quartiles: [low, high] },
          })
        },
      }
    },
  } satisfies Entry<Of<'notOutliers'>>,
} as const

/** A number as a double: a literal with a point would be a decimal, whose digits are limited. */
export const real = ({ sql }: Context, value: number) => sql.cast(sql.literal(String(value)), 'DOUBLE')
