import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Evidence } from '@mlpod/contract'
import { describe, expect, inject, test } from 'vitest'
import { chromium, type Theme } from './chromium.ts'

const build = join(inject('pod'), 'build')
const file = join(build, 'report.html')
const html = readFileSync(file, 'utf8')
const evidence = JSON.parse(readFileSync(join(build, 'evidence.json'), 'utf8')) as readonly Evidence[]

/** What `measure.js` tells of a page at one width. */
interface Measured {
  readonly width: number
  readonly scrollWidth: number
  readonly dark: boolean
  readonly background: string
  readonly resources: readonly string[]
  readonly overflowing: readonly string[]
  readonly drawings: number
  readonly faint: readonly string[]
}

/** Measures the report in frames of these widths: a browser's window cannot be as narrow as a phone. */
async function measure(
  theme: Theme,
  widths: readonly number[],
): Promise<{ measured: readonly Measured[]; console: readonly string[] }> {
  const script = readFileSync(join(import.meta.dirname, 'measure.js'), 'utf8')
  // the report's own policy lets no script run: the copy that is measured lets this one, by its hash
  const hash = createHash('sha256').update(script).digest('base64')
  writeFileSync(
    join(build, 'measured.html'),
    html
      .replace("default-src 'none';", `default-src 'none'; script-src 'sha256-${hash}';`)
      .replace('</body>', () => `<script>${script}</script></body>`),
  )
  const frames = widths.map(
    (width) => `<iframe src="measured.html" style="width:${width}px;height:900px;border:0"></iframe>`,
  )
  writeFileSync(
    join(build, 'frames.html'),
    `<!doctype html><meta name="color-scheme" content="light dark"><script>addEventListener('message', ({ data }) => {
      document.body.append(Object.assign(document.createElement('pre'), { textContent: JSON.stringify(data) })) })</script>${frames.join('')}`,
  )
  const { stdout, console } = await chromium(join(build, 'frames.html'), {
    theme,
    flags: ['--virtual-time-budget=4000', '--dump-dom'],
  })
  const found = [...stdout.matchAll(/<pre>(.*?)<\/pre>/gs)].map(([, text]) =>
    JSON.parse(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&').replaceAll('&nbsp;', ' ')),
  ) as Measured[]
  return { measured: found.sort((a, b) => b.width - a.width), console }
}

test('the report needs nothing but itself: no script, no style sheet, no picture, no font, no frame from elsewhere', () => {
  expect(html).not.toMatch(/<(script|link|iframe|object|embed|img|base)\b/i)
  expect(html).toMatch(/Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri/)
  expect(html).not.toMatch(/@import|url\(|\bsrcset?=|xlink:href|\son\w+=/i)
  const addresses = [...html.matchAll(/\bhttps?:\/\/[^\s"'<)]+/g)].map(([address]) => address)
  expect(addresses.filter((address) => !address.startsWith('http://www.w3.org/'))).toEqual([])
})

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  test('opened in Chromium it loads nothing, says nothing on the console, fits a desktop and a phone, and can be read', async () => {
    const { measured, console } = await measure(theme, [1000, 390])
    expect(console).toEqual([])
    expect(measured.map(({ width }) => width)).toEqual([1000, 390])
    for (const { width, scrollWidth, dark, background, resources, overflowing, drawings, faint } of measured) {
      expect(dark, `${width}`).toBe(theme === 'dark')
      expect(background).toBe(theme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)')
      expect(resources).toEqual([])
      expect(scrollWidth).toBeLessThanOrEqual(width)
      expect(overflowing, `${width}`).toEqual([])
      expect(drawings).toBe(7)
      expect(faint, `contrast below 4.5 at ${width}`).toEqual([])
    }
  })

  test.each([1000, 390])('at %s px there is something to see', async (width) => {
    const picture = join(build, `report-${theme}-${width}.png`)
    const { console } = await chromium(file, {
      theme,
      flags: [`--window-size=${width},1400`, `--screenshot=${picture}`],
    })
    expect(console).toEqual([])
    const png = readFileSync(picture)
    expect(png.subarray(1, 4).toString()).toBe('PNG')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([width, 1400])
    // a blank picture of this size compresses to less than 10 kB
    expect(png.byteLength).toBeGreaterThan(50_000)
  })
})

test('every promise stands in the page with its verdict, its number and the beginning of its evidence, as the browser reads it', async () => {
  const { stdout: dom } = await chromium(file, { theme: 'light', flags: ['--dump-dom'] })
  const rows = [...dom.matchAll(/<details class="row[^>]*>.*?<\/details>/gs)].map(([row]) => row)
  expect(rows).toHaveLength(evidence.filter(({ volatile }) => !volatile).length)
  for (const { claim, verdict, estimate } of evidence.filter(({ volatile }) => !volatile)) {
    const row = rows.find((text) => text.includes(`<strong>${claim.name}</strong>`))
    expect(row, claim.name).toBeDefined()
    expect(row).toContain(verdict)
    expect(row).toContain(Number.isInteger(estimate) ? `${estimate}` : estimate.toFixed(3))
    expect(row).toMatch(/evidence [0-9a-f]{16}/)
  }
})
