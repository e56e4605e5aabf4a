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
        const results = await Promise.all(requests.map(({ rows, lane }) => submit(rows, { lane })))
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
  await Promise.all([1, 2, 3, 4, 5].map((row) => submit([row])))
  expect(sizes).toEqual([1, 4])
})

test('a request that cannot be run fails no other: its batch is run again one by one', async () => {
  let runs = 0
  const queue = batcher<number, number>(async (rows) => {
    runs++
    await pause()
    if (rows.includes(13)) throw new Error('thirteen')
    return rows
  })
  const results = await Promise.allSettled([[1], [2], [13, 3], [4]].map((rows) => queue.submit(rows)))
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.message))).toEqual([
    [1],
    [2],
    'thirteen',
    [4],
  ])
  // 1 alone, the other three together, then each of them
  expect(runs).toBe(5)
  expect(queue.waiting).toBe(0)
})

test('a full queue refuses at once', async () => {
  const queue = batcher<number, number>(
    async (rows) => {
      await pause()
      return rows
    },
    { maxWaiting: 3, maxRows: 1 },
  )
  const [first, second] = [queue.submit([1]), queue.submit([2])]
  await expect(queue.submit([3, 4])).rejects.toMatchObject({ code: 'QUEUE_FULL', message: '2 rows wait already' })
  expect([await first, await second]).toEqual([[1], [2]])
  expect(await queue.submit([3, 4])).toEqual([3, 4])
})

test('who goes away while waiting is not run', async () => {
  const seen: number[] = []
  const queue = batcher<number, number>(async (rows) => {
    seen.push(...rows)
    await pause()
    return rows
  })
  const gone = new AbortController()
  const [first, second, third] = [queue.submit([1]), queue.submit([2], { signal: gone.signal }), queue.submit([3])]
  gone.abort(new Error('gone'))
  await expect(second).rejects.toThrow('gone')
  expect([await first, await third]).toEqual([[1], [3]])
  expect(seen).toEqual([1, 3])
  await expect(queue.submit([5], { signal: gone.signal })).rejects.toThrow('gone')
  expect(queue.waiting).toBe(0)
})
