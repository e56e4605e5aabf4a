import type { GuardMetadata } from '@mlpod/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Issue, readRequest, tensorsOf } from './request.ts'

const guard: GuardMetadata = {
  version: 1,
  columns: [
    { name: 'amount', dtype: 'float32', nullable: false, minimum: 0, maximum: 1000 },
    { name: 'units', dtype: 'float32', nullable: true, integer: true },
    { name: 'kind/of', dtype: 'string', nullable: false, values: ['house', 'flat'] },
  ],
  label: { column: 'y', values: [0, 1], names: ['no', 'yes'] },
  level: 0.9,
  oodLevel: 0.05,
  largestSet: 1,
  reasons: [],
}
const limits = { maxRows: 3, additional: 'ignore' } as const
const row = { amount: 5, units: 2, 'kind/of': 'house' }
const issuesOf = (body: unknown, more: Partial<Parameters<typeof readRequest>[2]> = {}): readonly Issue[] => {
  const read = readRequest(body as never, guard, { ...limits, ...more })
  return 'issues' in read ? read.issues : []
}

test('a row and a list of rows are read, options too; missing values become NaN and ""', () => {
  expect(readRequest(row, guard, limits)).toMatchObject({ single: true, rows: [row], attributions: false })
  expect(readRequest({ rows: [row], id: 'x', confidence: 0.8, attributions: true }, guard, limits)).toEqual({
    single: false,
    rows: [row],
    id: 'x',
    confidence: 0.8,
    attributions: true,
  })
  const tensors = tensorsOf([{ amount: 1, 'kind/of': 'flat' }], guard.columns)
  expect([...tensors.units.data]).toEqual([Number.NaN])
  expect(tensors['kind/of']).toEqual({ dtype: 'string', shape: [1, 1], data: ['flat'] })
})

test('everything wrong is said at once, each with its pointer and limit, and no value is echoed', () => {
  const issues = issuesOf({
    rows: [{ amount: 2000, units: 1.5, 'kind/of': 'castle' }, { amount: '5', units: null }, 7],
  })
  expect(issues.map(({ pointer, type }) => [pointer, type])).toEqual([
    ['/rows/0/amount', 'less_than_equal'],
    ['/rows/0/units', 'integer'],
    ['/rows/0/kind~1of', 'enum'],
    ['/rows/1/amount', 'number'],
    ['/rows/1/kind~1of', 'missing'],
    ['/rows/2', 'object'],
  ])
  expect(issues[0].limit).toBe(1000)
  expect(JSON.stringify(issues)).not.toMatch(/2000|castle/)
})

test('types are strict, numbers must fit a float32, unknown fields are refused on request, and lists have an end', () => {
  for (const value of [true, '1', [], {}])
    expect(issuesOf({ ...row, amount: value })).toMatchObject([{ pointer: '/amount', type: 'number' }])
  expect(issuesOf({ ...row, units: 1e39 })).toMatchObject([{ type: 'finite' }])
  expect(issuesOf({ ...row, units: Number.POSITIVE_INFINITY })).toMatchObject([{ type: 'finite' }])
  expect(issuesOf({ ...row, extra: 1 })).toEqual([])
  expect(issuesOf({ ...row, extra: 1 }, { additional: 'forbid' })).toMatchObject([
    { pointer: '/extra', type: 'unknown' },
  ])
  expect(issuesOf({ rows: [row, row, row, row] })).toMatchObject([{ pointer: '/rows', type: 'too_long', limit: 3 }])
  expect(issuesOf({ rows: [row], confidence: 1 })).toMatchObject([{ pointer: '/confidence' }])
  expect(issuesOf({ rows: [row], confidense: 0.5 })).toMatchObject([{ pointer: '/confidense' }])
  expect(issuesOf({ rows: 'all' })).toMatchObject([{ pointer: '/rows', type: 'list' }])
  expect(issuesOf([row])).toMatchObject([{ pointer: '', type: 'object' }])
  expect(issuesOf(null)).toHaveLength(1)
  expect(issuesOf({ rows: Array.from({ length: 300 }, () => ({})) }, { maxRows: 300 })).toHaveLength(100)
})

test('a column named as what every object inherits is missing where it is not given', () => {
  const odd = {
    ...guard,
    columns: ['constructor', '__proto__', 'toString'].map((name) => ({
      name,
      dtype: 'string' as const,
      nullable: false,
    })),
  }
  const read = (text: string) => readRequest(JSON.parse(text), odd, limits)
  expect(read('{}')).toMatchObject({ issues: [{ type: 'missing' }, { type: 'missing' }, { type: 'missing' }] })
  expect(read('{"constructor":"a","__proto__":"b","toString":"c"}')).toHaveProperty('rows')
  expect(tensorsOf([{}], odd.columns).toString).toMatchObject({ data: [''] })
})

test('no JSON value makes it throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (body, cell) => {
      readRequest(body as never, guard, limits)
      readRequest({ ...row, amount: cell } as never, guard, limits)
      readRequest({ rows: [{ ...row, 'kind/of': cell }, cell] } as never, guard, limits)
    }),
    { seed: 8, numRuns: 500 },
  )
})
