import { type Bench, onTables } from '../bench.ts'

const MILLION = 1_000_000

export default {
  about: 'conformal intervals and their metrics, against MAPIE (Mondrian groups and predictive systems: crepes)',
  peer: { environment: 'unc', name: 'MAPIE', package: 'mapie' },
  cases: {
    'split-reg-1M': { n: MILLION },
    'mondrian-1M-1000': { n: MILLION, peer: 'crepes' },
    'cqr-10M': { n: 10 * MILLION },
    'cvplus-20k': { n: 20_000 },
    'cps-crps-20k': { n: 20_000, peer: 'crepes' },
    'hsic-4k': { n: 4000 },
    'wsc-4k': { n: 4000 },
  },
  ...onTables(import.meta.dirname, MILLION),
} satisfies Bench
