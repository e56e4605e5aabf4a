import type { Hash } from './hash.ts'

/** A column of a figure's data; missing is null. */
export type FigureColumn = readonly (number | null)[] | readonly (string | null)[]

/** The kinds of figures, each drawn by one entry of the table in `figure`. */
export type FigureKind =
  | 'line'
  | 'reliability'
  | 'coverageByGroup'
  | 'setSizes'
  | 'histogram'
  | 'predictionIntervals'
  | 'groupMetrics'
  | 'attributions'

/**
 * A figure as plain data. The rooms that know a subject return it; the console, the report and the terminal draw it.
 * `title` is the claim or the question, `caption` says n and where the data come from, `alt` says the finding in one sentence.
 */
export interface Figure {
  readonly kind: FigureKind
  readonly version: 1
  readonly title: string
  readonly caption: string
  readonly alt: string
  readonly data: Readonly<Record<string, FigureColumn>>
  /** Names of axes, thresholds and units that the drawing needs. */
  readonly encoding?: Readonly<Record<string, string | number>>
  readonly evidence: readonly Hash[]
}
