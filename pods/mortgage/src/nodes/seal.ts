import { node } from 'mlpod'
import { withMetadata } from 'mlpod/graph'
import { seal as sealed } from 'mlpod/promise'
import { catalog } from '../catalog.ts'
import { confidence } from '../confidence.ts'

/** Writes the promises and their evidence into the model's metadata: the guarantees travel with the file. */
export const seal = node({
  name: 'seal',
  inputs: { packed: catalog.packed, evidence: catalog.evidence },
  outputs: { model: catalog.model },
  run: ({ packed, evidence }) => ({
    model: withMetadata(packed, {
      ...packed.metadata,
      ...sealed({ bodyHash: packed.bodyHash, confidence, evidence }),
    }),
  }),
})
