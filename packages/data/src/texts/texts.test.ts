import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { float, rowSchema, string } from '../schema.ts'
import { describeTexts, textDescriptors as of } from './index.ts'

const tell = (descriptor: { of: (text: string) => number | boolean }, ...texts: string[]) => texts.map(descriptor.of)

test('lengths, words, sentences and marks are counted', () => {
  expect(tell(of.length(), '', 'añ😀')).toEqual([0, 3])
  expect(tell(of.wordCount(), 'one two-three  4', 'Über uns')).toEqual([2, 2])
  expect(tell(of.sentenceCount(), 'One. Two? Three', 'See Dr. Who, e.g. here. Then go.')).toEqual([3, 2])
  expect(tell(of.nonLetterPercentage(), 'ab 12', '')).toEqual([40, 0])
})

test('parts of a text are found, with or without regard to capitals', () => {
  expect(tell(of.matches('a+b'), 'aab', 'aabc')).toEqual([true, false])
  expect(tell(of.beginsWith('he', { caseSensitive: false }), 'Hello', 'oh')).toEqual([true, false])
  expect(tell(of.endsWith('.'), 'Yes.', 'No')).toEqual([true, false])
  expect(tell(of.contains(['a', 'b']), 'a', 'ab', 'c')).toEqual([true, true, false])
  expect(tell(of.contains(['a', 'b'], { mode: 'all' }), 'a', 'ab')).toEqual([false, true])
  expect(tell(of.doesNotContain(['a', 'b']), 'a', 'c')).toEqual([false, true])
  expect(tell(of.doesNotContain(['a', 'b'], { mode: 'all' }), 'a', 'ab')).toEqual([true, false])
})

test('words are whole words', () => {
  expect(tell(of.includesWords(['sorry', 'cannot']), "I'm Sorry!", 'sorrys')).toEqual([true, false])
  expect(tell(of.includesWords(['a', 'b'], { mode: 'all' }), 'a b', 'a')).toEqual([true, false])
  expect(tell(of.excludesWords(['a', 'b']), 'a b', 'a')).toEqual([false, true])
  expect(tell(of.excludesWords(['a', 'b'], { mode: 'all' }), 'a', 'c')).toEqual([false, true])
  expect(tell(of.containsLink(), 'see https://example.org/x now', 'see example.org')).toEqual([true, false])
})

test('JSON is read, and compared with members and their types', () => {
  expect(tell(of.isJson(), '{"a":1}', '{a:1}')).toEqual([true, false])
  const least = of.jsonMatches({ a: 'number', b: 'any' })
  expect(tell(least, '{"a":1,"b":[],"c":0}', '{"a":"1","b":1}', '{"a":1,"b":null}', '[]', 'x')).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
  expect(tell(of.jsonMatches({ a: 'array' }, { exact: true }), '{"a":[]}', '{"a":[],"b":1}')).toEqual([true, false])
})

test('a table gets a column for each descriptor, missing where the text is', async () => {
  const table = await relationOf(
    { t: ['a b', null, 'a b', 'c'], x: [1, 2, 3, 4] },
    { schema: rowSchema({ t: string({ nullable: true }), x: float() }) },
  )
  const found = await describeTexts(table, 't', { words: of.wordCount(), long: of.contains(['b']) })
  expect(await found.orderBy('x').rows()).toEqual([
    { t: 'a b', x: 1, words: 2, long: true },
    { t: null, x: 2, words: null, long: null },
    { t: 'a b', x: 3, words: 2, long: true },
    { t: 'c', x: 4, words: 1, long: false },
  ])
  await expect(describeTexts(table, 'x', {})).rejects.toThrow(/no texts/)
  await expect(describeTexts(table, 't', { x: of.length() })).rejects.toThrow(/already/)
  await expect(describeTexts(table, 'tt' as 't', {})).rejects.toThrow(/"t"/)
  expect(() => of.contains([])).toThrow(/at least one/)
})
