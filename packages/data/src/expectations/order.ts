import { scalar } from '../aggregates/index.ts'
import { countIf } from '../engine.ts'
import { relation } from '../query.ts'
import type { AnyRelation } from '../relation.ts'
import type { Expectation } from './expectation.ts'
import { type Context, count, type Entry, one, type Plan } from './plan.ts'

type Ordered = Expectation & { readonly type: 'increasing' | 'decreasing' }

/** A name that no column has. */
export const freeName = (names: readonly string[], wish: string): string =>
  names.includes(wish) ? freeName(names, `${wish}_`) : wish

/** The rows with a value, each with its place in the table and the value before it. */
function withPrevious({ data, sql, columns: [c], condition }: Context): {
  from: AnyRelation
  place: string
  previous: string
} {
  const place = freeName(data.columns, 'place')
  const previous = freeName(data.columns, 'previous')
  const numbered = sql.Query.from({ input: data.query }).select(...data.columns.map((name) => sql.column(name)), {
    [place]: sql.sub(sql.row_number(), sql.literal(1)),
  })
  const there = sql.not(c.missing)
  const looked = sql.Query.from({ numbered })
    .select(sql.column(c.name), sql.column(place))
    .where(condition ? sql.and(condition, there) : there)
  const query = sql.Query.from({ looked }).select(sql.column(c.name), sql.column(place), {
    // in the order of the places, which is that of the rows
    [previous]: sql.lag(c.value).orderby(sql.column(place)),
  })
  return {
    from: relation({ engine: data.engine, query, columns: [c.name, place, previous], tokens: [] }),
    place,
    previous,
  }
}

const ordered = (word: string): Entry<Ordered> => ({
  fits: 'ordered',
  columns: one,
  sentence: ({ column, strictly }) => `${column} ${strictly ? 'strictly ' : ''}${word} from row to row`,
  plan(context, { strictly }): Plan {
    const { sql, columns } = context
    const [c] = columns
    const { from, place, previous } = withPrevious(context)
    const wrong = strictly ? (word === 'increases' ? sql.lte : sql.gte) : word === 'increases' ? sql.lt : sql.gt
    const unexpected = wrong(c.value, sql.column(previous))
    const counts = [count(context), count(context, c.missing)] as const
    return {
      needs: counts,
      finish(read) {
        const [elements, missing] = counts.map((wish) => Number(read(wish)))
        const bad = scalar<number>(countIf(sql, unexpected))
        return {
          needs: [bad],
          from,
          finish: (then) => ({
            by: 'rows',
            elements,
            missing,
            unexpected: Number(then(bad)),
            failing: { from, place, predicate: unexpected, columns: [c.name] },
          }),
        }
      },
    }
  },
})

/** Expectations of each value and the one before it; missing values are passed over, and the first value is as expected. */
export const orderEntries = { increasing: ordered('increases'), decreasing: ordered('decreases') } as const
