import { createHash } from 'node:crypto'
import { PodError } from '@mlpod/contract'
import { identifier, openEngine, quoted } from './engine.ts'
import { unknownColumn, untyped } from './query.ts'
import type { Relation } from './relation.ts'

/** Settings of a split. `shares` sum to 1; `key` names the columns that decide a row's part. */
export interface SplitOptions<Name extends string, Part extends string> {
  readonly seed: number
  readonly shares: Readonly<Record<Part, number>>
  /** Rows of equal key stay together. By default all columns, repeated rows told apart by their number. */
  readonly key?: readonly Name[]
}

// names of columns for the time of the split; the letters make them nobody's
const KEY = 'text of key \u2063'
const NUMBER = 'number among equal rows \u2063'
const PLACE = 'place \u2063'

/**
 * Splits a relation into disjoint parts that make up the whole. A row's part depends on its own key, the seed and the
 * shares alone: it stays when rows are added or removed. Throws `SHARES_INVALID`,
 * `COLUMN_UNKNOWN`, `KEY_EMPTY`, `SEED_INVALID`.
 */
export async function hashSplit<Row, Part extends string>(
  data: Relation<Row>,
  { seed, shares, key }: SplitOptions<keyof Row & string, Part>,
): Promise<Record<Part, Relation<Row>>> {
  const parts = Object.entries(shares) as [Part, number][]
  const total = parts.reduce((sum, [, share]) => sum + share, 0)
  if (parts.some(([, share]) => !(share >= 0)) || Math.abs(total - 1) > 1e-9)
    throw new PodError('SHARES_INVALID', `the shares ${JSON.stringify(shares)} sum to ${total} and not to 1`)
  if (key?.length === 0)
    throw new PodError('KEY_EMPTY', 'a split by no column would put all rows into one part', {
      hint: 'leave `key` out to split by all columns',
    })
  for (const name of key ?? []) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  if (!Number.isSafeInteger(seed)) throw new PodError('SEED_INVALID', `the seed ${seed} is no whole number`)
  const { sql } = await openEngine()
  const plain = untyped(data)
  // every value is led by its length, so that no two keys give one text
  const texts = (key ?? plain.columns)
    .map((name) => `CAST(${identifier(name)} AS VARCHAR)`)
    .map((value) => `coalesce(length(${value}) || ':' || ${value}, '-')`)
  const text = `concat(${texts.join(', ')})`
  const keyed = plain.derive({ [KEY]: sql.verbatim(text) })
  // without a key equal rows are told apart by their number
  const column = sql.column(KEY)
  const numbered = key ? keyed : keyed.derive({ [NUMBER]: sql.row_number().partitionby(column) })
  const number = `CAST(${identifier(NUMBER)} AS VARCHAR)`
  const whole = key ? identifier(KEY) : `${identifier(KEY)} || length(${number}) || ':' || ${number}`
  const place = sql.verbatim(`CAST('0x' || substr(sha256(${quoted(`${seed};`)} || ${whole}), 1, 13) AS BIGINT)`)
  const split = numbered.derive({ [PLACE]: place })
  let start = 0
  const pieces = parts.map(([part, share], i) => {
    const end = i === parts.length - 1 ? 1 : start + share
    const [from, to] = [start, end].map((edge) => sql.literal(Math.round(edge * 2 ** 52)))
    const position = sql.column(PLACE)
    start = end
    const piece = split.where(sql.and(sql.gte(position, from), sql.lt(position, to)))
    return [part, piece.select(...plain.columns)]
  })
  return Object.fromEntries(pieces) as unknown as Record<Part, Relation<Row>>
}

/** Returns the place in [0, 1) that `hashSplit` gives to a key of these texts (null: missing). */
export function placeOf(seed: number, key: readonly (string | null)[]): number {
  const text = key.map((value) => (value === null ? '-' : `${[...value].length}:${value}`)).join('')
  const digest = createHash('sha256').update(`${seed};${text}`).digest('hex')
  return Number.parseInt(digest.slice(0, 13), 16) / 2 ** 52
}
