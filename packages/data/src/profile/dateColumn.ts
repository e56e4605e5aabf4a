import type { ColumnInfo } from '../relation.ts'
import type { NumbersFound } from './numberColumn.ts'
import type { ColumnSketch } from './sketch.ts'
import type { CountedCell, DateStatistics } from './types.ts'

/** Returns milliseconds since 1970 as ISO 8601 text: a day, or a moment with microseconds where there are any. */
export function isoOf(ms: number, type: 'date' | 'timestamp'): string {
  const micros = Math.round(ms * 1000)
  const whole = Math.floor(micros / 1000)
  // beyond the calendar of JavaScript
  if (Math.abs(whole) > 8.64e15) return `${ms} ms since 1970`
  const text = new Date(whole).toISOString()
  if (type === 'date') return text.slice(0, text.indexOf('T'))
  const [before] = text.split('.')
  const fraction = String(micros - Math.floor(micros / 1e6) * 1e6)
    .padStart(6, '0')
    .replace(/0+$/, '')
  return `${before}${fraction === '' ? '' : `.${fraction}`}Z`
}

/** Returns what numbers of milliseconds say of days or moments. */
export function describeDates(
  { statistics, top, sketch }: NumbersFound,
  { type }: ColumnInfo,
  infinite: number,
): { readonly date: DateStatistics; readonly top: readonly CountedCell[]; readonly sketch: ColumnSketch } {
  const iso = (ms: unknown): string => isoOf(Number(ms), type === 'date' ? 'date' : 'timestamp')
  const { min, max, range, monotonic, histogram } = statistics
  const written = <T extends { readonly value: unknown }>(list: readonly T[]) =>
    list.map((item) => ({ ...item, value: iso(item.value) }))
  return {
    date: {
      min: min === null ? null : iso(min),
      max: max === null ? null : iso(max),
      rangeSeconds: range === null ? null : range / 1000,
      infinite,
      monotonic,
      histogram,
    },
    top: written(top),
    sketch: {
      ...sketch,
      kind: 'date',
      infinite,
      zeros: 0,
      negative: 0,
      top: { ...sketch.top, values: written(sketch.top.values) },
    },
  }
}
