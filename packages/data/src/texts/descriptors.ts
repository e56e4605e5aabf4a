import { PodError } from '@mlpod/contract'

/** What is told of a text: a number or yes and no; of missing texts nothing. */
export interface TextDescriptor {
  readonly gives: 'number' | 'truth'
  readonly of: (text: string) => number | boolean
}

const number = (of: (text: string) => number): TextDescriptor => ({ gives: 'number', of })
const truth = (of: (text: string) => boolean): TextDescriptor => ({ gives: 'truth', of })

interface CaseOptions {
  /** Capital and small letters differ; they do by default. */
  readonly caseSensitive?: boolean
}
interface WordOptions {
  /** One of them is enough (by default), or all are needed. */
  readonly mode?: 'any' | 'all'
}

const folded = (text: string, { caseSensitive = true }: CaseOptions): string =>
  caseSensitive ? text : text.toLowerCase()

/** The words of a text in small letters, without marks. */
const words = (text: string): string[] =>
  text
    .replaceAll(/[^\p{L}\p{N} ]+/gu, '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')

const listed = (list: readonly string[], what: string): readonly string[] => {
  if (list.length === 0) throw new PodError('OPTION_INVALID', `${what} needs at least one`)
  return list
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * What can be told of a text without a model. Source of names and definitions: Evidently 0.7; words there are cut to the letters of English and put
 * into their base form, here they are those of any script as they stand.
 */
export const textDescriptors = {
  /** Characters, as code points. */
  length: () => number((text) => [...text].length),
  wordCount: () =>
    number(
      (text) =>
        text
          .replaceAll(/[^\p{L} ]+/gu, '')
          .split(/\s+/)
          .filter((word) => word !== '').length,
    ),
  /** Parts that end in a full stop or a question mark, but not after abbreviations such as "e.g." or "Dr."; at least 1. */
  sentenceCount: () => number((text) => text.split(/(?<!\w\.\w.)(?<![A-Z][a-z]\.)(?<=\.|\?)\s/).length),
  /** Per cent of the characters that are neither letters nor blanks; 0 of an empty text. */
  nonLetterPercentage: () =>
    number((text) => {
      const all = [...text]
      return all.length === 0 ? 0 : (100 * all.filter((c) => c !== ' ' && !/\p{L}/u.test(c)).length) / all.length
    }),
  /**
   * Per cent of the words that are not in a list; words of `ignore` count as known; 0 of a text without words. `base` gives the form in which a word
   * is looked up, its lemma for instance.
   */
  outOfVocabulary: (
    vocabulary: Iterable<string>,
    {
      ignore = [],
      base = (word) => word,
    }: { readonly ignore?: readonly string[]; readonly base?: (word: string) => string } = {},
  ) => {
    const known = new Set([...vocabulary, ...ignore].map((word) => word.toLowerCase()))
    if (known.size === 0) throw new PodError('OPTION_INVALID', '`outOfVocabulary` needs at least one word')
    return number((text) => {
      const list = words(text)
      const unknown = list.filter((word) => !known.has(word) && !known.has(base(word)))
      return list.length === 0 ? 0 : (100 * unknown.length) / list.length
    })
  },
  /**
   * From -1 to 1, by a given lexicon of words and how good or bad they are: s / sqrt(s^2 + 15), where s is their sum. A word of `negations` among the three
   * before turns a word round by -0.74. Source of both constants: VADER (Hutto, Gilbert 2014), whose further rules (capitals, marks, "but") are not here.
   */
  sentiment: (
    lexicon: Readonly<Record<string, number>>,
    { negations = [] }: { readonly negations?: readonly string[] } = {},
  ) => {
    const value = new Map(Object.entries(lexicon).map(([word, v]) => [word.toLowerCase(), v]))
    if (value.size === 0) throw new PodError('OPTION_INVALID', '`sentiment` needs at least one word')
    // words stand here without marks: don't is dont
    const turns = new Set(negations.map((word) => words(word).join('')))
    return number((text) => {
      const list = words(text)
      const total = list.reduce((sum, word, i) => {
        const turned = list.slice(Math.max(0, i - 3), i).some((before) => turns.has(before))
        return sum + (value.get(word) ?? 0) * (turned ? -0.74 : 1)
      }, 0)
      return total === 0 ? 0 : total / Math.sqrt(total * total + 15)
    })
  },
  /** Whether the text is JSON that a test accepts: of a JSON Schema, say. */
  jsonHolds: (holds: (value: unknown) => boolean) =>
    truth((text) => {
      const found = parsed(text)
      return found !== undefined && holds(found)
    }),
  /** What a function of the caller's tells: a model that is not asynchronous, a grammar of a language. */
  custom: (gives: TextDescriptor['gives'], of: TextDescriptor['of']): TextDescriptor => ({ gives, of }),
  /** Whether a regular expression matches the whole text. */
  matches: (pattern: string | RegExp) => {
    const whole = new RegExp(
      `^(?:${typeof pattern === 'string' ? pattern : pattern.source})$`,
      typeof pattern === 'string' ? 'u' : pattern.flags.replace('g', ''),
    )
    return truth((text) => whole.test(text))
  },
  beginsWith: (prefix: string, options: CaseOptions = {}) =>
    truth((text) => folded(text, options).startsWith(folded(prefix, options))),
  endsWith: (suffix: string, options: CaseOptions = {}) =>
    truth((text) => folded(text, options).endsWith(folded(suffix, options))),
  contains: (items: readonly string[], { mode = 'any', ...options }: CaseOptions & WordOptions = {}) => {
    listed(items, '`contains`')
    const has = (text: string) => (item: string) => folded(text, options).includes(folded(item, options))
    return truth((text) => (mode === 'any' ? items.some(has(text)) : items.every(has(text))))
  },
  /** Whether the text lacks one of the items (`any`), or all of them. */
  doesNotContain: (items: readonly string[], { mode = 'any', ...options }: CaseOptions & WordOptions = {}) => {
    listed(items, '`doesNotContain`')
    const has = (text: string) => (item: string) => folded(text, options).includes(folded(item, options))
    return truth((text) => (mode === 'any' ? !items.some(has(text)) : !items.every(has(text))))
  },
  includesWords: (list: readonly string[], { mode = 'any' }: WordOptions = {}) => {
    const wanted = listed(list, '`includesWords`').map((word) => word.toLowerCase())
    return truth((text) => {
      const found = new Set(words(text))
      return mode === 'any' ? wanted.some((word) => found.has(word)) : wanted.every((word) => found.has(word))
    })
  },
  /** Whether one of the words is not there (`any`), or none is (`all`). */
  excludesWords: (list: readonly string[], { mode = 'any' }: WordOptions = {}) => {
    const unwanted = listed(list, '`excludesWords`').map((word) => word.toLowerCase())
    return truth((text) => {
      const found = new Set(words(text))
      return mode === 'any' ? !unwanted.every((word) => found.has(word)) : !unwanted.some((word) => found.has(word))
    })
  },
  /** Whether a word has a scheme and a host. */
  containsLink: () => truth((text) => text.split(/\s+/).some((word) => /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#]/i.test(word))),
  isJson: () => truth((text) => parsed(text) !== undefined),
  /** Whether the text is a JSON object with these members (`exact`: and no others), each of its type, none null. */
  jsonMatches: (
    members: Readonly<Record<string, 'string' | 'number' | 'boolean' | 'object' | 'array' | 'any'>>,
    { exact = false }: { readonly exact?: boolean } = {},
  ) =>
    truth((text) => {
      const found = parsed(text)
      if (typeof found !== 'object' || found === null || Array.isArray(found)) return false
      const object = found as Readonly<Record<string, unknown>>
      if (exact && Object.keys(object).some((key) => !(key in members))) return false
      return Object.entries(members).every(([key, type]) => {
        const value = object[key]
        if (value === undefined || value === null) return false
        return type === 'any' || (Array.isArray(value) ? 'array' : typeof value) === type
      })
    }),
} as const
