import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { float, rowSchema, string } from '../schema.ts'
import { drift, driftHtml } from './index.ts'

test('the page shows every column with its verdict, what drifted first, and no data as markup', async () => {
  const schema = rowSchema({ x: float({ nullable: true }), '<b>&"': string() })
  const table = (shift: number, gone: number) =>
    relationOf(
      Array.from({ length: 200 }, (_, i) => ({
        x: i < gone ? null : (i % 40) + shift,
        '<b>&"': ['<script>', 'b'][i % 2],
      })),
      { schema },
    )
  const page = driftHtml(await drift(await table(0, 0), await table(30, 20)), { title: 'a <i> b' })
  expect(page).not.toMatch(/<b>&|<script>|<i> b/)
  expect(page).toContain('&lt;b&gt;&amp;&quot;')
  expect(page.indexOf('>x<')).toBeLessThan(page.indexOf('&lt;b&gt;'))
  expect(page).toContain('1 of 2 columns drifted')
  expect(page).toContain('missing 0\u00a0%, now 10\u00a0%')
  expect(page).not.toMatch(/(src|href)="(?!data:,)/)
})
