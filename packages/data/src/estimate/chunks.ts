import { PodError } from '@mlpod/contract'
import type { ColumnData } from '../columns.ts'

/** How a stream of rows is cut: so many rows each, so many chunks in all, or by the calendar. */
export type Chunking =
  | { readonly rows: number; readonly incomplete?: 'keep' | 'append' | 'drop' }
  | { readonly chunks: number }
  | { readonly period: 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year'; readonly by: string }

/** Neighbouring rows that are judged together. */
export interface Chunk {
  /** `0:4999`, or the period it is of. */
  readonly key: string
  /** The first row, and the one after the last, of the rows in order. */
  readonly from: number
  readonly to: number
}

/** Throws `OPTION_INVALID` unless a chunking says something that can be done. */
export function checkChunking(chunking: Chunking): void {
  const size = 'rows' in chunking ? chunking.rows : 'chunks' in chunking ? chunking.chunks : 1
  if (!(Number.isSafeInteger(size) && size > 0))
    throw new PodError('OPTION_INVALID', `rows cannot be cut into chunks by ${size}`, {
      hint: 'chunk: { rows: 5000 }, { chunks: 10 } or { period: "day", by: "time" }',
    })
}

/** Returns the chunks of `n` rows; for periods `times` are the moments of the rows, in order. */
export function chunksOf(n: number, chunking: Chunking, times?: readonly string[]): Chunk[] {
  const cut = (from: number, to: number): Chunk => ({ key: `${from}:${to - 1}`, from, to })
  if ('period' in chunking) return periods(times ?? [], chunking.period)
  if ('chunks' in chunking) {
    // the last one takes what is left over
    const size = Math.floor(n / chunking.chunks)
    if (size === 0) throw new PodError('SAMPLE_TOO_SMALL', `${n} rows cannot be cut into ${chunking.chunks} chunks`)
    return Array.from({ length: chunking.chunks }, (_, i) =>
      cut(i * size, i + 1 === chunking.chunks ? n : (i + 1) * size),
    )
  }
  const { rows, incomplete = 'keep' } = chunking
  const found: Chunk[] = []
  for (let from = 0; from < n; from += rows) found.push(cut(from, Math.min(n, from + rows)))
  const last = found[found.length - 1]
  if (last === undefined || last.to - last.from === rows || incomplete === 'keep') return found
  found.pop()
  if (incomplete === 'append' && found.length > 0) found.push(cut(found.pop()!.from, n))
  return found
}

const KEYS = {
  hour: (time) => time.slice(0, 13),
  day: (time) => time.slice(0, 10),
  week: (time) => isoWeek(time),
  month: (time) => time.slice(0, 7),
  quarter: (time) => `${time.slice(0, 4)}Q${Math.ceil(Number(time.slice(5, 7)) / 3)}`,
  year: (time) => time.slice(0, 4),
} as const satisfies Readonly<Record<string, (time: string) => string>>

function isoWeek(time: string): string {
  const day = new Date(`${time.slice(0, 10)}T00:00:00Z`)
  // the week belongs to the year of its Thursday
  day.setUTCDate(day.getUTCDate() + 4 - (day.getUTCDay() || 7))
  const start = Date.UTC(day.getUTCFullYear(), 0, 1)
  return `${day.getUTCFullYear()}-W${String(Math.ceil(((day.getTime() - start) / 86_400_000 + 1) / 7)).padStart(2, '0')}`
}

function periods(times: readonly string[], period: keyof typeof KEYS): Chunk[] {
  const found: Chunk[] = []
  times.forEach((time, i) => {
    const key = KEYS[period](time)
    const last = found[found.length - 1]
    if (last?.key === key) found[found.length - 1] = { ...last, to: i + 1 }
    else found.push({ key, from: i, to: i + 1 })
  })
  return found
}

/** Returns the moments of a column of times. Throws `COLUMN_TYPE` for other columns, and `VALUE_MISSING`. */
export function timesOf(column: ColumnData, name: string): readonly string[] {
  if (column.kind === 'number')
    throw new PodError('COLUMN_TYPE', `the column "${name}" holds numbers and tells no time`)
  if (column.missing) throw new PodError('VALUE_MISSING', `a row has no "${name}", so it is of no period`)
  return column.data
}
