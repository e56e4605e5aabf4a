import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname
const sizes = { 'wide mlp': 128, cnn: 64, gru: 32, transformer: 32 }

export default {
  about:
    'one training step of a wide MLP, a CNN, a GRU and a transformer against PyTorch on the CPU, eager and compiled, one thread each',
  peer: { environment: 'torch', name: 'PyTorch', package: 'torch' },
  cases: Object.fromEntries(
    ['', ', compiled'].flatMap((how) => Object.entries(sizes).map(([name, n]) => [`${name}${how}`, { n }])),
  ),
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts')], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py')], { env: oneThread })) as Seconds,
} satisfies Bench
