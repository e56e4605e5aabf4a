import { PodError } from '@mlpod/contract'
import type { Column } from '../schema.ts'

/**
 * Returns a column for each name that a regular expression finds, in the order of the names: columns of a schema that are known by how they are called.
 * The first expression that fits counts. Throws `COLUMN_MISSING` for an expression that finds none, `SCHEMA_INVALID` for one that is none.
 * Source: columns with `regex=True` of pandera 0.35.0, where an expression must fit from the beginning of a name; here `^` says so.
 */
export function columnsMatching(
  names: readonly string[],
  patterns: Readonly<Record<string, Column>>,
): Readonly<Record<string, Column>> {
  const found: Record<string, Column> = {}
  const list = Object.entries(patterns).map(([pattern, column]) => {
    try {
      return { pattern, column, is: new RegExp(pattern, 'u') }
    } catch (error) {
      throw new PodError('SCHEMA_INVALID', `${pattern} is no regular expression`, { cause: error })
    }
  })
  for (const name of names) {
    const fit = list.find(({ is }) => is.test(name))
    if (fit) found[name] = fit.column
  }
  const none = list.find(({ is }) => !names.some((name) => is.test(name)))
  if (none) throw new PodError('COLUMN_MISSING', `the table has no column whose name fits ${none.pattern}`)
  return found
}
