import { type Bench, onTables } from '../bench.ts'

const ROWS = 1_000_000
const DAYS = 365

export default {
  about:
    'profiles of 20 columns: minimal of a million rows, full of 100,000, a year merged from its days, against ydata-profiling',
  peer: { environment: 'dataqa', name: 'ydata-profiling', package: 'ydata-profiling' },
  cases: {
    'minimal profile of 1M x 20': { n: ROWS },
    'full profile of 100k x 20': { n: ROWS / 10 },
    'profile of a year of 365 days': { n: ROWS },
  },
  ...onTables(import.meta.dirname, ROWS, DAYS),
} satisfies Bench
