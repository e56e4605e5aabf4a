import type { Evidence, Hash, Verdict } from '@mlpod/contract'
import { expect, test } from 'vitest'
import { ledgerLines, ledgerMarkdown, needLines, tally } from './ledger.ts'
import { styleOf } from './style.ts'

const plain = styleOf({} as NodeJS.WriteStream, 'never', { LANG: 'C.UTF-8' })
const none = '0'.repeat(64) as Hash

const piece = (name: string, verdict: Verdict, more: Partial<Evidence> = {}): Evidence => ({
  version: 1,
  claim: { name, statement: `${name} >= 0.9`, operator: '>=', threshold: 0.9 },
  verdict,
  estimate: 0.912,
  lower: 0.906,
  upper: 0.918,
  n: 8412,
  dropped: 0,
  p: { kept: 0.5, broken: 0.5 },
  method: 'count',
  inputs: { data: [], code: none, params: none },
  environment: none,
  ...more,
})
const part = (name: string, verdict: Verdict) => ({
  name,
  verdict,
  estimate: 0.861,
  lower: 0.832,
  upper: 0.886,
  n: 655,
  p: { kept: 0.5, broken: 0.5 },
})
const evidence = [
  piece('ranks', 'kept'),
  piece('coverage', 'broken', { parts: [part('A', 'kept'), part('B', 'broken'), part('C', 'kept')] }),
  piece('robust', 'undecided', { needs: 2448 }),
  piece('rebuilds', 'kept', { estimate: 0, lower: 0, upper: 0, n: 12 }),
]

test('broken stands first, then undecided, then kept; of what is not kept its worst parts, and how many others are', () => {
  expect(ledgerLines(evidence, plain, { width: 100 })).toEqual([
    '  promise     verdict      measured  interval            n  claim',
    '  coverage    ✗ broken        0.912  [0.906, 0.918]  8,412  coverage >= 0.9',
    '    B         ✗ broken        0.861  [0.832, 0.886]    655',
    '    2 others  ✓ kept',
    '  robust      ? undecided     0.912  [0.906, 0.918]  8,412  robust >= 0.9',
    '  ranks       ✓ kept          0.912  [0.906, 0.918]  8,412  ranks >= 0.9',
    '  rebuilds    ✓ kept              0                     12  rebuilds >= 0.9',
  ])
})

test('a narrow terminal loses the claim, then n, never the verdict', () => {
  for (const width of [60, 45, 30, 10]) {
    const lines = ledgerLines(evidence, plain, { width })
    expect(lines).toHaveLength(7)
    if (width >= 30) expect(lines[1]).toContain('✗ broken')
    if (width >= 30) expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width)
  }
})

test('the tally counts, and rows to a decision are rough', () => {
  expect(tally(evidence, plain)).toBe('2 kept  1 broken  1 undecided')
  expect(needLines(evidence, plain)).toEqual(['  robust would be decided by about 2,400 more rows'])
})

test('Markdown has one row a promise, and no name breaks the table', () => {
  const text = ledgerMarkdown('a|b', [piece('x | y\nz', 'broken')])
  expect(text).toBe(
    '### a\\|b: 0 kept, 1 broken, 0 undecided\n\n| promise | claim | measured | interval | n | verdict |\n|---|---|---:|---|---:|---|\n| x \\| y z | x \\| y z >= 0.9 | 0.912 | [0.906, 0.918] | 8412 | **broken** |\n',
  )
  expect(ledgerMarkdown('pod', [])).toBe('### pod: done\n')
})
