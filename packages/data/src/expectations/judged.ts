import type { ExprNode } from '@uwdata/mosaic-sql'
import { valueCounts } from '../aggregates/index.ts'
import { oneOf, textLiteral } from './members.ts'
import { type Context, count, type Plan } from './plan.ts'

/** Values that a condition may list; of more, those that occur most often are shown. */
const LISTED = 5000

/**
 * Returns the plan of an expectation of texts that SQL cannot judge: it is judged once for each distinct value. `good` tells whether a text is as expected.
 */
export function judged(context: Context, good: (text: string) => boolean): Plan {
  const { sql, condition, columns } = context
  const [c] = columns
  const text = sql.cast(c.value, 'VARCHAR')
  const there = sql.not(c.missing)
  const looked = condition ? sql.and(condition, there) : there
  const wish = valueCounts([text], { where: looked })
  const elements = count(context)
  const missing = count(context, c.missing)
  return {
    needs: [elements, missing, wish],
    finish(read) {
      const bad: string[] = []
      const fine: string[] = []
      let unexpected = 0
      for (const { values, count } of read(wish)) {
        const value = String(values[0])
        if (good(value)) fine.push(value)
        else {
          bad.push(value)
          unexpected += count
        }
      }
      return {
        by: 'rows',
        elements: Number(read(elements)),
        missing: Number(read(missing)),
        unexpected,
        failing: {
          predicate: sql.and(looked, among(context, text, bad, fine)),
          columns: columns.map(({ name }) => name),
        },
      }
    },
  }
}

function among({ sql }: Context, text: ExprNode, bad: readonly string[], fine: readonly string[]): ExprNode {
  if (bad.length === 0) return sql.literal(false)
  const list = (values: readonly string[]) =>
    oneOf(
      sql,
      text,
      values.map((value) => textLiteral(sql, value)),
    )
  if (bad.length > LISTED && fine.length <= LISTED) return fine.length === 0 ? sql.literal(true) : sql.not(list(fine))
  return list(bad.slice(0, LISTED))
}
