import type { Callback } from '../callback.ts'
import { recordNumbers } from './recordNumbers.ts'

interface Kept {
  readonly columns: readonly string[]
  /** Bytes written. */
  readonly length: number
}

/**
 * Returns the callback that writes a row of numbers to a CSV file after each epoch, or (`rows: 'steps'`) each step; the first row
 * names the columns. The file is begun anew; training that is resumed goes on where its checkpoint stood.
 */
export function csvLogger(file: string, { rows = 'epochs' as 'epochs' | 'steps' } = {}): Callback {
  let kept: Kept | undefined
  let resumed = false
  async function write(numbers: Readonly<Record<string, number>>): Promise<void> {
    const { appendFile, truncate, writeFile } = await import('node:fs/promises')
    const columns = kept?.columns ?? Object.keys(numbers)
    const line = `${columns.map((name) => numbers[name] ?? '').join(',')}\n`
    const text = kept ? line : `${columns.map(quoted).join(',')}\n${line}`
    // what was written after the checkpoint is written again
    if (resumed && kept) await truncate(file, kept.length)
    await (kept ? appendFile(file, text) : writeFile(file, text))
    resumed = false
    kept = { columns, length: (kept?.length ?? 0) + new TextEncoder().encode(text).length }
  }
  return {
    name: `csvLogger ${file}`,
    ...(rows === 'epochs'
      ? { onEpoch: (record) => write(recordNumbers(record)) }
      : { onStep: (record) => write(recordNumbers(record)) }),
    state: () => (kept ? { ...kept } : null),
    restore(state) {
      kept = (state as Kept | null) ?? undefined
      resumed = true
    },
  }
}

const quoted = (name: string): string => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)
