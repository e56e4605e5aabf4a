import { chiSquareTail, moments } from '@mlpod/math'
import { type Engine, identifier } from '../engine.ts'
import type { Cell } from '../relation.ts'
import { registersSql } from './distinctSketch.ts'
import { rankSketch } from './rankSketch.ts'
import type { ColumnSketch } from './sketch.ts'
import { tallyOf } from './tally.ts'
import { contentOf } from './textContent.ts'
import { LISTED } from './topSketch.ts'
import type { CountedCell, TextStatistics, Uniformity } from './types.ts'

/** What is known of a column that is counted by its values. */
export interface CategoriesFound {
  readonly text?: TextStatistics
  readonly missing: number
  readonly distinct: number
  readonly unique: number
  /** The most frequent values as text. */
  readonly levels: readonly string[]
  readonly top: readonly CountedCell[]
  readonly others: number
  readonly imbalance: number
  readonly uniformity: Uniformity | null
  readonly sketch: ColumnSketch
}

/** Kinds of lengths that are told. */
const LENGTHS = 200

/**
 * Describes a column of texts or truth values: one GROUP BY, and everything else from its groups. The most frequent values come out,
 * `examined` of them at least, for what texts are made of and for associations.
 */
export async function describeCategories(
  engine: Engine,
  from: string,
  {
    name,
    kind,
    rows,
    top,
    examined,
    content: looksInside = false,
    cell = kind === 'bool' ? (text) => text === 'true' : (text) => text,
  }: {
    readonly name: string
    readonly kind: 'text' | 'bool'
    readonly rows: number
    readonly top: number
    readonly examined: number
    /** Whether to tell what texts are made of. */
    readonly content?: boolean
    /** How a value is shown. */
    readonly cell?: (text: string) => Cell
  },
): Promise<CategoriesFound> {
  const column = identifier(name)
  const listed = Math.max(top, LISTED, examined)
  const lengths =
    kind === 'text'
      ? `(SELECT list({l: l, c: c} ORDER BY l) FROM (SELECT length(v) AS l, sum(c) AS c FROM g GROUP BY 1))`
      : 'NULL'
  const [row] = await engine.read(`
    WITH g AS MATERIALIZED (SELECT CAST(${column} AS VARCHAR) AS v, count(*) AS c FROM (${from}) WHERE ${column} IS NOT NULL GROUP BY 1)
    SELECT count(*) AS distinct_, coalesce(sum(c), 0)::DOUBLE AS n, count_if(c = 1) AS unique_,
      coalesce(fsum(c * ln(c)), 0) AS logs, coalesce(sum(c * c::HUGEINT), 0)::DOUBLE AS squares,
      ${lengths} AS lengths,${kind === 'text' ? ' coalesce(sum(c * strlen(v)), 0)::DOUBLE AS bytes,' : ''}
      (SELECT list(v) FROM (SELECT v FROM g ORDER BY c DESC, v LIMIT ${listed})) AS texts,
      (SELECT list(c) FROM (SELECT c FROM g ORDER BY c DESC, v LIMIT ${listed})) AS counts,
      ${registersSql('v', 'g')} AS registers
    FROM g`)
  const [distinct, n, unique] = [row.distinct_, row.n, row.unique_].map(Number)
  const texts = listOf(row.texts) as readonly string[]
  const counts = Float64Array.from(listOf(row.counts), Number)
  const shown = (most: number): CountedCell[] =>
    texts.slice(0, most).map((value, i) => ({ value: cell(value), count: counts[i] }))
  const most = shown(top)
  const pairs = (listOf(row.lengths) as readonly { readonly entries: { l: unknown; c: unknown } }[]).map(
    ({ entries: { l, c } }) => [Number(l), Number(c)] as const,
  )
  const content = kind === 'text' && looksInside ? contentOf(texts, counts, { top, of: distinct }) : null
  const statistic = n === 0 ? 0 : (distinct / n) * Number(row.squares) - n
  const lengthsTally = tallyOf({
    values: Float64Array.from(pairs, ([length]) => length),
    counts: Float64Array.from(pairs, ([, count]) => count),
    n,
  })
  const list = shown(LISTED)
  return {
    ...(kind === 'text'
      ? { text: { ...lengthsOf(pairs, n), bytes: Number(row.bytes), content: content?.content ?? null } }
      : {}),
    missing: rows - n,
    distinct,
    unique,
    levels: texts,
    top: most,
    others: n - most.reduce((sum, { count }) => sum + count, 0),
    // entropy of counts: ln n - sum(c ln c) / n
    imbalance: distinct < 2 ? 0 : 1 - (Math.log(n) - Number(row.logs) / n) / Math.log(distinct),
    uniformity: distinct < 2 ? null : { statistic, pValue: chiSquareTail(Math.max(0, statistic), distinct - 1) },
    sketch: {
      kind,
      rows,
      missing: rows - n,
      nan: 0,
      infinite: 0,
      zeros: 0,
      negative: 0,
      moments: n === 0 || kind === 'bool' ? null : momentsOfLengths(pairs, n),
      distinct,
      distinctError: 0,
      registers: String(row.registers),
      ranks: n === 0 || kind === 'bool' ? null : rankSketch(lengthsTally),
      top: {
        // a sketch stays small: long values are known by their beginning, and so are not listed
        values: list.filter(({ value }) => String(value).length <= LONG),
        unlisted: Math.max(
          distinct > LISTED ? list[LISTED - 1].count : 0,
          ...list.map(({ value, count }) => (String(value).length > LONG ? count : 0)),
        ),
      },
      shapes: content?.shapes ?? null,
    },
  }
}

/** Characters of a value that a sketch lists. */
const LONG = 40

const listOf = (value: unknown): readonly unknown[] =>
  (value as { readonly items?: readonly unknown[] } | null)?.items ?? []

type Pairs = readonly (readonly [length: number, count: number])[]

function lengthsOf(pairs: Pairs, n: number): Omit<TextStatistics, 'content' | 'bytes'> {
  const place = (k: number): number => {
    let seen = 0
    for (const [length, count] of pairs) {
      seen += count
      if (k < seen) return length
    }
    return Number.NaN
  }
  const total = pairs.reduce((sum, [length, count]) => sum + length * count, 0)
  return {
    minLength: n === 0 ? null : pairs[0][0],
    meanLength: n === 0 ? null : total / n,
    medianLength: n === 0 ? null : (place(Math.floor((n - 1) / 2)) + place(Math.ceil((n - 1) / 2))) / 2,
    maxLength: n === 0 ? null : pairs[pairs.length - 1][0],
    lengths: pairs.slice(0, LENGTHS),
  }
}

function momentsOfLengths(pairs: Pairs, n: number): ColumnSketch['moments'] {
  const { min, max } = moments(pairs.map(([length]) => length))
  const mean = pairs.reduce((sum, [length, count]) => sum + length * count, 0) / n
  const power = (k: number): number => pairs.reduce((sum, [length, count]) => sum + count * (length - mean) ** k, 0)
  return { n, mean, m2: power(2), m3: power(3), m4: power(4), min, max }
}
