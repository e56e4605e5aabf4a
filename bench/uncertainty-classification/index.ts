import { type Bench, onTables } from '../bench.ts'

export default {
  about: 'prediction sets of classes and their p-values, against MAPIE (p-values: crepes; entmax: TorchCP)',
  peer: { environment: 'unc', name: 'MAPIE', package: 'mapie' },
  cases: {
    'aps-100k-100': { n: 100_000 },
    'lac-sets-200k': { n: 200_000 },
    'pvalues-20k': { n: 20_000, peer: 'crepes' },
    'entmax-5k-100': { n: 5000, peer: 'torchcp' },
  },
  ...onTables(import.meta.dirname, 100_000),
} satisfies Bench
