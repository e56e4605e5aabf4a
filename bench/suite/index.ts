import { type Bench, onTables } from '../bench.ts'

/** A million by default; ten million take the peer minutes and gigabytes. */
const ROWS = Number(process.env.ROWS ?? 1_000_000)

export default {
  about:
    'a suite of 20 expectations on a Parquet file of 20 columns, against Great Expectations on pandas (ROWS=1000000)',
  peer: { environment: 'gx', name: 'great_expectations', package: 'great_expectations' },
  cases: { '20 expectations': { n: ROWS } },
  ...onTables(import.meta.dirname, ROWS),
} satisfies Bench
