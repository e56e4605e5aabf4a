import { meaningOf } from './textMeaning.ts'
import { LISTED, type TopSketch } from './topSketch.ts'
import type { CountedCell, TextContent } from './types.ts'

/** Unicode's general categories. */
const CATEGORIES = 'Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn'
  .split(' ')
  .map((name) => [name, new RegExp(`^\\p{${name}}$`, 'u')] as const)

/** Scripts that are told apart; what belongs to none of them is `Other`. */
const SCRIPTS = [
  'Latin',
  'Common',
  'Inherited',
  'Cyrillic',
  'Greek',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Bengali',
  'Tamil',
  'Telugu',
  'Gujarati',
  'Gurmukhi',
  'Kannada',
  'Malayalam',
  'Sinhala',
  'Thai',
  'Lao',
  'Tibetan',
  'Myanmar',
  'Khmer',
  'Georgian',
  'Armenian',
  'Ethiopic',
  'Mongolian',
].map((name) => [name, new RegExp(`^\\p{Script=${name}}$`, 'u')] as const)

const nameOf = (table: readonly (readonly [string, RegExp])[], character: string): string =>
  table.find(([, pattern]) => pattern.test(character))?.[0] ?? 'Other'

type Counts = Map<string, number>
const add = (counts: Counts, key: string, times: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + times)
}

/** The greatest counts, of equal ones the least key first. */
const greatest = (counts: Counts, most: number): { value: string; count: number }[] =>
  [...counts]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([value, count]) => ({ value, count }))

/** What stands around a word. Source: Python's `string.punctuation`. */
const AROUND = /^[!-/:-@[-`{-~\s]+|[!-/:-@[-`{-~\s]+$/g

/** Distinct shapes that are kept apart; of more, only those seen first. */
const SHAPES = 5000

/** Returns what distinct texts (each `counts[i]` times, the most frequent first) are made of; `of` is how many there are in all. */
export function contentOf(
  texts: readonly string[],
  counts: Float64Array,
  { top, of }: { readonly top: number; readonly of: number },
): { readonly content: TextContent; readonly shapes: TopSketch } {
  // the characters of ASCII by their number, the others by themselves
  const plain = new Float64Array(128)
  const [others, words, first, shapes]: Counts[] = [new Map(), new Map(), new Map(), new Map()]
  let dropped = 0
  for (const [i, text] of texts.entries()) {
    const times = counts[i]
    for (const character of text) {
      const code = character.charCodeAt(0)
      if (code < 128) plain[code] += times
      else add(others, character, times)
    }
    for (const part of text.toLowerCase().split(/\s+/u)) {
      const word = part.replace(AROUND, '')
      if (word !== '') add(words, word, times)
    }
    if (text !== '') add(first, String.fromCodePoint(text.codePointAt(0)!), times)
    const shape = text
      .replace(/\p{Nd}/gu, '9')
      .replace(/\p{L}/gu, 'A')
      .slice(0, 40)
    if (shapes.size < SHAPES || shapes.has(shape)) add(shapes, shape, times)
    else dropped = Math.max(dropped, times)
  }
  for (const [code, count] of plain.entries()) if (count > 0) others.set(String.fromCharCode(code), count)
  const [categories, scripts]: Counts[] = [new Map(), new Map()]
  for (const [character, count] of others) {
    add(categories, nameOf(CATEGORIES, character), count)
    add(scripts, nameOf(SCRIPTS, character), count)
  }
  const list: CountedCell[] = greatest(shapes, LISTED)
  const meaning = meaningOf(texts, counts, top)
  // what was not looked at is at most as frequent as the last text that was, times all that remain
  const unseen = of > texts.length ? (of - texts.length) * (counts[counts.length - 1] ?? 0) : 0
  return {
    content: {
      examined: texts.length,
      characters: [...others.values()].reduce((sum, count) => sum + count, 0),
      distinctCharacters: others.size,
      characterCounts: greatest(others, top),
      categories: greatest(categories, 30),
      scripts: greatest(scripts, 30),
      words: greatest(words, top),
      firstCharacters: greatest(first, top),
      shapes: greatest(shapes, top),
      ...(meaning === undefined ? {} : { meaning }),
    },
    shapes: {
      values: list,
      unlisted:
        (shapes.size > LISTED ? list[LISTED - 1].count : 0) + dropped * texts.length * (dropped > 0 ? 1 : 0) + unseen,
    },
  }
}
