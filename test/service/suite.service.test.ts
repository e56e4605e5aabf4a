import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closeEngine, type Expectation, int, type Relation, relationOf, rowSchema, suite, suiteHtml } from '@mlpod/data'
import { afterAll, expect, test } from 'vitest'
import { chromium } from './chromium.ts'

afterAll(closeEngine)

test('the page of three thousand results opens at once in Chromium, says nothing on the console and shows a hundred', async () => {
  const data = (await relationOf(
    Array.from({ length: 100 }, (_, x) => ({ x })),
    { schema: rowSchema({ x: int() }) },
  )) as unknown as Relation
  const checks = Array.from({ length: 3000 }, (_, i): Expectation => ({ type: 'between', column: 'x', max: i }))
  const page = suiteHtml(await suite('many <b>', checks).run(data, { format: 'summary' }))
  const folder = mkdtempSync(join(tmpdir(), 'suite-page-'))
  try {
    const file = join(folder, 'page.html')
    writeFileSync(file, page)
    const { stdout, console } = await chromium(file, { theme: 'light', flags: ['--dump-dom'] })
    expect(console).toEqual([])
    expect(stdout.match(/<li>/g)).toHaveLength(100)
    expect(stdout).toContain('Show 100 more of 3,000')
    expect(stdout).toContain('many &lt;b&gt;')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
