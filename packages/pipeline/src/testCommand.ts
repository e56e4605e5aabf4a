import type { RunEvent } from '@mlpod/contract'
import { errorRecord } from '@mlpod/contract'
import * as api from './index.ts'

// A process that does one thing to a pod and prints what came of it as JSON; for tests.

const [root, what, options] = process.argv.slice(2)
const events: RunEvent[] = []
let outcome: object
try {
  const pod = await api.loadPod(api.findPod(root))
  const settings = JSON.parse(options)
  if (what === 'run') outcome = { result: await api.run(pod, { ...settings, onEvent: (event) => events.push(event) }) }
  else outcome = {}
} catch (error) {
  outcome = { error: errorRecord(error) }
}
process.stdout.write(JSON.stringify({ ...outcome, events }))
