import type { Figure } from '@mlpod/contract'
import type * as Plot from '@observablehq/plot'
import type { Row } from './columns.ts'

/** What a drawing may use: the plotting library and the width in CSS pixels. */
export interface Canvas {
  readonly plot: typeof Plot
  readonly width: number
}

/** A table for people and for screen readers: headers and cells as text. */
export interface TextTable {
  readonly headers: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** One entry of the table of kinds. */
export interface Kind {
  /** The columns that the figure's data must have. */
  readonly columns: readonly string[]
  /** What a picture shows; colours are CSS custom properties, so that one drawing serves light and dark. */
  draw(figure: Figure, rows: readonly Row[], canvas: Canvas): Plot.PlotOptions
  table(figure: Figure, rows: readonly Row[]): TextTable
}

/** Colours by meaning, as custom properties with a light default; a page sets them for its theme. */
export const colour = {
  ink: 'var(--ink, #1f2328)',
  faint: 'var(--faint, #57606a)',
  line: 'var(--line, #d0d7de)',
  kept: 'var(--kept, #1a7f37)',
  broken: 'var(--broken, #cf222e)',
  undecided: 'var(--undecided, #8a5a00)',
  first: 'var(--series-1, #0072b2)',
  second: 'var(--series-2, #d55e00)',
  third: 'var(--series-3, #009e73)',
  fourth: 'var(--series-4, #cc79a7)',
} as const

/** Series colours in order (Okabe, Ito 2008). */
export const seriesColours: readonly string[] = [colour.first, colour.second, colour.third, colour.fourth]

/** The colour of a verdict; ink when a row has none. */
export const verdictColour = (verdict: unknown): string =>
  verdict === 'kept' || verdict === 'broken' || verdict === 'undecided' ? colour[verdict] : colour.first

/** The shape that says a verdict without colour. */
export const verdictGlyph = (verdict: unknown): string =>
  ({ kept: '✓', broken: '✗', undecided: '?' })[verdict as string] ?? ''
