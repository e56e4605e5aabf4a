import { stripVTControlCharacters, styleText } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ago, bytes, clock, cutTo, duration, padTo, tableLines, widthOf } from './text.ts'

const red = (text: string): string => styleText('red', text, { validateStream: false })

test('durations, clocks, sizes and ages read as people say them, at every border', () => {
  expect([0, 4, 310, 9994, 12_840, 59_940, 60_000, 185_400, 7_384_000].map(duration)).toEqual([
    '0.00s',
    '0.00s',
    '0.31s',
    '9.99s',
    '12.8s',
    '59.9s',
    '1m 00s',
    '3m 05s',
    '123m 04s',
  ])
  expect([0, 7_900, 61_000, 3_600_000].map(clock)).toEqual(['0:00', '0:07', '1:01', '60:00'])
  expect([0, 999, 1000, 412_345, 999_499, 999_500, 1.5e9, 2e15].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1 kB',
    '412 kB',
    '999 kB',
    '1 MB',
    '1.5 GB',
    '2000 TB',
  ])
  expect([0, 59, 60, 3599, 3600, 86_399, 86_400, -5].map((seconds) => ago(0, seconds * 1000))).toEqual([
    '0s ago',
    '59s ago',
    '1m ago',
    '59m ago',
    '1h ago',
    '23h ago',
    '1d ago',
    '0s ago',
  ])
})

test('no duration shows sixty seconds', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e8, noNaN: true }), (ms) => {
      expect(duration(ms)).not.toMatch(/(^|\s)60(\.0)?s/)
      expect(duration(ms)).not.toMatch(/^10\.00s/)
    }),
    { seed: 1, numRuns: 2000, examples: [[59_960], [9_996], [59_999.9], [119_999]] },
  )
})

test('width counts what is seen: colours are nothing, wide characters two', () => {
  expect(widthOf(red('abc'))).toBe(3)
  expect(widthOf('数据')).toBe(4)
  expect(widthOf('e\u0301')).toBe(1)
  expect(widthOf('👍🏽x')).toBe(3)
  expect(padTo('数', 4)).toBe('数  ')
})

test('cutting keeps to the width, keeps colour codes whole, and marks what is gone', () => {
  expect(cutTo('abcdef', 4)).toBe('abc…')
  expect(cutTo('abcd', 4)).toBe('abcd')
  expect(cutTo(`${red('abcdef')}gh`, 4)).toBe(red('abc…'))
  expect(cutTo('数据数据', 5)).toBe('数据…')
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.boolean())), fc.integer({ min: 1, max: 40 }), (parts, width) => {
      const clean = parts.map(([text, on]) => [stripVTControlCharacters(text).replace(/[\p{C}]/gu, ''), on] as const)
      const text = clean.map(([part, on]) => (on ? red(part) : part)).join('')
      const cut = cutTo(text, width)
      expect(widthOf(cut)).toBeLessThanOrEqual(width)
      // every colour that was begun is ended
      const codes = (of: string): number => of.split('\u001b[').length - 1
      expect(codes(cut)).toBe(codes(text))
    }),
    { seed: 2 },
  )
})

test('a table drops columns from the right where it is too wide, never wraps, and keeps the first', () => {
  const columns = [{ header: 'name' }, { header: 'n', align: 'right' as const }, { header: 'why' }]
  const rows = [
    ['clean', '5', 'because of a long reason'],
    [red('split'), '1,234', ''],
  ]
  expect(tableLines(columns, rows).map(stripVTControlCharacters)).toEqual([
    '  name       n  why',
    '  clean      5  because of a long reason',
    '  split  1,234',
  ])
  expect(tableLines(columns, rows, { width: 20 }).map(stripVTControlCharacters)).toEqual([
    '  name       n',
    '  clean      5',
    '  split  1,234',
  ])
  expect(tableLines(columns, rows, { width: 3 })[0]).toBe('  name')
  expect(tableLines(columns, [])).toEqual(['  name  n  why'])
})
