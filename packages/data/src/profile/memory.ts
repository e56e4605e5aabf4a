import type { ColumnProfile } from './types.ts'

/** Bits of a value of a type of fixed width. */
const BITS: readonly (readonly [RegExp, number])[] = [
  [/^BOOLEAN$/, 1],
  [/^U?TINYINT$/, 8],
  [/^U?SMALLINT$/, 16],
  [/^(U?INTEGER|FLOAT|DATE)$/, 32],
  [/^(DECIMAL|U?HUGEINT|UUID|INTERVAL)/, 128],
]

/**
 * Returns how many bytes a column takes in memory as Arrow lays it out: its values, a bit for each row where some are missing, and offsets
 * of 4 bytes for texts. pandas takes more for the same column, which `memory_size` of ydata-profiling tells.
 */
export function memoryOf({
  rows,
  missing,
  sqlType,
  text,
}: Pick<ColumnProfile, 'rows' | 'missing' | 'sqlType' | 'text'>): number {
  const valid = missing > 0 ? Math.ceil(rows / 8) : 0
  if (text !== undefined) return valid + text.bytes + 4 * (rows + 1)
  const bits = BITS.find(([pattern]) => pattern.test(sqlType))?.[1] ?? 64
  return valid + Math.ceil((rows * bits) / 8)
}
