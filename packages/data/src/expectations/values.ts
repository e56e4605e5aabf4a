import { type Aggregate, orderStatistics, scalar, valueCounts } from '../aggregates/index.ts'
import type { Cell } from '../relation.ts'
import type { Interpolation, Of, SetValue } from './expectation.ts'
import { between } from './outliers.ts'
import { count, countable, type Entry, number, one, type Plan } from './plan.ts'
import { listed } from './range.ts'

/** Rounds half to even, as NumPy does. */
const rint = (x: number): number => {
  const low = Math.floor(x)
  const rest = x - low
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1
}

/** The places of the sorted values that a quantile is made of. */
const PLACES: Readonly<Record<Interpolation, (at: number) => readonly [number, number]>> = {
  nearest: (at) => [rint(at), rint(at)],
  lower: (at) => [Math.floor(at), Math.floor(at)],
  higher: (at) => [Math.ceil(at), Math.ceil(at)],
  linear: (at) => [Math.floor(at), Math.ceil(at)],
  midpoint: (at) => [Math.floor(at), Math.ceil(at)],
}

/** How near a bound a quantile may miss it. Source: Great Expectations 1.24 (`numpy.isclose` with rtol 1e-4). */
const near = (value: number, bound: number | null): boolean =>
  bound !== null && Math.abs(value - bound) <= 1e-8 + 1e-4 * Math.abs(bound)

/** Most values of the greatest count that are looked for at once. */
const MODES = 1000

/** Expectations of sorted and of counted values. */
export const valueEntries = {
  quantilesBetween: {
    fits: 'number',
    columns: one,
    sentence: ({ column, quantiles, ranges }: Of<'quantilesBetween'>) =>
      `the quantiles of ${column} lie in their ranges: ${quantiles.map((q, i) => `${q} in [${ranges[i]?.map((bound) => bound ?? '').join(', ')}]`).join(', ')}`,
    refuse({ quantiles, ranges, interpolation = 'nearest' }) {
      if (!(interpolation in PLACES)) return `there is no interpolation "${interpolation}"`
      if (quantiles.length === 0) return 'it names no quantile'
      if (quantiles.length !== ranges.length) return `it has ${quantiles.length} quantiles and ${ranges.length} ranges`
      const wrong = quantiles.find((q) => !(q >= 0 && q <= 1))
      if (wrong !== undefined) return `${wrong} is no quantile`
      const empty = ranges.find(([low, high]) => low !== null && high !== null && low > high)
      return empty && `the range [${empty.join(', ')}] has its ends in the wrong order`
    },
    plan(context, { quantiles, ranges, interpolation = 'nearest' }): Plan {
      const places = (n: number): number[] => quantiles.flatMap((q) => PLACES[interpolation]((n - 1) * q))
      const wish = orderStatistics(number(context), places, `${interpolation} ${quantiles.join()}`)
      const n = scalar<number>(context.sql.count(number(context)))
      return {
        needs: [wish, n],
        finish(read) {
          const found = read(wish)
          const values = quantiles.map((q, i) => {
            if (found.length === 0) return null
            const [low, high] = [found[2 * i], found[2 * i + 1]]
            if (interpolation === 'midpoint') return (low + high) / 2
            return between(low, high, ((Number(read(n)) - 1) * q) % 1)
          })
          const fits = values.map((value, i) => {
            const [low, high] = ranges[i]
            if (value === null) return false
            return (
              ((low === null || value >= low) && (high === null || value <= high)) ||
              near(value, low) ||
              near(value, high)
            )
          })
          return {
            by: 'whole',
            elements: Number(read(n)),
            holds: !fits.includes(false),
            observed: { quantiles, values },
            details: { interpolation, success_details: fits },
          }
        },
      }
    },
  } satisfies Entry<Of<'quantilesBetween'>>,
  mostCommonInSet: {
    fits: 'any',
    columns: one,
    sentence: ({ column, values }: Of<'mostCommonInSet'>) =>
      `the most common value of ${column} is one of ${listed(values)}`,
    refuse: ({ values }) => (Array.isArray(values) ? undefined : 'it has no set of values'),
    plan(context, { values, tiesOkay = false }): Plan {
      const { sql, columns, condition } = context
      const [c] = columns
      const looked = condition ? sql.and(condition, sql.not(c.missing)) : sql.not(c.missing)
      const { expression, read: cell } = countable(context, c)
      const head = valueCounts([expression], { where: looked, limit: MODES })
      const elements = count(context)
      const set = new Set(values)
      const judge = (counts: Aggregate<readonly { values: readonly unknown[]; count: number }[]>): Plan => ({
        needs: [elements, counts],
        finish(read) {
          const found = read(counts)
          const top = found.filter(({ count }) => count === found[0].count)
          // all of them tie so far: there may be more
          if (counts === head && top.length === MODES) return judge(valueCounts([expression], { where: looked }))
          const modes = top.map(({ values }) => cell(values[0] as Cell) as SetValue).sort((a, b) => (a < b ? -1 : 1))
          const holds = tiesOkay ? modes.some((mode) => set.has(mode)) : modes.length === 1 && set.has(modes[0])
          return { by: 'whole', elements: Number(read(elements)), holds, observed: modes }
        },
      })
      return judge(head)
    },
  } satisfies Entry<Of<'mostCommonInSet'>>,
} as const
