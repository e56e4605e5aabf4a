import type { OutputRecord, RunEvent } from '@mlpod/contract'
import type { Action, EnvironmentRecord } from '@mlpod/store'
import type { Made, Report } from './job.ts'
import type { AnyNode } from './node.ts'
import type { Keyed, Session } from './session.ts'

/** What an execution brought. */
export interface Execution {
  readonly made: Made
  readonly ms: number
  readonly machine: EnvironmentRecord
  readonly notes: Notes
}

/** Keeps a result under its key. Returns the outputs that count: those kept before, when there were such. */
export async function record(
  { store }: Session,
  node: AnyNode,
  found: Keyed,
  { made, ms, machine, notes }: Execution,
  tell: (text: string) => void,
): Promise<Readonly<Record<string, OutputRecord>>> {
  for (const { hash } of Object.values(made)) store.vouch(hash)
  const outputs = outputRecords(node, made)
  const action: Action = {
    version: 1,
    key: found.key,
    node: node.name,
    parts: found.parts as unknown as Action['parts'],
    modules: found.code.parts,
    outputs,
    environment: machine,
    ms,
    ...notes.kept(),
  }
  const written = await store.actions.put(action)
  if (written.state !== 'differs') return outputs
  const before = written.stored.outputs
  const changed = Object.keys(outputs).filter((argument) => before[argument]?.hash !== outputs[argument].hash)
  const what = `${changed.join(', ')} came out with other bytes than before from the same code, inputs and parameters`
  if (found.lost) {
    await store.actions.replaceLost(action)
    tell(`${what}; the bytes before are lost, so the new ones are kept`)
    return outputs
  }
  tell(`${what}; the first result is kept`)
  return before
}

/** Returns what was made, with the names of the datasets. */
const outputRecords = (node: AnyNode, made: Made): Record<string, OutputRecord> =>
  Object.fromEntries(
    Object.entries(made).map(([argument, stored]) => [argument, { dataset: node.outputs[argument].name!, ...stored }]),
  )

/** What of a node's reports is kept with its result. */
export interface Notes {
  add(report: Report): void
  kept(): Pick<Action, 'metrics' | 'notes'>
}

const NOTES_KEPT = 20

/** Collects reports: the last value of each metric, and the first notes. */
export function openNotes(): Notes {
  const metrics: Record<string, { value: number; step: number }> = {}
  const notes: string[] = []
  return {
    add(report) {
      if (report.type === 'metric') metrics[report.name] = { value: report.value, step: report.step }
      else if (report.type === 'note' && notes.length < NOTES_KEPT) notes.push(report.text)
    },
    kept: () => ({ ...(Object.keys(metrics).length > 0 && { metrics }), ...(notes.length > 0 && { notes }) }),
  }
}

/** Returns a report as an event of its node. */
export function eventOf(node: string, report: Report): RunEvent {
  if (report.type === 'metric') return { ...report, type: 'node.metric', node }
  if (report.type === 'note') return { ...report, type: 'node.note', node }
  return { ...report, type: 'node.progress', node }
}
