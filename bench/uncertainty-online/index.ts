import { type Bench, onTables } from '../bench.ts'

export default {
  about: 'intervals of a stream, and cutoffs with conditional guarantees, against MAPIE',
  peer: { environment: 'unc', name: 'MAPIE', package: 'mapie' },
  cases: {
    'aci-20k': { n: 20_000 },
    'condconf-2k': { n: 2000 },
  },
  ...onTables(import.meta.dirname, 20_000, 2000),
} satisfies Bench
