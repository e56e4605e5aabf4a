import { parentPort, workerData } from 'node:worker_threads'
import { errorRecord, type Tensor } from '@mlpod/contract'
import { createEngine } from '#runtime'
import type { Answer, Request, Start } from './runtime/message.ts'

// A worker thread that owns one model: a run blocks this thread and no other.

const port = parentPort!
const { bytes, options } = workerData as Start

const buffersOf = (tensors: Readonly<Record<string, Tensor>>): ArrayBuffer[] => [
  ...new Set(
    Object.values(tensors).flatMap(({ data }) => (ArrayBuffer.isView(data) ? [data.buffer as ArrayBuffer] : [])),
  ),
]

const done = (id: number, results: Readonly<Record<string, Tensor>>): void =>
  port.postMessage({ id, type: 'done', results } satisfies Answer, buffersOf(results))

const failed = (id: number, error: unknown): void =>
  port.postMessage({ id, type: 'failed', error: errorRecord(error) } satisfies Answer)

try {
  const engine = await createEngine(bytes, options)
  port.on('message', async (request: Request) => {
    try {
      if (request.type === 'run') done(request.id, await engine.run(request.feeds, request.outputs, {}))
      else {
        await engine.close()
        done(request.id, {})
        port.close()
      }
    } catch (error) {
      failed(request.id, error)
    }
  })
  done(0, {})
} catch (error) {
  failed(0, error)
  port.close()
}
