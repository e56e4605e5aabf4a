import { expect, test } from 'vitest'
import { errorFrom, errorRecord, PodError } from './error.ts'
import { didYouMean, nearest } from './nearest.ts'
import { tensor } from './tensor.ts'

test('an error crosses a border as plain data and comes back whole', () => {
  const error = new PodError('COLUMN_MISSING', 'column "race" is missing', {
    at: 'clean.ts:4',
    because: 'it was dropped',
    hint: 'keep it',
  })
  const back = errorFrom(structuredClone(errorRecord(error)))
  expect(back).toBeInstanceOf(PodError)
  expect(back).toMatchObject({
    code: 'COLUMN_MISSING',
    message: 'column "race" is missing',
    at: 'clean.ts:4',
    because: 'it was dropped',
    hint: 'keep it',
  })
  expect(back.stack).toBe(error.stack)
  expect(errorRecord(new TypeError('no'))).toMatchObject({ code: 'UNEXPECTED', message: 'no' })
  expect(errorRecord('text')).toEqual({ code: 'UNEXPECTED', message: 'text' })
})

test('the nearest name is found across case, swaps and slips, and nothing far is suggested', () => {
  const names = ['evaluate', 'calibrate', 'fit', 'split']
  expect(nearest('evalaute', names)).toBe('evaluate')
  expect(nearest('Calibrat', names)).toBe('calibrate')
  expect(nearest('spilt', names)).toBe('split')
  expect(nearest('serve', names)).toBeUndefined()
  expect(didYouMean('fitt', names)).toBe(' (did you mean "fit"?)')
  expect(didYouMean('zzz', ['a', 'b'])).toBe(' (there are "a", "b")')
  expect(didYouMean('zzz', [])).toBe('')
})

test('a tensor whose shape does not fit its data is refused', () => {
  expect(() => tensor('float32', [2, 3], new Float32Array(5))).toThrow(/has 6 elements, but the data has 5/)
  expect(() => tensor('float32', [2.5], new Float32Array(2))).toThrow(/whole sizes/)
  expect(tensor('int64', [], BigInt64Array.of(1n)).shape).toEqual([])
})
