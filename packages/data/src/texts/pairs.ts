import { PodError } from '@mlpod/contract'
import { collect, valueCounts } from '../aggregates/index.ts'
import { relationOf } from '../ingest.ts'
import type { Cell, Relation } from '../relation.ts'
import { type Column, rowSchema } from '../schema.ts'
import { textColumns } from './textColumns.ts'

/** What is told of two texts of a row: for each pair at once, since models are asked for many together. */
export interface PairDescriptor {
  readonly gives: 'number' | 'truth'
  readonly of: (pairs: readonly (readonly [string, string])[]) => Promise<readonly (number | boolean | null)[]>
}

/** Gives a vector for each text: a model of the caller's, or vectors that are known. */
export type Embed = (texts: readonly string[]) => Promise<readonly ArrayLike<number>[]>
/** Gives a vector for each token of each text. */
export type EmbedTokens = (texts: readonly string[]) => Promise<readonly (readonly ArrayLike<number>[])[]>

const truth = (of: (a: string, b: string) => boolean): PairDescriptor => ({
  gives: 'truth',
  of: async (pairs) => pairs.map(([a, b]) => of(a, b)),
})

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether two values of JSON are equal, whatever the order of members. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [x, y] = [a, b] as Readonly<Record<string, unknown>>[]
  const keys = Object.keys(x)
  return keys.length === Object.keys(y).length && keys.every((key) => Object.hasOwn(y, key) && same(x[key], y[key]))
}

/** The items of a list, which stands as JSON or between commas. */
const itemsOf = (list: string): string[] => {
  const read = json(list)
  return Array.isArray(read)
    ? read.map(String)
    : list
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
}
const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])

interface ItemOptions {
  /** One of the items is enough (default), or all are needed. */
  readonly mode?: 'any' | 'all'
  readonly caseSensitive?: boolean
}
const among = (mode: 'any' | 'all', items: readonly string[], has: (item: string) => boolean): boolean =>
  mode === 'any' ? items.some(has) : items.every(has)

const norm = (v: ArrayLike<number>): number => Math.sqrt(dot(v, v))
function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new PodError('SHAPE_MISMATCH', `a vector of ${a.length} numbers is compared with one of ${b.length}`)
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}
/** Null where a vector is zero. */
const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number | null => {
  const length = norm(a) * norm(b)
  const product = dot(a, b)
  return length === 0 ? null : Math.min(1, Math.max(-1, product / length))
}

/** Texts of both sides, each once, and what a model gives for them. */
async function embedded<V>(
  pairs: readonly (readonly [string, string])[],
  embed: (texts: readonly string[]) => Promise<readonly V[]>,
): Promise<(text: string) => V> {
  const texts = [...new Set(pairs.flat())]
  const vectors = await embed(texts)
  if (vectors.length !== texts.length)
    throw new PodError('SHAPE_MISMATCH', `the model gave ${vectors.length} results for ${texts.length} texts`)
  const known = new Map(texts.map((text, i) => [text, vectors[i]]))
  return (text) => known.get(text)!
}

/** The mean over the tokens of `a` of the greatest cosine with one of `b`. */
const covered = (a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number =>
  a.reduce((sum, token) => sum + Math.max(...b.map((other) => cosine(token, other) ?? 0)), 0) / a.length

/** What can be told of two texts. Source of names and definitions: Evidently 0.7. */
export const pairDescriptors = {
  exactMatch: () => truth((a, b) => a === b),
  /** Whether both are JSON and equal, whatever the order of members. */
  jsonMatch: () =>
    truth((a, b) => {
      const [x, y] = [json(a), json(b)]
      return x !== undefined && y !== undefined && same(x, y)
    }),
  /** Whether the first text holds one (or all) of the items that the second lists, as JSON or between commas. */
  itemMatch: ({ mode = 'any', caseSensitive = true }: ItemOptions = {}) => {
    const folded = (text: string) => (caseSensitive ? text : text.toLowerCase())
    return truth((text, list) => among(mode, itemsOf(list), (item) => folded(text).includes(folded(item))))
  },
  itemNoMatch: ({ mode = 'any', caseSensitive = true }: ItemOptions = {}) => {
    const folded = (text: string) => (caseSensitive ? text : text.toLowerCase())
    return truth((text, list) => !among(mode, itemsOf(list), (item) => folded(text).includes(folded(item))))
  },
  /** The same by whole words, in small letters. */
  wordMatch: ({ mode = 'any' }: Pick<ItemOptions, 'mode'> = {}) =>
    truth((text, list) => {
      const words = wordsOf(text)
      return among(mode, itemsOf(list), (item) => words.has(item.toLowerCase()))
    }),
  wordNoMatch: ({ mode = 'any' }: Pick<ItemOptions, 'mode'> = {}) =>
    truth((text, list) => {
      const words = wordsOf(text)
      return !among(mode, itemsOf(list), (item) => words.has(item.toLowerCase()))
    }),
  /** (1 + cosine of the embeddings) / 2, from 0 to 1, as Evidently has it; null where a vector is zero. */
  semanticSimilarity: (embed: Embed): PairDescriptor => ({
    gives: 'number',
    of: async (pairs) => {
      const vector = await embedded(pairs, embed)
      return pairs.map(([a, b]) => {
        const c = cosine(vector(a), vector(b))
        return c === null ? null : (1 + c) / 2
      })
    },
  }),
  /** F1 of how well the tokens of each text are found in the other. Source: Zhang et al. (2020), BERTScore, without weights. */
  bertScore: (embed: EmbedTokens): PairDescriptor => ({
    gives: 'number',
    of: async (pairs) => {
      const tokens = await embedded(pairs, embed)
      return pairs.map(([a, b]) => {
        const [x, y] = [tokens(a), tokens(b)]
        if (x.length === 0 || y.length === 0) return null
        const [precision, recall] = [covered(x, y), covered(y, x)]
        return precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
      })
    },
  }),
} as const

/**
 * Returns the table with a column for each descriptor of two columns of texts: each distinct pair is looked at once; where one is missing, so is
 * what is told. Throws `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `COLUMN_TWICE`, and what models throw.
 */
export async function describePairs(
  data: Relation,
  columns: readonly [string, string],
  descriptors: Readonly<Record<string, PairDescriptor>>,
): Promise<Relation> {
  await textColumns(data, columns, Object.keys(descriptors))
  const { sql } = data.engine
  const wish = valueCounts(columns.map((name) => sql.column(name)))
  const pairs = (await collect(data, [wish]))(wish)
    .filter(({ values }) => values.every((value) => value !== null))
    .map(({ values: [a, b] }) => [String(a), String(b)] as const)
  const schema: Record<string, Column> = {}
  const found: Record<string, readonly Cell[]> = {}
  columns.forEach((name, i) => {
    schema[name] = { type: 'string', nullable: false }
    found[name] = pairs.map((pair) => pair[i])
  })
  for (const [name, { gives, of }] of Object.entries(descriptors)) {
    schema[name] = { type: gives === 'number' ? 'float' : 'bool', nullable: true }
    found[name] = await of(pairs)
  }
  const known = await relationOf(found as never, { schema: rowSchema(schema) })
  return data.join(known as never, { on: columns as never, kind: 'left' }) as never
}
