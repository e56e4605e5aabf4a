import { broadcast, dtypeIn, ints, need, refuse, type Schema } from '../schema.ts'
import { freshDim, tensorType } from '../value.ts'

const text = tensorType('string')
const ofStrings = (call: Parameters<Schema['types']>[0], count = 1): void => {
  for (let i = 0; i < count; i++)
    if (dtypeIn(call, i, 'any') !== 'string') throw refuse(call, 'DTYPE_MISMATCH', `input ${i} must be string`)
}

/** Operators of strings. */
export const strings = {
  StringConcat: {
    since: 20,
    inputs: [2, 2],
    attributes: {},
    types: (call) => {
      ofStrings(call, 2)
      return [text]
    },
    shapes: (call) => [broadcast(call)],
  },
  StringNormalizer: {
    since: 10,
    inputs: [1, 1],
    attributes: { case_change_action: 'string', is_case_sensitive: 'int', locale: 'string', stopwords: 'strings' },
    types: (call) => {
      ofStrings(call)
      return [text]
    },
    shapes: (call) => {
      const { shape } = need(call, 0)
      if (shape.length !== 1 && !(shape.length === 2 && (shape[0] === 1 || typeof shape[0] === 'string')))
        throw refuse(call, 'SHAPE_MISMATCH', 'it takes a list of strings, or one row of them')
      return [[...shape.slice(0, -1), freshDim()]]
    },
  },
  StringSplit: {
    since: 20,
    inputs: [1, 1],
    attributes: { delimiter: 'string', maxsplit: 'int' },
    types: (call) => {
      ofStrings(call)
      return [text, tensorType('int64')]
    },
    shapes: (call) => [[...need(call, 0).shape, freshDim()], need(call, 0).shape],
  },
  RegexFullMatch: {
    since: 20,
    inputs: [1, 1],
    attributes: { pattern: 'string' },
    types: (call) => {
      ofStrings(call)
      return [tensorType('bool')]
    },
    shapes: (call) => [need(call, 0).shape],
  },
  TfIdfVectorizer: {
    since: 9,
    inputs: [1, 1],
    attributes: {
      max_gram_length: 'int',
      max_skip_count: 'int',
      min_gram_length: 'int',
      mode: 'string',
      ngram_counts: 'ints',
      ngram_indexes: 'ints',
      pool_int64s: 'ints',
      pool_strings: 'strings',
      weights: 'floats',
    },
    types: (call) => {
      dtypeIn(call, 0, 'any')
      return [tensorType('float32')]
    },
    shapes: (call) => {
      const { shape } = need(call, 0)
      if (shape.length < 1 || shape.length > 2)
        throw refuse(call, 'SHAPE_MISMATCH', 'it takes a list of words, or one in each row')
      const places = ints(call, 'ngram_indexes')
      return [[...shape.slice(0, -1), places === undefined ? freshDim() : Math.max(-1, ...places) + 1]]
    },
  },
} as const satisfies Record<string, Schema>
