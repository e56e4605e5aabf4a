import { didYouMean, PodError } from '@mlpod/contract'

/** Returns the table that was asked for, or the only one. Throws `TABLE_UNKNOWN`, and `OPTION_INVALID` where there are several to choose from. */
export function chosen(
  tables: readonly string[],
  asked: string | undefined,
  { what, name }: { readonly what: string; readonly name: string },
): string {
  if (asked === undefined && tables.length === 1) return tables[0]
  if (asked === undefined)
    throw new PodError(
      'OPTION_INVALID',
      tables.length === 0 ? `${name} has no ${what}` : `${name} has ${tables.length} ${what}s, and none is named`,
      { hint: tables.length === 0 ? undefined : `name one: ${tables.slice(0, 20).join(', ')}` },
    )
  if (tables.includes(asked)) return asked
  throw new PodError('TABLE_UNKNOWN', `${name} has no ${what} "${asked}"${didYouMean(asked, tables)}`, {
    hint: `it has ${tables.slice(0, 20).join(', ')}`,
  })
}
