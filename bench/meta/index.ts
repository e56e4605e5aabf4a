import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname
const ROWS = 100_000
let folder = ''

export default {
  about: 'meta-features of 100,000 rows of 20 columns, against pymfe',
  peer: { environment: 'pymfe', name: 'pymfe', package: 'pymfe' },
  cases: { 'general and statistical': { n: ROWS }, information: { n: ROWS } },
  async prepare(python) {
    folder = mkdtempSync(join(tmpdir(), 'mlpod-bench-'))
    run(python, [join(here, 'make.py'), folder, String(ROWS)])
    return () => rmSync(folder, { recursive: true })
  },
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts'), folder], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py'), folder], { env: oneThread })) as Seconds,
} satisfies Bench
