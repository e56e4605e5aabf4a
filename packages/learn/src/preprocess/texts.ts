/** What is done to a text before it is split: nothing, ASCII letters lowered, punctuation of ASCII taken out, or both. */
export type Standardize = 'none' | 'lower' | 'stripPunctuation' | 'lowerAndStripPunctuation'

const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g

/** Returns a text standardized; every letter is lowered, not those of ASCII alone. Source: Keras TextVectorization. */
export function standardizeText(text: string, how: Standardize = 'lowerAndStripPunctuation'): string {
  const lowered = how === 'lower' || how === 'lowerAndStripPunctuation' ? text.toLowerCase() : text
  return how === 'stripPunctuation' || how === 'lowerAndStripPunctuation' ? lowered.replace(PUNCTUATION, '') : lowered
}

/** How texts become words. */
export interface TokenOptions {
  /** Default `lowerAndStripPunctuation`. */
  readonly standardize?: Standardize
  /** At white space (default), into characters, or not at all. */
  readonly split?: 'whitespace' | 'character' | 'none'
  /** Also the runs of up to so many words, with a blank between them, after the words. Default 1: words alone. */
  readonly ngrams?: number
}

/** Returns the words of a text. Source: Keras TextVectorization. */
export function textTokens(
  text: string,
  { standardize = 'lowerAndStripPunctuation', split = 'whitespace', ngrams = 1 }: TokenOptions = {},
): string[] {
  const clean = standardizeText(text, standardize)
  const words =
    split === 'none' ? [clean] : split === 'character' ? [...clean] : clean.split(/\s+/).filter((word) => word !== '')
  return Array.from({ length: ngrams }, (_, i) => i + 1).flatMap((size) =>
    Array.from({ length: Math.max(0, words.length - size + 1) }, (_, i) => words.slice(i, i + size).join(' ')),
  )
}

/** A vocabulary in its order, the most frequent first. */
export interface Vocabulary<Token extends string | number = string> {
  readonly tokens: readonly Token[]
  /** For `tfIdf`: log(1 + documents / (1 + those that have it)) of each, before it their mean, for what is unknown. */
  readonly weights: readonly number[]
}

const SURROGATE = /[\ud800-\udfff]/

/** The order of numbers, or of the UTF-8 bytes of texts, which is that of their code points. */
function inOrder(a: string | number, b: string | number): number {
  if (typeof a === 'number' || typeof b === 'number') return Number(a) - Number(b)
  // without surrogates the order of code points is that of strings
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : Number(a > b)
  const [left, right] = [[...a], [...b]].map((list) => list.map((letter) => letter.codePointAt(0)!))
  const differs = left.findIndex((code, i) => code !== right[i])
  return differs < 0 ? left.length - right.length : left[differs] - (right[differs] ?? -1)
}

/**
 * Returns the vocabulary of documents, each a list of tokens: the `most` frequent ones, of equally frequent ones the last in
 * order first. Source: Keras' `adapt` of StringLookup, IntegerLookup and TextVectorization.
 */
export function fitVocabulary<Token extends string | number>(
  documents: readonly (readonly Token[])[],
  { most = Number.POSITIVE_INFINITY }: { readonly most?: number } = {},
): Vocabulary<Token> {
  const counts = new Map<Token, { all: number; documents: number }>()
  for (const document of documents) {
    const seen = new Set<Token>()
    for (const token of document) {
      const count = counts.get(token) ?? { all: 0, documents: 0 }
      if (!seen.has(token)) count.documents++
      count.all++
      seen.add(token)
      counts.set(token, count)
    }
  }
  const kept = [...counts].sort(([a, x], [b, y]) => y.all - x.all || inOrder(b, a)).slice(0, most)
  const own = kept.map(([, count]) => Math.log(1 + documents.length / (1 + count.documents)))
  const mean = own.length === 0 ? 0 : own.reduce((a, b) => a + b, 0) / own.length
  return { tokens: kept.map(([token]) => token), weights: [mean, ...own] }
}

/** Returns the vocabulary of texts, for `textVectorization`. Source: Keras TextVectorization's `adapt`. */
export const fitTexts = (
  texts: readonly string[],
  { most, ...options }: TokenOptions & { readonly most?: number } = {},
): Vocabulary =>
  fitVocabulary(
    texts.map((text) => textTokens(text, options)),
    { ...(most !== undefined && { most }) },
  )
