import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname
const ROWS = 1_000_000
let folder = ''

export default {
  about: 'a million rows of 9 fields, one in a thousand wrong, through a schema, against pydantic (Zod: zod.ts)',
  peer: { environment: 'dataqa', name: 'pydantic', package: 'pydantic' },
  cases: { objects: { n: ROWS }, 'objects, strict': { n: ROWS }, Parquet: { n: ROWS } },
  async prepare(python) {
    folder = mkdtempSync(join(tmpdir(), 'mlpod-bench-'))
    run(python, [join(here, 'make.py'), folder, String(ROWS)])
    return () => rmSync(folder, { recursive: true })
  },
  ours: () => JSON.parse(run(process.execPath, [join(here, 'ours.ts'), folder], { env: oneThread })) as Seconds,
  theirs: (python) => JSON.parse(run(python, [join(here, 'peer.py'), folder], { env: oneThread })) as Seconds,
} satisfies Bench
