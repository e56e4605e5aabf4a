import { type Bench, onTables } from '../bench.ts'

export default {
  about: 'thresholds that keep risks: binary with two risks, sets of labels, bounds by betting, against MAPIE',
  peer: { environment: 'unc', name: 'MAPIE', package: 'mapie' },
  cases: { 'ltt-binary-1M': { n: 1_000_000 }, 'multilabel-crc-50k': { n: 50_000 }, 'wsr-20k': { n: 20_000 } },
  ...onTables(import.meta.dirname, 1_000_000, 50_000, 20_000),
} satisfies Bench
