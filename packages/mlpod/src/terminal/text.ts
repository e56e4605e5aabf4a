import { stripVTControlCharacters } from 'node:util'

/** Characters that take two columns: East Asian wide ones and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u

const columnsOf = (character: string): number => (WIDE.test(character) ? 2 : 1)

/** Texts whose characters each stand for themselves: Latin, punctuation, arrows and signs, nothing that joins another. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range begins with ASCII
const SINGLE = /^[\u0000-\u02ff\u2010-\u2027\u2190-\u2bff]*$/

/** The characters of a text as a reader sees them. */
const charactersOf = (text: string): readonly string[] =>
  SINGLE.test(text) ? [...text] : Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment)

/** The width that a text takes on the terminal, colour codes not counted. */
export const widthOf = (text: string): number =>
  charactersOf(stripVTControlCharacters(text)).reduce((sum, character) => sum + columnsOf(character), 0)

/** Returns the text cut to a width, colour codes kept whole; what is cut is marked with `mark`. */
export function cutTo(text: string, width: number, mark = '…'): string {
  if (widthOf(text) <= width) return text
  let [result, used] = ['', 0]
  const room = width - widthOf(mark)
  // codes and characters by turns
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with ESC
  for (const piece of text.split(/(\u001b\[[0-9;]*m)/)) {
    if (piece.startsWith('\u001b')) result += piece
    else
      for (const character of charactersOf(piece)) {
        used += columnsOf(character)
        if (used <= room) result += character
        else if (used - columnsOf(character) <= room) {
          result += mark
          used = Number.POSITIVE_INFINITY
        }
      }
  }
  return result
}

/** Returns the text padded with blanks to a width; longer text stays whole. */
export const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))

const padLeft = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text

/** A duration for people: `0.31s`, `12.8s`, `3m 05s`. */
export function duration(ms: number): string {
  const seconds = ms / 1000
  // the borders are where rounding would show ten or sixty
  if (seconds < 9.995) return `${seconds.toFixed(2)}s`
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)}m ${(whole % 60).toString().padStart(2, '0')}s`
}

/** A clock of elapsed or remaining time: `0:07`. */
export const clock = (ms: number): string =>
  `${Math.floor(ms / 60_000)}:${Math.floor((ms % 60_000) / 1000)
    .toString()
    .padStart(2, '0')}`

/** A size in bytes for people: `412 kB`. */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let [value, unit] = [size, 0]
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1]
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`
}

/** A whole number for people: `1,989`. The same as `toLocaleString('en')`, which loads 15 ms of other languages. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** How long ago, roughly: `2m ago`, `3h ago`, `5d ago`. */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, (now - then) / 1000)
  if (seconds < 60) return `${Math.floor(seconds)}s ago`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h ago`
  return `${Math.floor(seconds / 86_400)}d ago`
}

/** A column of a terminal table. */
export interface TextColumn {
  readonly header: string
  readonly align?: 'left' | 'right'
}

/**
 * Returns the lines of a table, indented by two blanks. Where it is wider than `width`, columns are dropped from the right:
 * numbers never wrap.
 */
export function tableLines(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
  { width = 100, header = (text: string) => text } = {},
): string[] {
  const widths = columns.map((column, j) => Math.max(widthOf(column.header), ...rows.map((row) => widthOf(row[j]))))
  let shown = columns.length
  while (shown > 1 && 2 + widths.slice(0, shown).reduce((sum, w) => sum + w + 2, -2) > width) shown--
  const cells = (row: readonly string[]): string =>
    `  ${columns
      .slice(0, shown)
      .map((column, j) => (column.align === 'right' ? padLeft(row[j], widths[j]) : padTo(row[j], widths[j])))
      .join('  ')}`.trimEnd()
  return [header(cells(columns.map((column) => column.header))), ...rows.map(cells)]
}
