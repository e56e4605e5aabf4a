import { type Bench, onTables } from '../bench.ts'

const ROWS = 100_000

export default {
  about: 'meta-features of 100,000 rows of 20 columns, against pymfe',
  peer: { environment: 'pymfe', name: 'pymfe', package: 'pymfe' },
  cases: { 'general and statistical': { n: ROWS }, information: { n: ROWS } },
  ...onTables(import.meta.dirname, ROWS),
} satisfies Bench
