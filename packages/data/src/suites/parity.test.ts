import { afterAll, beforeAll, expect, test } from 'vitest'
import reference from '../../../../conformance/data/ge_suite.json' with { type: 'json' }
import { isDateText } from '../expectations/dateText.ts'
import {
  bool,
  closeEngine,
  float,
  fromGreatExpectations,
  int,
  type Relation,
  relationOf,
  rowSchema,
  string,
  timestamp,
  toGreatExpectationsResult,
} from '../index.ts'

type Fields = Record<string, unknown>
interface Case {
  readonly type: string
  readonly kwargs: Fields
  readonly success: boolean
  readonly result: Fields
}
const cases = reference.cases as unknown as readonly Case[]

const number = float({ nullable: true })
const text = string({ nullable: true })
const Table = rowSchema({
  id: int(),
  x: number,
  y: number,
  wide: number,
  steps: number,
  word: text,
  kind: string(),
  day: text,
  iso: string(),
  when: timestamp({ nullable: true }),
  doc: text,
  valid: string(),
  a: int(),
  b: int(),
  c: int(),
  none: number,
  same: number,
  flag: bool(),
  p: number,
  q: number,
  r: number,
})
const infinite = (value: unknown) => (value === 'Infinity' ? Infinity : value === '-Infinity' ? -Infinity : value)

let table: Relation
beforeAll(async () => {
  const rows = (reference.rows as Fields[]).map((row) => ({ ...row, wide: infinite(row.wide) }))
  table = (await relationOf(rows as never, { schema: Table })) as unknown as Relation
})
afterAll(closeEngine)

/** Numbers within rounding, infinities as words, lists of values alike. */
function alike(ours: unknown, theirs: unknown): boolean {
  if (typeof ours === 'number' && typeof theirs === 'number')
    return Math.abs(ours - theirs) <= 1e-9 * Math.max(1, Math.abs(theirs))
  if (Array.isArray(ours) && Array.isArray(theirs))
    return ours.length === theirs.length && ours.every((value, i) => alike(value, theirs[i]))
  if (typeof ours === 'object' && ours !== null && typeof theirs === 'object' && theirs !== null)
    return Object.keys(theirs).every((key) => alike((ours as Fields)[key], (theirs as Fields)[key]))
  return String(ours ?? null) === String(theirs ?? null)
}

/** Where theirs is not right, or not one thing; ours is told in words. */
const DIVERGENT: readonly {
  readonly of: (one: Case) => boolean
  readonly keys?: readonly string[]
  readonly why: string
}[] = [
  {
    of: ({ type }) => /of_type|type_list|type_to_be/.test(type),
    keys: ['observed_value'],
    why: 'types are called as the engine calls them',
  },
  {
    of: ({ type, kwargs }) => type.endsWith('in_type_list') && kwargs.column === 'kind',
    keys: [
      'element_count',
      'missing_count',
      'missing_percent',
      'unexpected_count',
      'unexpected_percent',
      'unexpected_percent_total',
      'unexpected_percent_nonmissing',
      'partial_unexpected_list',
      'partial_unexpected_counts',
      'unexpected_index_list',
    ],
    why: 'a column has one type, so there are no rows to count (theirs looks into object columns)',
  },
  {
    of: ({ type, kwargs }) =>
      type.endsWith('sum_to_equal') &&
      (kwargs.column_list as string[])[0] === 'p' &&
      kwargs.ignore_row_if !== 'any_value_is_missing',
    why: 'a missing summand adds nothing (their engines disagree: pandas fails the row, SQL passes it, Spark adds nothing)',
  },
]

/** The most frequent ones: which of several equally frequent ones are shown is a matter of taste. */
function sameCounts(ours: unknown, theirs: unknown): boolean {
  type Counts = readonly { value: unknown; count: number }[]
  const [a, b] = [ours as Counts, theirs as Counts]
  // theirs counts each NaN apart, so values with a missing part are told as many times as they occur
  const whole = (value: unknown) => ![value].flat().includes(null)
  const least = a[a.length - 1]?.count ?? 0
  const told = b.filter(({ value }) => whole(value))
  if (b.length > 0 && told.length === 0) return a[0].value === null
  return (
    (told.length < b.length || a.map(({ count }) => count).join() === b.map(({ count }) => count).join()) &&
    told.every(({ value, count }) => count <= least || a.some((one) => one.count === count && alike(one.value, value)))
  )
}

test('every core expectation judges, counts and shows as Great Expectations 1.24.1 does', async () => {
  const suite = fromGreatExpectations({
    name: 'parity',
    expectations: cases.map(({ type, kwargs }) => ({ type, kwargs: kwargs as never })),
  })
  const run = await suite.run(table, { format: 'complete', samples: 8 })
  const { results } = toGreatExpectationsResult(run) as unknown as {
    results: readonly { success: boolean; result: Fields; exception_info: Fields }[]
  }
  const wrong: string[] = []
  cases.forEach((one, i) => {
    const { type, kwargs, success, result } = one
    const ours = results[i]
    const known = DIVERGENT.filter(({ of }) => of(one))
    if (known.some(({ keys }) => keys === undefined)) return
    const skipped = known.flatMap(({ keys }) => keys ?? [])
    const say = (what: string, a: unknown, b: unknown) =>
      wrong.push(
        `${type} ${JSON.stringify(kwargs)}: ${what} ${JSON.stringify(a)} and not ${JSON.stringify(b)} ${ours.exception_info.exception_message ?? ''}`,
      )
    if (ours.success !== success) say('success', ours.success, success)
    for (const [key, theirs] of Object.entries(result)) {
      let found = ours.result[key]
      if (key === 'unexpected_index_list') found = (found as unknown[] | undefined)?.slice(0, 8)
      if (key === 'success_details' || key === 'mismatched') found = (ours.result.details as Fields | undefined)?.[key]
      if (skipped.includes(key)) continue
      // distinct values have no order
      if (type.includes('distinct_values') && Array.isArray(found)) found = [...found].sort()
      const expected = type.includes('distinct_values') && Array.isArray(theirs) ? [...theirs].sort() : theirs
      const equal = key === 'partial_unexpected_counts' ? sameCounts(found, expected) : alike(found, expected)
      if (!equal) say(key, found, theirs)
    }
  })
  expect(wrong).toEqual([])
})

test('what Great Expectations offered before 1.0 has the values of scipy', async () => {
  const removed = reference.removed as unknown as readonly {
    type: string
    kwargs: Fields
    observed: number
    within?: number
  }[]
  const suite = fromGreatExpectations({
    name: 'removed',
    expectations: removed.map(({ type, kwargs }) => ({ type, kwargs: kwargs as never })),
  })
  const { results } = await suite.run(table)
  removed.forEach(({ type, kwargs, observed, within = 1e-9 }, i) => {
    const what = `${type} ${JSON.stringify(kwargs)} ${results[i].message ?? ''}`
    expect(Math.abs(Number(results[i].observed) - observed), what).toBeLessThan(within)
  })
})

test('texts of days and moments are read as dateutil reads them', () => {
  const { yes, no } = reference.dates
  expect(yes.length).toBeGreaterThan(100)
  expect(yes.filter((text) => !isDateText(text))).toEqual([])
  expect(no.filter(isDateText)).toEqual([])
})
