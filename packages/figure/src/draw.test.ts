import type { Figure } from '@mlpod/contract'
import { expect, test } from 'vitest'
import { formatNumber, type kinds, toHtml, toSvg, toTable, toText } from './index.ts'

const base = {
  version: 1,
  title: 'Whom do the sets cover?',
  caption: '696 rows',
  alt: 'Least covered: b.',
  evidence: [],
} as const

/** One small figure of every kind. */
const figures: { readonly [K in keyof typeof kinds]: Figure } = {
  coverageByGroup: {
    ...base,
    kind: 'coverageByGroup',
    data: {
      group: ['a', 'b'],
      estimate: [0.95, 0.8],
      lower: [0.9, 0.7],
      upper: [0.98, 0.88],
      n: [500, 60],
      verdict: ['kept', 'broken'],
    },
    encoding: { x: 'coverage', threshold: 0.9 },
  },
  groupMetrics: {
    ...base,
    kind: 'groupMetrics',
    data: {
      metric: ['selected', 'selected'],
      group: ['a', 'b'],
      estimate: [0.5, null],
      lower: [0.4, 0],
      upper: [0.6, 1],
      n: [100, 0],
    },
  },
  reliability: {
    ...base,
    kind: 'reliability',
    data: { mean: [0.2, 0.8], frequency: [0.25, 0.7], lower: [0.1, 0.6], upper: [0.4, 0.8], n: [5, 200] },
  },
  setSizes: { ...base, kind: 'setSizes', data: { size: ['no label', 'one label'], n: [0, 10], coverage: [null, 0.9] } },
  attributions: { ...base, kind: 'attributions', data: { feature: ['x', 'y'], value: [2, 1] } },
  histogram: {
    ...base,
    kind: 'histogram',
    data: { series: ['in', 'out'], from: [0, 0], to: [1, 1], count: [3, 4] },
    encoding: { threshold: 0.5 },
  },
  predictionIntervals: {
    ...base,
    kind: 'predictionIntervals',
    data: { x: [1, 2, 3], y: [0.5, 4, null], prediction: [1, 2, 3], lower: [0, 1, null], upper: [2, 3, null] },
    encoding: { x: 'age', y: 'price' },
  },
  line: {
    ...base,
    kind: 'line',
    data: { series: ['loss', 'loss'], x: [1, 2], y: [0.5, 0.4] },
    encoding: { x: 'epoch', y: 'log loss' },
  },
}

test.each(Object.values(figures))('$kind is drawn, tabled and printed from the same data', async (figure) => {
  const svg = await toSvg(figure, { width: 400 })
  expect(svg).toContain('<svg')
  expect(svg).toContain('Least covered: b.')
  expect(svg).not.toMatch(/NaN|undefined/)
  expect(await toSvg(figure, { width: 400 })).toBe(svg)
  const { headers, rows } = toTable(figure)
  expect(rows).toHaveLength(Object.values(figure.data)[0].length)
  for (const row of rows) expect(row).toHaveLength(headers.length)
  expect(
    toText(figure, { width: 60 })
      .split('\n')
      .every((line) => line.length <= 60),
  ).toBe(true)
})

test('a page shows nothing that a name says: text is escaped', async () => {
  const html = await toHtml({
    ...figures.attributions,
    title: '<img onerror=1>',
    data: { feature: ['<b>', '"x"'], value: [1, 2] },
  })
  expect(html).not.toContain('<img')
  expect(html).not.toContain('<b>')
})

test('a figure without a needed column, or with uneven ones, is refused by name', async () => {
  await expect(toSvg({ ...figures.line, data: { series: ['a'], x: [1] } })).rejects.toThrow(/has no column "y"/)
  expect(() => toTable({ ...figures.line, data: { series: ['a'], x: [1, 2], y: [1] } })).toThrow(
    /column "x" has 2 values/,
  )
})

test('numbers have three digits, narrow thousands, and words for what is no number', () => {
  expect([0.12345, 1234.5, 12345, 7, Number.NaN, null, Number.POSITIVE_INFINITY, 0.00001234].map(formatNumber)).toEqual(
    ['0.123', '1235', '12\u202f345', '7', '–', '–', '∞', '1.2e-5'],
  )
})
