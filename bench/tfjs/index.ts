import { join } from 'node:path'
import { type Bench, oneThread, run, runPeer, type Seconds } from '../bench.ts'

const here = import.meta.dirname

export default {
  about: 'one training step of the MLP 784-512-256-10, batch 128, against TensorFlow.js in WebAssembly',
  peer: { environment: 'npm', name: 'TensorFlow.js', package: '@tensorflow/tfjs' },
  cases: { 'mlp step, sgd': { n: 128 }, 'mlp step, adam': { n: 128 } },
  ours: () => JSON.parse(run(process.execPath, [join(here, '../mlp-step/ours.ts')], { env: oneThread })) as Seconds,
  theirs: (folder) => JSON.parse(runPeer(folder, join(here, 'peer.mjs'))) as Seconds,
} satisfies Bench
