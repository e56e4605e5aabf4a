import type { MetaTable } from './table.ts'

/** One meta-feature: a number, or many that are summarised. */
export type MetaFeature = (table: MetaTable) => number | ArrayLike<number>

/** The meta-features of a group by their name. */
export type MetaGroup = Readonly<Record<string, MetaFeature>>

/** Returns the same function, which computes each table once. */
export function once<T>(of: (table: MetaTable) => T): (table: MetaTable) => T {
  const known = new WeakMap<MetaTable, { readonly value: T }>()
  return (table) => {
    const found = known.get(table) ?? { value: of(table) }
    known.set(table, found)
    return found.value
  }
}
