import { bool, closeEngine, int, relationOf, rowSchema, string } from '@mlpod/data'
import { random } from '@mlpod/math'
import { afterAll, expect, test } from 'vitest'
import { startCoverageMonitor, updateCoverageMonitor } from './coverageMonitor.ts'
import { updateCoverageOfTable } from './coverageOfTable.ts'

afterAll(closeEngine)

test('a table of rows gives the monitor the bits of its columns, in the order asked for', async () => {
  const { uniform } = random({ seed: 3 })
  const day = Array.from({ length: 200 }, (_, i) => (i * 37) % 200)
  const covered = day.map((d) => (d === 9 ? null : uniform(d) > 0.2))
  const side = day.map((d) => (d % 3 ? 'x' : null))
  const table = await relationOf({ day, covered, side } as never, {
    schema: rowSchema({ day: int(), covered: bool({ nullable: true }), side: string({ nullable: true }) }),
  })
  const start = startCoverageMonitor({ level: 0.9 })
  const found = await updateCoverageOfTable(start, table, { covered: 'covered', groupBy: 'side', orderBy: 'day' })
  const days = Array.from({ length: 200 }, (_, d) => d).filter((d) => d !== 9)
  const expected = updateCoverageMonitor(
    start,
    days.map((d) => Number(uniform(d) > 0.2)),
    { groups: days.map((d) => (d % 3 ? 'x' : '')) },
  )
  expect(found).toEqual(expected)
  expect((await updateCoverageOfTable(start, table, { covered: 'covered' })).whole.n).toBe(199)
  await expect(updateCoverageOfTable(start, table, { covered: 'cover' })).rejects.toThrow(/cover/)
})
