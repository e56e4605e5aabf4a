import fc from 'fast-check'
import { expect, test } from 'vitest'
import { batcher } from './batcher.ts'

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('every request gets the results of its own rows in order, whatever runs together; lanes never mix; batches keep their size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ rows: fc.array(fc.integer(), { minLength: 1, maxLength: 9 }), lane: fc.constantFrom('a', 'b') }),
        { maxLength: 30 },
      ),
      async (requests) => {
        let running = 0
        const { submit } = batcher<number, string>(
          async (rows, lane) => {
            expect(++running).toBe(1)
            expect(rows.length).toBeLessThanOrEqual(12)
            await pause()
            running--
            return rows.map((row) => `${lane}${row}`)
          },
          { maxRows: 12 },
        )
        const results = await Promise.all(requests.map(({ rows, lane }) => submit(rows, lane)))
        expect(results).toEqual(requests.map(({ rows, lane }) => rows.map((row) => `${lane}${row}`)))
      },
    ),
    { seed: 5, numRuns: 100 },
  )
})

test('what waits goes together in the next run, and nothing is delayed when nothing waits', async () => {
  const sizes: number[] = []
  const { submit } = batcher<number, number>(async (rows) => {
    sizes.push(rows.length)
    await pause()
    return rows
  })
  await Promise.all([1, 2, 3, 4, 5].map((row) => submit([row], '')))
  expect(sizes).toEqual([1, 4])
})

test('a batch that fails fails its requests and no others; a full queue refuses at once', async () => {
  const queue = batcher<number, number>(
    async (rows) => {
      await pause()
      if (rows.includes(13)) throw new Error('thirteen')
      return rows
    },
    { maxWaiting: 3, maxRows: 1 },
  )
  const [first, second] = [queue.submit([13], ''), queue.submit([2], '')]
  await expect(queue.submit([3, 4], '')).rejects.toThrow(/2 rows wait already/)
  await expect(first).rejects.toThrow('thirteen')
  expect(await second).toEqual([2])
  expect(queue.waiting).toBe(0)
})
