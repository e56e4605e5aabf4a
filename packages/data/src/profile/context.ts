import type { AnyRelation } from '../relation.ts'

/** What the reading of each column is told. */
export interface Context {
  readonly data: AnyRelation
  readonly rows: number
  readonly bins: number
  readonly top: number
  readonly examined: number
  readonly categoricalUpTo: number
  /** Rows with a value (for columns that are not looked into), or with an infinite moment. */
  readonly present: ReadonlyMap<string, number>
}

/** Levels of a category that associations look at. Source: ydata-profiling. */
export const ASSOCIATED_LEVELS = 100
