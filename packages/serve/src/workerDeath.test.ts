import type { Worker } from 'node:worker_threads'
import { expect, test, vi } from 'vitest'

const started: Worker[] = []

vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>()
  class Watched extends real.Worker {
    constructor(...given: ConstructorParameters<typeof Worker>) {
      super(...given)
      started.push(this)
    }
  }
  return { ...real, Worker: Watched }
})

test('when the thread dies its requests are 503 with the time to come again, and the next one is answered by a new thread', async () => {
  const { service } = await import('./index.ts')
  const { row, smallModel } = await import('./testModel.ts')
  const errors: { code?: string }[] = []
  const served = await service(smallModel(), {
    name: 'small',
    onError: (error) => errors.push(error as { code?: string }),
  })
  const ask = async () =>
    served.app.inject({
      method: 'POST',
      url: '/predict',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(row),
    })
  expect((await ask()).statusCode).toBe(200)
  const waiting = ask()
  setImmediate(() => started.at(-1)?.emit('error', new Error('out of memory')))
  const killed = await waiting
  // the run may have ended before the thread did
  if (killed.statusCode !== 200) expect([killed.statusCode, killed.headers['retry-after']]).toEqual([503, '1'])
  await started.at(-1)?.terminate()
  const after = await ask()
  expect(after.statusCode === 200 || after.statusCode === 503).toBe(true)
  expect((await ask()).statusCode).toBe(200)
  expect(started.length).toBe(2)
  expect(errors.map(({ code }) => code)).toEqual(['WORKER_DIED'])
  await served.close()
})
