import { appendFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import type { Callback } from '../callback.ts'
import { recordNumbers } from './recordNumbers.ts'

/**
 * Returns the callback that writes a row of numbers to a CSV file after each epoch, or (`rows: 'steps'`) each step; the first row
 * names the columns. The file is begun anew; training that is resumed goes on where its checkpoint stood.
 */
export function csvLogger(file: string, { rows = 'epochs' as 'epochs' | 'steps' } = {}): Callback {
  let columns: readonly string[] | undefined
  const write = (numbers: Readonly<Record<string, number>>): void => {
    if (columns === undefined) {
      columns = Object.keys(numbers)
      writeFileSync(file, `${columns.map(quoted).join(',')}\n`)
    }
    appendFileSync(file, `${columns.map((name) => numbers[name] ?? '').join(',')}\n`)
  }
  return {
    name: `csvLogger ${file}`,
    ...(rows === 'epochs'
      ? { onEpoch: (record) => write(recordNumbers(record)) }
      : { onStep: (record) => write(recordNumbers(record)) }),
    state: () => (columns ? { columns, length: statSync(file).size } : null),
    restore(state) {
      const kept = state as { readonly columns: readonly string[]; readonly length: number } | null
      if (!kept) return
      // what was written after the checkpoint is written again
      truncateSync(file, kept.length)
      columns = kept.columns
    },
  }
}

const quoted = (name: string): string => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)
