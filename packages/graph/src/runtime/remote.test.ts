import type { Worker } from 'node:worker_threads'
import { tensor } from '@mlpod/contract'
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

const open = async () => {
  const { compile, input, matMul, openSession } = await import('../index.ts')
  const x = input('x', 'float32', [2, 2])
  return openSession(compile({ inputs: [x], outputs: { y: matMul(x, x) } }), { thread: 'worker' })
}

const feeds = { x: tensor('float32', [2, 2], new Float32Array(4)) }

test('a thread that fails is an error for the runs that wait and for later ones, not a hang', async () => {
  const session = await open()
  const waiting = session.run(feeds).catch((error: unknown) => error)
  started.at(-1)!.emit('error', new Error('out of memory'))
  expect(await waiting).toMatchObject({ code: 'WORKER_DIED', because: 'out of memory' })
  await expect(session.run(feeds)).rejects.toMatchObject({ code: 'WORKER_DIED' })
  await session.close()
})

test('so is a thread that has ended', async () => {
  const session = await open()
  await session.run(feeds)
  await started.at(-1)!.terminate()
  await expect(session.run(feeds)).rejects.toMatchObject({ code: 'WORKER_DIED' })
  await session.close()
})
