import type { Json } from '@mlpod/contract'
import type { BinOptions, Shares } from './bins.ts'
import type { Kind, Sample } from './sample.ts'

/** What one method found of a column. */
export interface Score {
  /** A p-value or a distance, as the method says. NaN where it is not defined. */
  readonly score: number
  /** The statistic behind a p-value. */
  readonly statistic?: number
  /** The bins or categories that were compared. */
  readonly shares?: Shares
  /** The verdict, where it is not a comparison of the score alone. */
  readonly drifted?: boolean
  /** What tells the sides apart: words and examples. */
  readonly detail?: Json
}

/** What a method may be told. */
export interface MethodOptions extends BinOptions {
  /** Seeds what is drawn: permutations and samples of rows. */
  readonly seed?: number
  /** The threshold in force, for methods that need it. */
  readonly threshold?: number
  /** Rows a side of methods whose cost grows with their square; more are drawn from. */
  readonly maxRows?: number
}

/** One way to compare a column on both sides: an entry of the table of methods. */
export interface Method {
  readonly about: string
  readonly kinds: readonly Kind[]
  readonly gives: 'p-value' | 'distance'
  readonly threshold: number
  /** Whether a score tells drift. */
  readonly drifted: (score: number, threshold: number) => boolean
  readonly compare: (reference: Sample, current: Sample, options: MethodOptions) => Score
}
