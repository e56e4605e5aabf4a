import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { bool, float, int, rowSchema, string, timestamp } from '../schema.ts'
import { associationMethods } from './associations.ts'
import { type Profile, profile } from './index.ts'

// ydata-profiling 4.18.4, pandas 2.3, scipy 1.16, phik 0.12.5
const peer = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../conformance/data/profile.json'), 'utf8'),
) as {
  readonly columns: Readonly<Record<string, readonly (string | number | null)[]>>
  readonly table: Readonly<Record<string, number>>
  readonly variables: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly correlations: Readonly<Record<string, { readonly columns: string[]; readonly values: number[][] }>>
  readonly finite: Readonly<Record<string, number>>
  readonly categories: Readonly<Record<string, readonly (readonly [string, number])[]>>
  readonly missing: { readonly columns: string[]; readonly values: number[][] }
  readonly alerts: readonly string[]
}

const schema = rowSchema({
  normal: float(),
  price: float(),
  count: int(),
  related: float(),
  holes: float({ nullable: true }),
  ends: float(),
  rising: int(),
  few: int(),
  kind: string(),
  side: string(),
  text: string(),
  gaps: string({ nullable: true }),
  flag: bool(),
  when: timestamp(),
})

const numbers = (list: readonly unknown[]): (number | null)[] =>
  list.map((v) => (v === 'inf' ? Infinity : v === '-inf' ? -Infinity : v === 'nan' ? null : (v as number)))

let ours: Profile
beforeAll(async () => {
  const data = await relationOf(
    {
      ...peer.columns,
      holes: numbers(peer.columns.holes),
      ends: numbers(peer.columns.ends),
      when: peer.columns.when.map((v) => `${String(v).replace(/(\.000)?Z?$/, '')}Z`),
    } as never,
    { schema },
  )
  ours = await profile(data, { associations: associationMethods, top: 60 })
})

/** Equal to 1e-9 of their size. */
const close = (a: unknown, b: unknown): void => {
  if (b === null || typeof b !== 'number') expect(a).toEqual(b)
  else expect(Math.abs((a as number) - b), `${a} and ${b}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(b)))
}
const column = (name: string) => ours.columns.find((c) => c.name === name)!

describe.each(Object.keys(peer.columns))('%s', (name) => {
  const theirs = peer.variables[name]

  test('counts equal those of ydata-profiling', () => {
    const { rows, count, missing, missingShare, distinct, distinctShare, isUnique, unique, uniqueShare } = column(name)
    for (const [a, b] of [
      [rows, theirs.n],
      [count, theirs.count],
      [missing, theirs.n_missing],
      [missingShare, theirs.p_missing],
      [distinct, theirs.n_distinct],
      [distinctShare, theirs.p_distinct],
      [unique, theirs.n_unique],
      [uniqueShare, theirs.p_unique],
    ])
      close(a, b)
    expect(isUnique).toBe(theirs.is_unique)
    const { statistic, pvalue } = (theirs.chi_squared as { statistic: number; pvalue: number }) ?? {}
    if (statistic !== undefined) {
      close(column(name).uniformity?.statistic, statistic)
      close(column(name).uniformity?.pValue, pvalue)
    }
    if (theirs.imbalance !== undefined) close(column(name).imbalance, theirs.imbalance)
  })

  const number = theirs.type === 'Numeric'
  test.runIf(number)('statistics of numbers are those of ydata-profiling', () => {
    const n = column(name).number!
    // the peer counts -inf as negative, as we do
    for (const [a, key] of [
      [n.zeros, 'n_zeros'],
      [n.zerosShare, 'p_zeros'],
      [n.negative, 'n_negative'],
      [n.negativeShare, 'p_negative'],
      [n.infinite, 'n_infinite'],
      [n.infiniteShare, 'p_infinite'],
      [n.monotonic, 'monotonic'],
    ] as const)
      close(a, theirs[key])
    const [counts, edges] = theirs.histogram as [number[], number[]]
    if (name !== 'ends') {
      // the peer's sd and mad of a column with missing values are those of NumPy on the values without them
      for (const [a, key] of [
        [n.mean, 'mean'],
        [n.sd, 'std'],
        [n.variance, 'variance'],
        [n.min, 'min'],
        [n.max, 'max'],
        [n.range, 'range'],
        [n.sum, 'sum'],
        [n.kurtosis, 'kurtosis'],
        [n.skewness, 'skewness'],
        [n.cv, 'cv'],
        [n.iqr, 'iqr'],
      ] as const)
        close(a, theirs[key])
      close(n.mad, theirs.mad)
      n.quantiles!.forEach((q, i) => void close(q, theirs[['5%', '25%', '50%', '75%', '95%'][i]]))
    }
    // with infinite values the peer has NaN; ours are of the finite ones
    else
      for (const [a, key] of [
        [n.mean, 'mean'],
        [n.sd, 'std'],
        [n.min, 'min'],
        [n.max, 'max'],
        [n.kurtosis, 'kurtosis'],
        [n.skewness, 'skewness'],
      ] as const)
        close(a, peer.finite[key])
    const mine = n.histogram!
    if (mine.counts.length === counts.length) {
      expect(mine.counts).toEqual(counts)
      mine.edges.forEach((edge, i) => void close(edge, edges[i]))
    }
    expect(mine.counts.reduce((a, b) => a + b, 0)).toBe(counts.reduce((a, b) => a + b, 0))
  })

  test.runIf(theirs.n_characters !== undefined && theirs.type !== 'Boolean' && name !== 'few')(
    'texts are told as by ydata-profiling',
    () => {
      const text = column(name).text!
      close(text.minLength, theirs.min_length)
      close(text.meanLength, theirs.mean_length)
      close(text.maxLength, theirs.max_length)
      close(text.content!.characters, theirs.n_characters)
      close(text.content!.distinctCharacters, theirs.n_characters_distinct)
      const found = new Map(text.content!.characterCounts.map(({ value, count }) => [value, count]))
      for (const [character, count] of theirs.character_counts as [string, number][])
        expect([character, found.get(character)]).toEqual([character, count])
      if (text.content!.words.length < 60) {
        const words = new Map(text.content!.words.map(({ value, count }) => [value, count]))
        for (const [word, count] of theirs.word_counts as [string, number][])
          expect([word, words.get(word)]).toEqual([word, count])
      }
    },
  )
})

test('Unicode categories are those of Python', () => {
  for (const [name, theirs] of Object.entries(peer.categories)) {
    const mine = column(name).text!.content!.categories.map(({ value, count }) => [value, count])
    expect(mine.sort()).toEqual([...theirs].map((pair) => [...pair]).sort())
  }
})

test('days and moments: range and histogram are those of ydata-profiling', () => {
  const { date } = column('when')
  const theirs = peer.variables.when
  expect([date!.min, date!.max]).toEqual([`${theirs.min}Z`, `${theirs.max}Z`])
  close(date!.rangeSeconds, theirs.range)
  const [counts, edges] = theirs.histogram as [number[], number[]]
  expect(date!.histogram!.counts).toEqual(counts)
  date!.histogram!.edges.forEach((edge, i) => void close(edge / 1000, edges[i]))
})

test('the table is told as by ydata-profiling', () => {
  const { table } = ours
  for (const [a, key] of [
    [table.rows, 'n'],
    [table.columns, 'n_var'],
    [table.cellsMissing, 'n_cells_missing'],
    [table.cellsMissingShare, 'p_cells_missing'],
    [table.columnsWithMissing, 'n_vars_with_missing'],
    [table.columnsAllMissing, 'n_vars_all_missing'],
    [table.duplicates, 'n_duplicates'],
    [table.duplicatesShare, 'p_duplicates'],
  ] as const)
    close(a, peer.table[key])
  expect(ours.missing!.columns).toEqual(peer.missing.columns)
  ours.missing!.correlation.forEach((row, i) => {
    for (const [j, value] of row.entries()) close(value, peer.missing.values[i][j])
  })
})

test.each([
  ['pearson', 'pearson', 1e-9],
  ['spearman', 'spearman', 1e-9],
  ['kendall', 'kendall', 1e-9],
  ['cramers', 'cramers', 1e-9],
  ['auto', 'auto', 1e-9],
  // the peer's integrals are drawn at random and its root found to 1e-5
  ['phi_k', 'phik', 1e-3],
] as const)('%s of all pairs', (name, method, tolerance) => {
  const theirs = peer.correlations[name]
  const mine = ours.associations!.methods[method]!
  let compared = 0
  for (const [i, a] of theirs.columns.entries())
    for (const [j, b] of theirs.columns.entries()) {
      const value = mine.values[mine.columns.indexOf(a)]?.[mine.columns.indexOf(b)]
      expect(
        Math.abs((value ?? Number.NaN) - theirs.values[i][j]),
        `${a} ${b}: ${value} and ${theirs.values[i][j]}`,
      ).toBeLessThanOrEqual(tolerance)
      compared++
    }
  expect(compared).toBeGreaterThan(20)
})

test('alerts are those of ydata-profiling, where both have them', () => {
  const names: Record<string, string> = {
    DUPLICATES: 'duplicates',
    HIGH_CORRELATION: 'highCorrelation',
    INFINITE: 'infinite',
    MISSING: 'missing',
    UNIFORM: 'uniform',
    ZEROS: 'zeros',
    CONSTANT: 'constant',
    IMBALANCE: 'imbalance',
    UNIQUE: 'unique',
    SKEWED: 'skewed',
  }
  const theirs = new Set(peer.alerts.map((alert) => alert.split(' ')).map(([code, name]) => `${names[code]} ${name}`))
  const known = new Set(Object.values(names))
  const mine = new Set(
    ours.alerts.filter(({ code }) => known.has(code)).map(({ code, columns }) => `${code} ${columns[0] ?? 'None'}`),
  )
  expect([...mine].sort()).toEqual([...theirs].sort())
})
