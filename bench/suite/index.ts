import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname
/** A million by default; ten million take the peer minutes and gigabytes. */
const ROWS = Number(process.env.ROWS ?? 1_000_000)
let folder = ''

export default {
  about:
    'a suite of 20 expectations on a Parquet file of 20 columns, against Great Expectations on pandas (ROWS=1000000)',
  peer: { environment: 'gx', name: 'great_expectations', package: 'great_expectations' },
  cases: { '20 expectations': { n: ROWS } },
  async prepare(python) {
    folder = mkdtempSync(join(tmpdir(), 'mlpod-bench-'))
    run(python, [join(here, 'make.py'), folder, String(ROWS)])
    return () => rmSync(folder, { recursive: true })
  },
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts'), folder], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py'), folder], { env: oneThread })) as Seconds,
} satisfies Bench
