import { errorFrom, PodError, type Tensor } from '@mlpod/contract'
import type { Engine, EngineOptions } from './engine.ts'
import type { Answer, Request, Start } from './message.ts'
import { copied } from './onnxruntime.ts'

interface Waiting {
  readonly resolve: (results: Readonly<Record<string, Tensor>>) => void
  readonly reject: (error: unknown) => void
}

type Asked = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never

/**
 * Returns an engine that runs in a worker thread of its own. Results are transferred; feeds are copied.
 * Throws `MODEL_REFUSED`, and `WORKER_DIED` when the thread ends unasked, then and in every later call.
 */
export async function createRemoteEngine(bytes: Uint8Array, options: EngineOptions): Promise<Engine> {
  const { Worker } = await import('node:worker_threads')
  const worker = new Worker(new URL(import.meta.resolve('@mlpod/graph/worker')), {
    workerData: { bytes, options } satisfies Start,
  })
  const waiting = new Map<number, Waiting>()
  let count = 0
  let death: PodError | undefined

  const settle = (id: number): Waiting | undefined => {
    const entry = waiting.get(id)
    waiting.delete(id)
    // An idle worker does not keep the process alive.
    if (waiting.size === 0) worker.unref()
    return entry
  }
  const die = (cause?: unknown): void => {
    death ??= new PodError('WORKER_DIED', 'the thread that ran the model has ended', {
      because: cause instanceof Error ? cause.message : undefined,
      hint: 'open the session again',
      cause,
    })
    for (const id of [...waiting.keys()]) settle(id)?.reject(death)
  }
  worker.on('message', (answer: Answer) => {
    const entry = settle(answer.id)
    if (answer.type === 'done') entry?.resolve(answer.results)
    else entry?.reject(errorFrom(answer.error))
  })
  worker.on('error', die)
  worker.on('exit', () => die())

  const expect = (id: number): Promise<Readonly<Record<string, Tensor>>> =>
    new Promise((resolve, reject) => {
      if (death !== undefined) return reject(death)
      worker.ref()
      waiting.set(id, { resolve, reject })
    })
  const ask = (request: Asked): Promise<Readonly<Record<string, Tensor>>> => {
    const id = ++count
    const answer = expect(id)
    if (death === undefined) worker.postMessage({ ...request, id })
    return answer
  }
  await expect(0)
  return {
    async run(feeds, outputs, into) {
      const results = await ask({ type: 'run', feeds, outputs })
      return Object.fromEntries(
        outputs.map((name) => [name, into[name] === undefined ? results[name] : copied(results[name], into[name])]),
      )
    },
    async close() {
      if (death !== undefined) return
      await ask({ type: 'close' })
      await worker.terminate()
    },
  }
}
