import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkpoint, closeEngine, type Expectation, openTable, suite, writeReport } from '@mlpod/data'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makePod } from '../../packages/mlpod/src/testPod.ts'
import { chromium } from './chromium.ts'

const folder = mkdtempSync(join(tmpdir(), 'mlpod-pages-'))
const at = (name: string): string => join(folder, name)
const KINDS = ['web', 'shop', 'phone <b>', "d'or"]

/** Orders with every kind of column, some of it missing, odd or drifted. */
const orders = (shift: number): string => {
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const noise = ((i * 7919) % 1000) / 1000
    const day = new Date(Date.UTC(2024, 0, 1 + (i % 90))).toISOString().slice(0, 10)
    const country = i % 11 === 0 ? '' : ['be', 'fr', 'nl'][(i * 31) % 3]
    return `${i},${(20 + 10 * noise * noise + shift).toFixed(2)},${country},"${KINDS[i % (shift > 0 ? 4 : 2)]}",${day},${i % 3 === 0},"an order of ${i % 50} things, </script> & more"`
  })
  return `id,price,country,kind,day,paid,note\n${rows.join('\n')}\n`
}
const expected: readonly Expectation[] = [
  { type: 'unique', column: 'id' },
  { type: 'notNull', column: 'country', mostly: 0.99 },
  { type: 'inSet', column: 'kind', values: ['web', 'shop'], severity: 'warning' },
  { type: 'between', column: 'price', min: 0, max: 25, where: 'kind == "web"' },
  { type: 'matchRegex', column: 'note', pattern: '^an order' },
]

beforeAll(async () => {
  writeFileSync(at('before.csv'), orders(0))
  writeFileSync(at('now.csv'), orders(3))
  const pod = makePod()
  try {
    pod.write(
      'suite.ts',
      `import { suite } from 'mlpod/data'\nexport default suite('orders', ${JSON.stringify(expected)})\n`,
    )
    pod.mlpod(['data', 'docs', at('now.csv'), '-s', 'suite.ts', '-o', folder])
    pod.mlpod(['data', 'drift', at('before.csv'), at('now.csv'), '--html', at('drift.html')])
  } finally {
    pod.remove()
  }
  const [before, now] = await Promise.all([openTable(at('before.csv')), openTable(at('now.csv'))])
  const validations = [before, now].map((data, i) => ({ suite: suite(`week ${i + 1}`, expected), data }))
  await checkpoint(validations, { format: 'summary', actions: [writeReport('html', at('checkpoint.html'))] })()
})
afterAll(async () => {
  await closeEngine()
  rmSync(folder, { recursive: true, force: true })
})

const PAGES = {
  'index.html': /now\.csv/,
  'profile.html': /3\u202f000/,
  'expectations.html': /country is not missing/,
  'drift.html': /price/,
  'checkpoint.html': /week 1[\s\S]*week 2/,
} as const

test('every page of data is there', () => {
  expect(readdirSync(folder)).toEqual(expect.arrayContaining(Object.keys(PAGES)))
})

test.each(Object.entries(PAGES))(
  '%s opens in Chromium, breaks no policy and says nothing on the console',
  async (name, shows) => {
    for (const theme of ['light', 'dark'] as const) {
      const { stdout, console } = await chromium(at(name), { theme, flags: ['--dump-dom'] })
      // what a policy refuses is told on the console too
      expect(console).toEqual([])
      expect(stdout).toMatch(/Content-Security-Policy/)
      expect(stdout).toMatch(shows)
      expect(stdout).not.toContain('phone <b>')
    }
  },
)
