import type { Claim, Dataset } from '@mlpod/contract'
import { expect, test } from 'vitest'
import { relationOf } from './ingest.ts'
import { complete, fresh, unique } from './promises.ts'
import type { Relation } from './relation.ts'
import { float, int, rowSchema, timestamp } from './schema.ts'

interface Row {
  id: number
  x: number | null
  at: string
}
const handle = {} as Dataset<Relation<Row>, never>
const data = await relationOf(
  [
    { id: 1, x: 1, at: '2024-05-01T00:00:00Z' },
    { id: 1, x: null, at: '2024-05-02T12:00:00Z' },
    { id: 2, x: 3, at: '2024-05-01T06:00:00Z' },
    { id: 3, x: 3, at: '2024-05-01T06:00:00Z' },
  ],
  { schema: rowSchema({ id: int(), x: float({ nullable: true }), at: timestamp() }) },
)
const measure = (claim: Claim) => claim.measure({ data }, {} as never)

test('unique counts the rows whose values occur more than once', async () => {
  expect((await measure(unique(handle, 'id'))).whole).toEqual({ kind: 'exact', value: 2, n: 4 })
  expect((await measure(unique(handle, 'id', 'x'))).whole).toMatchObject({ value: 0 })
  await expect(measure(unique(handle, 'ix' as 'id'))).rejects.toThrow(
    expect.objectContaining({ code: 'COLUMN_UNKNOWN' }),
  )
})

test('complete is the share of values that are there, by column', async () => {
  const { parts } = await measure(complete(handle, { columns: ['id', 'x'], atLeast: 0.7 }))
  expect(parts?.map(({ measurement }) => measurement)).toEqual([
    { kind: 'exact', value: 1, n: 4 },
    { kind: 'exact', value: 0.75, n: 4 },
  ])
  expect(() => complete(handle, { columns: ['x'], atLeast: 70 })).toThrow(/70/)
})

test('fresh is the age of the newest moment, in hours, and volatile', async () => {
  const now = () => Date.parse('2024-05-03T00:00:00Z')
  const claim = fresh(handle, { column: 'at', within: { days: 1 }, now })
  expect(claim).toMatchObject({ threshold: 24, volatile: true, statement: 'the newest at is at most 1 days old' })
  expect((await measure(claim)).whole).toEqual({ kind: 'exact', value: 12, n: 4 })
  await expect(measure(fresh(handle, { column: 'x', within: { hours: 1 } }))).rejects.toThrow(/tells no time/)
  expect(() => fresh(handle, { column: 'at', within: {} })).toThrow(/allowed/)
})
