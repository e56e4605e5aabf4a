import { expect, test } from 'vitest'
import { sentenceOf } from './sentence.ts'

test('a sentence says of which rows and of how many values', () => {
  expect(sentenceOf({ type: 'notNull', column: 'a' })).toBe('a is not missing')
  expect(sentenceOf({ type: 'notNull', column: 'a', mostly: 0.995, where: 'b > 1' })).toBe(
    'a is not missing, where b > 1, for at least 99.5 %',
  )
  const where = {
    or: [
      { column: 'b', operator: 'in', value: ['x', 'y'] },
      {
        not: {
          and: [
            { column: 'c', operator: 'notNull' },
            { column: 'c', operator: '<', value: { column: 'd' } },
          ],
        },
      },
    ],
  } as const
  expect(sentenceOf({ type: 'notNull', column: 'a', where })).toBe(
    'a is not missing, where b in ["x","y"] or (not (c is not missing and c < d))',
  )
  expect(sentenceOf({ type: 'notNull', column: 'a', where: (() => true) as never })).toBe(
    'a is not missing, where a condition holds',
  )
})
