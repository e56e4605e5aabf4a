import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname
const ROWS = 1_000_000
let folder = ''

export default {
  about: 'drift of 17 columns between two Parquet files of a million rows, against Evidently',
  peer: { environment: 'evidently', name: 'evidently', package: 'evidently' },
  cases: { 'drift of 17 columns': { n: ROWS }, 'again, the reference kept': { n: ROWS } },
  async prepare(python) {
    folder = mkdtempSync(join(tmpdir(), 'mlpod-bench-'))
    run(python, [join(here, 'make.py'), folder, String(ROWS)])
    return () => rmSync(folder, { recursive: true })
  },
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts'), folder], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py'), folder], { env: oneThread })) as Seconds,
} satisfies Bench
