import { type Bench, onTables } from '../bench.ts'

const ROWS = 1_000_000

export default {
  about: 'drift of 17 columns between two Parquet files of a million rows, against Evidently',
  peer: { environment: 'evidently', name: 'evidently', package: 'evidently' },
  cases: { 'drift of 17 columns': { n: ROWS }, 'again, the reference kept': { n: ROWS } },
  ...onTables(import.meta.dirname, ROWS),
} satisfies Bench
