import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { float, rowSchema, string } from '../schema.ts'
import { profile, profileHtml } from './index.ts'

const evil = '</script><script>alert(1)</script><img src=x onerror=alert(2)>'
const page = async () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({ [evil]: i % 2 ? evil : 'b', x: i }))
  const data = await relationOf(rows, { schema: rowSchema({ [evil]: string(), x: float() }) })
  return profileHtml(await profile(data), { title: evil })
}

test('no value and no name can become part of the page: they stand in JSON without "<", and in the title escaped', async () => {
  const html = await page()
  expect(html).not.toContain(evil)
  expect(html.match(/<script/g)).toHaveLength(2)
  expect(html.match(/<\/script>/g)).toHaveLength(2)
  expect(html).toContain('<h1>&lt;/script&gt;')
  const [, json] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)!
  const read = JSON.parse(json) as { columns: { name: string; top: { value: string }[] }[] }
  expect(read.columns[0].name).toBe(evil)
  expect(read.columns[0].top[0].value).toBe(evil)
})

test('the script sets text only as text, and is a script', async () => {
  const html = await page()
  const [, script] = /<script>(.*)<\/script>/s.exec(html)!
  expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|new Function/)
  expect(() => new Function(script)).not.toThrow()
})

test('the page asks for nothing else, says so itself, and is small', async () => {
  const html = await page()
  expect(html).not.toMatch(/<(link|iframe|object|embed|img|base)\b|@import|url\(|<[^>]*\ssrc=/i)
  expect(html).toContain("default-src 'none'")
  expect([...html.matchAll(/\bhttps?:\/\/[^\s"'<)]+/g)].map(([address]) => address)).toEqual([
    'http://www.w3.org/2000/svg',
  ])
  expect(html.length).toBeLessThan(60_000)
})
