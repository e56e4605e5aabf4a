import { type Figure, PodError } from '@mlpod/contract'

/** One row of a figure's columns. */
export type Row = Readonly<Record<string, number | string | null>>

/**
 * Returns the figure's columns as rows.
 * Throws `FIGURE_MALFORMED` when a column that the kind needs is absent or the columns differ in length.
 */
export function rowsOf(figure: Figure, needed: readonly string[]): readonly Row[] {
  const names = Object.keys(figure.data)
  const absent = needed.filter((name) => !names.includes(name))
  if (absent.length > 0) throw malformed(figure, `has no column ${absent.map((c) => `"${c}"`).join(', ')}`)
  const length = names.length === 0 ? 0 : figure.data[names[0]].length
  const uneven = names.find((name) => figure.data[name].length !== length)
  if (uneven !== undefined)
    throw malformed(figure, `column "${uneven}" has ${figure.data[uneven].length} values, "${names[0]}" has ${length}`)
  return Array.from({ length }, (_, i) => Object.fromEntries(names.map((name) => [name, figure.data[name][i]])))
}

const malformed = (figure: Figure, what: string): PodError =>
  new PodError('FIGURE_MALFORMED', `figure "${figure.title}" (${figure.kind}): ${what}`)
