import type { MetaTable } from './table.ts'

/** One meta-feature: a number, or many that are summarised. */
export type MetaFeature = (table: MetaTable) => number | ArrayLike<number>

/** The meta-features of a group by their name. */
export type MetaGroup = Readonly<Record<string, MetaFeature>>
