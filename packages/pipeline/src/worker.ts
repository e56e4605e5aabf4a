import { enableCompileCache } from 'node:module'
import { type ErrorRecord, errorFrom, errorRecord, PodError, type Rebuilt } from '@mlpod/contract'
import { openStore } from '@mlpod/store'
import { execute } from './execute.ts'
import type { FromWorker, Job, Report, ToWorker, WorkerData } from './job.ts'
import { endWithParent } from './orphan.ts'
import { loadPod, nodesOf } from './pod.ts'
import { resolveQuickly } from './resolution.ts'

// A worker process: imports the pod's config once, then runs the nodes that it is told to run, one after the other.
// A process and not a thread: a thread that is ended while a native engine runs takes the whole process with it.

enableCompileCache()
resolveQuickly()

const FLUSH_MS = 50
const { root, configFile, store: storeRoot } = JSON.parse(process.argv[2]) as WorkerData
const send = (message: FromWorker, sent: () => void = () => undefined): void => {
  process.send?.(message, undefined, undefined, sent)
}

// Ctrl-C reaches every process of the terminal: the runner decides what it means. Without a runner there is nothing to do.
process.on('SIGINT', () => undefined)
process.on('disconnect', () => process.exit())
endWithParent()
process.on('uncaughtException', (error) => send({ type: 'crashed', error: errorRecord(error) }, () => process.exit(1)))

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

  process.on('message', (message: ToWorker) => {
    if (message.type === 'job') void work(message.job)
    else if (message.type === 'abort') controller.abort()
    else if (message.type === 'end') process.disconnect?.()
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
