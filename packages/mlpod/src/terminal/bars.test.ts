import { expect, test } from 'vitest'
import { bars } from './bars.ts'

test('bars rise with their amounts, and nothing is a blank', () => {
  expect(bars([0, 1, 4, 8])).toBe(' ▂▅█')
  expect(bars([1, 2], 16)).toBe('▁▂')
  expect(bars([])).toBe('')
  expect(bars([0, 0])).toBe('  ')
})
