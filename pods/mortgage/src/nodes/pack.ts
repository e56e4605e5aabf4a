import { node } from 'mlpod'
import { pack as packed } from 'mlpod/guard'
import { catalog } from '../catalog.ts'

/** Puts into the file what a stranger needs: the schema of a row, golden answers, lineage, licence. */
export const pack = node({
  name: 'pack',
  inputs: { guarded: catalog.guarded, test: catalog.test, choice: catalog.choice, metrics: catalog.metrics },
  outputs: { packed: catalog.packed },
  run: async ({ guarded, test, choice, metrics }) => ({
    packed: await packed(guarded, {
      golden: test,
      license: 'Apache-2.0',
      lineage: {
        pod: 'mortgage',
        chosen: choice.chosen,
        data: 'Hunter and Walker 1996 (HMDA, Boston 1990), MIT',
        test: { ...metrics },
      },
    }),
  }),
})
