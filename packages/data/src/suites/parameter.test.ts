import { expect, test } from 'vitest'
import { evaluate, resolve } from './parameter.ts'

const world = {
  values: { low: 2, day: '2020-01-31', 'urn:great:x': 7, list: ['a', 'b'] },
  now: Date.UTC(2026, 0, 2, 3, 4, 5),
}
const of = (text: string) => evaluate(text, world)

test('expressions are computed as Great Expectations does', () => {
  expect(of('low + 2 * 3 ^ 2 ^ 1')).toBe(20)
  expect(of('-low - -3')).toBe(1)
  expect(of('(1 + low) / 4')).toBe(0.75)
  expect(of('abs(-3) + trunc(2.9) + round(2.5) + sgn(-4)')).toBe(6)
  expect(of('2 * pi')).toBe(2 * Math.PI)
  expect(of('1e2')).toBe(100)
  expect(of('urn:great:x')).toBe(7)
  expect(of('list')).toEqual(['a', 'b'])
})

test('moments and their differences are told in ISO form', () => {
  expect(of('now()')).toBe('2026-01-02T03:04:05Z')
  expect(of('now() - timedelta(days=1, hours=2)')).toBe('2026-01-01T01:04:05Z')
  expect(of('now() - 2 * timedelta(weeks=1)')).toBe('2025-12-19T03:04:05Z')
  expect(of('day + timedelta(days=1)')).toBe('2020-02-01T00:00:00Z')
  expect(of('datetime(2020, 2, 29)')).toBe('2020-02-29T00:00:00Z')
  expect(of('datetime(2020, 1, 2) - datetime(2020, 1, 1)')).toBe(86_400)
})

test('parameters are found wherever they stand', () => {
  expect(resolve({ a: [{ $PARAMETER: 'low' }, 1], b: { c: { $PARAMETER: 'low * 2' } } }, world)).toEqual({
    a: [2, 1],
    b: { c: 4 },
  })
})

test('nothing but the grammar is understood, and names that are not known are told', () => {
  for (const text of [
    '',
    'low +',
    '1 / 0',
    'process.exit()',
    'now() + now()',
    'eval(1)',
    'now() * 2',
    '2 ^ now()',
    "'a'",
    'abs(1, 2)',
  ])
    expect(() => of(text), text).toThrow(/PARAMETER|parameter/)
  expect(() => of('lwo + 1')).toThrow(/did you mean "low"/)
  expect(() => of('timedelta(dais=1)')).toThrow(/did you mean "days"/)
})
