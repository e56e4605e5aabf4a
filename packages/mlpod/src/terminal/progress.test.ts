import type { Hash, RunEvent } from '@mlpod/contract'
import { expect, test } from 'vitest'
import { advance, endedLine, liveLines, runView, summaryLine } from './progress.ts'
import { styleOf } from './style.ts'
import { widthOf } from './text.ts'

const plain = styleOf({} as NodeJS.WriteStream, 'never', { LANG: 'C.UTF-8' })
const key = '0'.repeat(64) as Hash
const out = { model: { dataset: 'model', hash: key, size: 412_000 } }

function viewOf(...events: readonly RunEvent[]) {
  const view = runView(0)
  const nodes = ['clean', 'fit', 'calibrate', 'drift', 'report', 'seal', 'evaluate']
  advance(view, { type: 'run.started', run: 'abcdef0123456789', pod: 'p', nodes, workers: 2 }, 0)
  for (const event of events) advance(view, event, 1000)
  return view
}

test('a node that ended says how long it took, its latest metrics whole, and what came out, in the width there is', () => {
  const view = viewOf(
    { type: 'node.started', node: 'fit', key, attempt: 1 },
    ...[0.5, 0.873].map(
      (value, step) => ({ type: 'node.metric', node: 'fit', name: 'train.auc', value, step }) as const,
    ),
    { type: 'node.metric', node: 'fit', name: 'train.logLoss', value: 0.31234, step: 1 },
    { type: 'node.finished', node: 'fit', key, ms: 3410, outputs: out },
    { type: 'node.cached', node: 'clean', key, savedMs: 41_000, outputs: { ...out, other: out.model } },
  )
  expect(endedLine(view, 'fit', plain, { width: 100 })).toBe(
    `  ✓ fit           3.41s    ${'train.auc 0.873  train.logLoss 0.312'.padEnd(49)}  model 412 kB`,
  )
  for (const width of [60, 80, 120])
    expect(widthOf(endedLine(view, 'fit', plain, { width }))).toBeLessThanOrEqual(width)
  expect(endedLine(view, 'fit', plain, { width: 70 })).toContain('  train.logLoss 0.312  ')
  expect(endedLine(view, 'clean', plain)).toMatch(/^ {2}= clean {9}cached .* 2 outputs 824 kB$/)
})

test('what failed, what was stopped and what was skipped differ in word and mark', () => {
  const failed = (code: string, attempt: number): RunEvent => ({
    type: 'node.failed',
    node: 'fit',
    ms: 920,
    attempt,
    error: { code, message: 'no' },
  })
  expect(endedLine(viewOf(failed('NODE_FAILED', 1)), 'fit', plain)).toBe('  ✗ fit           0.92s    failed')
  expect(endedLine(viewOf(failed('NODE_FAILED', 2)), 'fit', plain)).toBe('  ✗ fit           0.92s    failed, attempt 2')
  expect(endedLine(viewOf(failed('NODE_STOPPED', 1)), 'fit', plain)).toBe('  - fit           0.92s    stopped')
  const skipped = viewOf({ type: 'node.skipped', node: 'seal', because: 'fit is not done' })
  expect(endedLine(skipped, 'seal', plain)).toBe('  - seal          skipped: fit is not done')
  expect(summaryLine(viewOf(failed('NODE_STOPPED', 1), failed('NODE_STOPPED', 1)), plain, 7000)).toBe(
    '  1 stopped  6 not run   7.00s   run abcdef01',
  )
})

test('the live lines show what runs with its share, three of what waits, and the tally', () => {
  const view = viewOf(
    { type: 'node.cached', node: 'clean', key, savedMs: 41_000, outputs: {} },
    { type: 'node.started', node: 'calibrate', key, attempt: 1 },
    { type: 'node.progress', node: 'calibrate', done: 62, total: 100 },
    { type: 'node.started', node: 'drift', key, attempt: 1 },
  )
  expect(liveLines(view, plain, 6000)).toEqual([
    '  ▸ calibrate     62%  [############........]  0:03 left ',
    '  ▸ drift         running 0:05    ',
    '    fit           waits',
    '    report        waits',
    '    seal          waits',
    '    + 1 more waiting',
    '  1 cached (saved 41.0s)  0 done  2 running  4 waiting   0:06',
  ])
  expect(liveLines(view, plain, 6000, { stopping: true }).at(-1)).toMatch(/ {3}stopping$/)
})
