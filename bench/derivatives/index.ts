import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname

export default {
  about:
    'derivatives of the loss of the MLP 784-512-256-10, batch 128: hvp, jvp, norms of the gradients of single examples, against torch.func, one thread each',
  peer: { environment: 'torch', name: 'torch.func', package: 'torch' },
  cases: { gradient: { n: 128 }, hvp: { n: 128 }, jvp: { n: 128 }, 'per-example norms': { n: 128 } },
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts')], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py')], { env: oneThread })) as Seconds,
} satisfies Bench
