import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname

export default {
  about: 'deriving and writing the gradient of a chain of 1,000 and of 10,000 operators, against onnx-ad',
  peer: { environment: 'modeling', name: 'onnx-ad', package: 'onnx-ad' },
  cases: { 'gradient of a graph': { n: 1000 }, 'gradient of a large graph': { n: 10_000 } },
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts')], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py')], { env: oneThread })) as Seconds,
} satisfies Bench
