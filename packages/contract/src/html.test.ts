import { expect, test } from 'vitest'
import { escapeHtml, htmlPage } from './html.ts'

test('text cannot become markup', () => {
  expect(escapeHtml(`<'"&>`)).toBe('&lt;&#39;&quot;&amp;&gt;')
  expect(htmlPage({ title: '</title><script>', style: '', body: '' })).toContain('&lt;/title&gt;&lt;script&gt;')
})

test('data reads back, and cannot end the element that it stands in', () => {
  const data = { text: '</script><!--\u2028' }
  const page = htmlPage({ title: 't', style: '', body: '', script: 'draw()', data })
  const json = /id="data">(.*)<\/script>\n<script>/.exec(page)![1]
  expect(json).not.toContain('<')
  expect(JSON.parse(json)).toEqual(data)
})

test('a page runs a script only when it has one', () => {
  expect(htmlPage({ title: 't', style: '', body: '' })).not.toContain('script')
})
