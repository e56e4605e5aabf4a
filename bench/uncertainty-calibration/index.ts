import { type Bench, onTables } from '../bench.ts'

export default {
  about:
    'calibration error and Kolmogorov-Smirnov test of five million rows against MAPIE, Venn-Abers against venn-abers',
  peer: { environment: 'unc', name: 'MAPIE', package: 'mapie' },
  cases: { 'ece-ks-5M': { n: 5_000_000 }, 'venn-abers-200k': { n: 200_000, peer: 'venn-abers' } },
  ...onTables(import.meta.dirname, 5_000_000, 200_000),
} satisfies Bench
