import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, oneThread, run, type Seconds } from '../bench.ts'

const here = import.meta.dirname
const ROWS = 1_000_000
const DAYS = 365
let folder = ''

/** The last line: the peer writes a banner before. */
const seconds = (printed: string): Seconds => JSON.parse(printed.trim().split('\n').at(-1)!) as Seconds

export default {
  about:
    'profiles of 20 columns: minimal of a million rows, full of 100,000, a year merged from its days, against ydata-profiling',
  peer: { environment: 'dataqa', name: 'ydata-profiling', package: 'ydata-profiling' },
  cases: {
    'minimal profile of 1M x 20': { n: ROWS },
    'full profile of 100k x 20': { n: ROWS / 10 },
    'profile of a year of 365 days': { n: ROWS },
  },
  async prepare(python) {
    folder = mkdtempSync(join(tmpdir(), 'mlpod-bench-'))
    run(python, [join(here, 'make.py'), folder, String(ROWS), String(DAYS)])
    return () => rmSync(folder, { recursive: true })
  },
  ours: () => seconds(run(process.execPath, [join(here, 'ours.ts'), folder], { env: oneThread })),
  theirs: (python) => seconds(run(python, [join(here, 'peer.py'), folder], { env: oneThread })),
} satisfies Bench
