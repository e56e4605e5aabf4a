import { enableCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { type ErrorRecord, errorFrom, errorRecord, PodError, type Rebuilt } from '@mlpod/contract'
import { openStore } from '@mlpod/store'
import { execute } from './execute.ts'
import type { FromWorker, Job, Report, ToWorker, WorkerData } from './job.ts'
import { loadPod, nodesOf } from './pod.ts'

// A worker thread: imports the pod's config once, then runs the nodes that it is told to run, one after the other.

enableCompileCache()

const FLUSH_MS = 50
const port = parentPort!
const { root, configFile, store: storeRoot } = workerData as WorkerData
const send = (message: FromWorker): void => port.postMessage(message)

let waiting: Report[] = []
let flushedAt = 0
let timer: NodeJS.Timeout | undefined
let controller = new AbortController()
let requests = 0
const rebuilds = new Map<number, { resolve(result: readonly Rebuilt[]): void; reject(error: unknown): void }>()

function flush(): void {
  clearTimeout(timer)
  timer = undefined
  flushedAt = Date.now()
  if (waiting.length > 0) send({ type: 'reports', reports: waiting })
  waiting = []
}

/** Collects reports for a moment; a node that never lets its thread breathe is flushed by the clock as well. */
function report(item: Report): void {
  if (item.type === 'progress' && waiting.at(-1)?.type === 'progress') waiting.pop()
  waiting.push(item)
  if (Date.now() - flushedAt >= FLUSH_MS) flush()
  else timer ??= setTimeout(flush, FLUSH_MS)
}

function rebuild(nodes?: readonly string[]): Promise<readonly Rebuilt[]> {
  flush()
  return new Promise((resolve, reject) => {
    const request = requests++
    rebuilds.set(request, { resolve, reject })
    send({ type: 'rebuild', request, ...(nodes && { nodes }) })
  })
}

try {
  const pod = await loadPod(configFile)
  const byName = new Map(nodesOf(pod).map((node) => [node.name, node]))
  const store = openStore(root, { env: { MLPOD_STORE: storeRoot } })

  const work = async (job: Job): Promise<void> => {
    controller = new AbortController()
    try {
      const node = byName.get(job.node)
      if (node === undefined)
        throw new PodError('CODE_CHANGED', `node "${job.node}" is no longer in the pod`, { at: configFile })
      const made = await execute(node, job, { report, rebuild }, store, root, controller.signal)
      flush()
      send({ type: 'done', made })
    } catch (error) {
      flush()
      send({ type: 'failed', error: errorRecord(error) })
    }
  }

  port.on('message', (message: ToWorker) => {
    if (message.type === 'job') void work(message.job)
    else if (message.type === 'abort') controller.abort()
    else if (message.type === 'end') port.close()
    else {
      const request = rebuilds.get(message.request)
      rebuilds.delete(message.request)
      if (Array.isArray(message.result)) request?.resolve(message.result)
      else request?.reject(errorFrom(message.result as ErrorRecord))
    }
  })
  send({ type: 'ready' })
} catch (error) {
  send({ type: 'broken', error: errorRecord(error) })
}
