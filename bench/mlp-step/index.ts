import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname

export default {
  about:
    'one training step of the MLP 784-512-256-10, batch 128: SGD and Adam, against PyTorch on the CPU, one thread each',
  peer: { environment: 'torch', name: 'PyTorch', package: 'torch' },
  cases: { 'mlp step, sgd': { n: 128 }, 'mlp step, adam': { n: 128 } },
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts')], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py')], { env: oneThread })) as Seconds,
} satisfies Bench
