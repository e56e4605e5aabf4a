import { errorRecord, type RunEvent } from '@mlpod/contract'
import type * as api from './index.ts'
import { resolveQuickly } from './resolution.ts'

// A process that does one thing to a pod, as the command line does, and prints what came of it as JSON. For tests.
// Events go to stderr as they come; the first SIGINT asks to end, the second ends.

resolveQuickly()
const { findPod, recallPod, run, status, why } = await import('./index.ts')

const [root, what, options] = process.argv.slice(2)
const settings = JSON.parse(options)
const events: RunEvent[] = []
const [soft, hard] = [new AbortController(), new AbortController()]
process.on('SIGINT', () => (soft.signal.aborted ? hard.abort() : soft.abort()))

const actions: Readonly<Record<string, (pod: api.Pod) => Promise<object>>> = {
  run: async (pod) => ({
    result: await run(pod, { ...settings, signal: soft.signal, stop: hard.signal, onEvent }),
  }),
  why: async (pod) => ({ value: await why(pod, settings) }),
  open: async () => ({}),
  status: async (pod) => ({ value: await status(pod, settings) }),
}

function onEvent(event: RunEvent): void {
  events.push(event)
  process.stderr.write(`${JSON.stringify(event)}\n`)
}

let outcome: object
try {
  const { pod } = await recallPod(findPod(root))
  outcome = { recalled: pod.recalled !== undefined, ...(await actions[what](pod)) }
} catch (error) {
  outcome = { error: errorRecord(error) }
}
process.stdout.write(JSON.stringify({ ...outcome, events }))
