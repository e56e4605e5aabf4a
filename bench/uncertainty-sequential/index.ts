import { type Bench, onTables } from '../bench.ts'

export default {
  about: 'a stream of scores: conformal p-values and a jumper against crepes, a plug-in martingale against MAPIE',
  peer: { environment: 'unc', name: 'crepes', package: 'crepes' },
  cases: { 'martingale-50k': { n: 50_000 }, 'plugin-5k': { n: 5_000, peer: 'mapie' } },
  ...onTables(import.meta.dirname, 50_000, 5_000),
} satisfies Bench
