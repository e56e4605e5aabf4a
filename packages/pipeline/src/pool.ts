import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import { type ErrorRecord, errorFrom, errorRecord, PodError, type Rebuilt } from '@mlpod/contract'
import { nodeFailure } from './failure.ts'
import type { FromWorker, Job, Made, Report, ToWorker, WorkerData } from './job.ts'

/** Worker processes that run nodes; each imports the pod once and is used again. */
export interface Pool {
  /** Runs a job in a free worker, or a new one. Throws the job's error, `NODE_TIMEOUT`, `NODE_STOPPED` or `WORKER_DIED`. */
  run(job: Job, options: PoolRun): Promise<Made>
  /** Ends all workers at once. */
  close(): Promise<void>
}

/** How a job is run. */
interface PoolRun {
  report(report: Report): void
  rebuild(nodes?: readonly string[]): Promise<readonly Rebuilt[]>
  readonly timeoutMs?: number
  /** Ends the worker when aborted. */
  readonly stop?: AbortSignal
}

interface Member {
  readonly worker: ChildProcess
  /** Names of the nodes whose code was unchanged when this worker had loaded it. */
  readonly ready: Promise<ReadonlySet<string>>
  /** The node that it runs. */
  node?: string
  receive?: (message: FromWorker) => void
  die?: (error: PodError) => void
  print?: (text: string) => void
}

/** Time for a stopped node to end by its signal before its process is killed. */
const LAST_WORDS_MS = 200

/**
 * Makes a pool. `certify` is called when a worker has loaded the pod and returns the nodes whose code has not changed
 * since it was told; a worker runs no others, so that no result is kept under the key of other code.
 */
export function openPool(data: WorkerData, certify: () => Promise<ReadonlySet<string>>): Pool {
  const script = createRequire(import.meta.url).resolve('@mlpod/pipeline/worker')
  const members = new Set<Member>()
  const idle: Member[] = []

  const start = (): Member => {
    const worker = fork(script, [JSON.stringify(data)], {
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const { promise, resolve, reject } = Promise.withResolvers<ReadonlySet<string>>()
    promise.catch(() => undefined)
    const member: Member = { worker, ready: promise }
    const died = (error: PodError): void => {
      members.delete(member)
      const index = idle.indexOf(member)
      if (index >= 0) idle.splice(index, 1)
      reject(error)
      member.die?.(error)
    }
    const failed = (error: unknown): void => died(nodeFailure(member.node ?? 'worker', error, data.root))
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'ready') certify().then(resolve, reject)
      else if (message.type === 'broken') reject(errorFrom(message.error))
      else if (message.type === 'crashed') failed(errorFrom(message.error))
      else member.receive?.(message)
    })
    worker.on('error', failed)
    worker.on('exit', (code, signal) =>
      died(
        new PodError(
          'WORKER_DIED',
          `${member.node ?? 'a worker'}: its process ended with ${signal ?? `code ${code}`}`,
          {
            hint: 'a node must not call process.exit(); a signal comes from a native library or from the system (memory)',
          },
        ),
      ),
    )
    for (const stream of [worker.stdout, worker.stderr]) stream?.on('data', (chunk) => member.print?.(String(chunk)))
    members.add(member)
    return member
  }

  const gone = (worker: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      if (worker.exitCode !== null || worker.signalCode !== null) resolve()
      else worker.once('exit', () => resolve())
    })

  const end = async (member: Member): Promise<void> => {
    members.delete(member)
    member.die = undefined
    member.worker.kill('SIGKILL')
    await gone(member.worker)
  }

  /** Lets an idle worker end by itself. */
  const dismiss = async (member: Member): Promise<void> => {
    members.delete(member)
    member.die = undefined
    member.worker.send({ type: 'end' } satisfies ToWorker)
    const timer = setTimeout(() => member.worker.kill('SIGKILL'), LAST_WORDS_MS * 10)
    await gone(member.worker)
    clearTimeout(timer)
  }

  return {
    async run(job, { report, rebuild, timeoutMs, stop }) {
      const member = idle.pop() ?? start()
      const tell = (message: ToWorker): void => {
        if (member.worker.connected) member.worker.send(message)
      }
      member.node = job.node
      member.print = lines((text) => report({ type: 'note', text }))
      const certified = await member.ready
      if (!certified.has(job.node)) {
        await end(member)
        throw new PodError('CODE_CHANGED', `the code of node "${job.node}" was changed while the run went on`, {
          because: 'its result would be kept under the key of the code as it was before',
          hint: 'run the same command again',
        })
      }
      const { promise, resolve, reject } = Promise.withResolvers<Made>()
      const cancel = (error: PodError): void => {
        tell({ type: 'abort' })
        members.delete(member)
        setTimeout(() => void end(member).then(() => reject(error)), LAST_WORDS_MS)
      }
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(() => cancel(timedOut(job.node, timeoutMs)), timeoutMs)
      const onStop = (): void => cancel(new PodError('NODE_STOPPED', `${job.node}: stopped before it was done`))
      member.die = reject
      member.receive = (message) => {
        if (message.type === 'done') resolve(message.made)
        else if (message.type === 'failed') reject(errorFrom(message.error))
        else if (message.type === 'reports') for (const item of message.reports) report(item)
        else if (message.type === 'rebuild')
          rebuild(message.nodes).then(
            (result) => tell({ type: 'rebuilt', request: message.request, result }),
            (error) => tell({ type: 'rebuilt', request: message.request, result: errorRecord(error) as ErrorRecord }),
          )
      }
      if (stop?.aborted) onStop()
      stop?.addEventListener('abort', onStop, { once: true })
      tell({ type: 'job', job })
      try {
        return await promise
      } finally {
        clearTimeout(timer)
        stop?.removeEventListener('abort', onStop)
        member.receive = undefined
        member.die = undefined
        if (members.has(member)) idle.push(member)
      }
    },
    async close() {
      await Promise.all([...members].map((member) => (idle.includes(member) ? dismiss(member) : end(member))))
    },
  }
}

const timedOut = (node: string, timeoutMs: number): PodError =>
  new PodError('NODE_TIMEOUT', `${node}: not done after ${timeoutMs} ms`, {
    at: `node ${node}`,
    hint: 'raise its timeoutMs, or make it do less',
  })

/** Cuts what is printed into lines. */
function lines(say: (line: string) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    for (const line of parts) if (line.trim() !== '') say(line)
  }
}
