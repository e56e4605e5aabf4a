import { errorRecord, type RunEvent } from '@mlpod/contract'
import * as api from './index.ts'

// A process that does one thing to a pod, as the command line does, and prints what came of it as JSON. For tests.
// Events go to stderr as they come; the first SIGINT asks to end, the second ends.

const [root, what, options] = process.argv.slice(2)
const settings = JSON.parse(options)
const events: RunEvent[] = []
const [soft, hard] = [new AbortController(), new AbortController()]
process.on('SIGINT', () => (soft.signal.aborted ? hard.abort() : soft.abort()))

const actions: Readonly<Record<string, (pod: api.Pod) => Promise<object>>> = {
  run: async (pod) => ({
    result: await api.run(pod, { ...settings, signal: soft.signal, stop: hard.signal, onEvent }),
  }),
  why: async (pod) => ({ value: await api.why(pod, settings) }),
  status: async (pod) => ({ value: await api.status(pod, settings) }),
}

function onEvent(event: RunEvent): void {
  events.push(event)
  process.stderr.write(`${JSON.stringify(event)}\n`)
}

let outcome: object
try {
  outcome = await actions[what](await api.loadPod(api.findPod(root)))
} catch (error) {
  outcome = { error: errorRecord(error) }
}
process.stdout.write(JSON.stringify({ ...outcome, events }))
