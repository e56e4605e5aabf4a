import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import * as g from '../index.ts'
import { run } from '../testOperators.ts'

const words = g.input('words', 'string', ['n'])
const feeds = { words: tensor('string', [3], ['Red fox', 'blue', 'a b c']) }

test('strings are joined, split, matched and brought to one case', async () => {
  const { parts, counts } = g.stringSplit(words)
  const results = await run(
    {
      joined: g.stringConcat(words, '!'),
      parts,
      counts,
      matches: g.regexFullMatch(words, '[a-z]+'),
      upper: g.stringNormalizer(words, { change: 'UPPER', caseSensitive: true, stopwords: ['blue'], locale: 'C' }),
    },
    feeds,
  )
  expect(results.joined.data).toEqual(['Red fox!', 'blue!', 'a b c!'])
  expect(results.parts).toMatchObject({ shape: [3, 3], data: ['Red', 'fox', '', 'blue', '', '', 'a', 'b', 'c'] })
  expect(results.counts.data).toEqual(BigInt64Array.of(2n, 1n, 3n))
  expect(results.matches.data).toEqual(Uint8Array.of(0, 1, 0))
  expect(results.upper.data).toEqual(['RED FOX', 'A B C'])
})

test('what are no strings is refused', () => {
  const x = g.input('x', 'float32', [2])
  for (const make of [
    () => g.stringConcat(x, x),
    () => g.stringSplit(x),
    () => g.regexFullMatch(x, '.'),
    () => g.stringNormalizer(x),
  ])
    expect(make).toThrowError(expect.objectContaining({ code: 'DTYPE_MISMATCH' }))
})
