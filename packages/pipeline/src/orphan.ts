import { Worker } from 'node:worker_threads'

const WATCH_MS = 200

/**
 * Ends this process soon after the one that started it is gone, even while a node blocks its thread: a run that was killed
 * leaves nothing behind that goes on computing. It watches from a thread of its own.
 */
export function endWithParent(): void {
  const watch = `
    const parent = ${process.ppid}
    const isGone = () => {
      if (process.ppid !== parent) return true
      try { process.kill(parent, 0); return false } catch (error) { return error.code === 'ESRCH' }
    }
    setInterval(() => { if (isGone()) process.kill(process.pid, 'SIGKILL') }, ${WATCH_MS})
  `
  new Worker(watch, { eval: true, execArgv: [] }).unref()
}
