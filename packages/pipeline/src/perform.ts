import { asHash, type Hash, hashValue, type Json, PodError } from '@mlpod/contract'
import type { EnvironmentRecord, ManifestEntry, Stored } from '@mlpod/store'
import type { Job, Made, Report } from './job.ts'
import { elementParts } from './key.ts'
import { elementName, isList } from './list.ts'
import type { AnyNode } from './node.ts'
import { openNotes, record } from './record.ts'
import { inputPaths, jobOf, type Keyed, type Session, wholeAction } from './session.ts'

/** How a node is performed. */
export interface PerformOptions {
  /** False: outputs are hashed and thrown away, and nothing kept is used. */
  readonly keep: boolean
  /** True: elements run even where a result is kept. */
  readonly fresh?: boolean
  /** Recorded with the results of elements; needed to keep them. */
  readonly machine?: EnvironmentRecord
  report(report: Report): void
  /** Runs one job, when there is a place for it. */
  work(job: Job, report: (report: Report) => void): Promise<Made>
}

/** Runs a node once, or each element of what it goes over, and returns what came of it. Throws what the node throws. */
export async function perform(session: Session, node: AnyNode, found: Keyed, options: PerformOptions): Promise<Made> {
  const job = await jobOf(session, node, found, options.keep)
  if (node.each === undefined) return await options.work(job, options.report)
  const elements = await elementsOf(session, node, found)
  let done = 0
  const tell = (): void => options.report({ type: 'progress', done, total: elements.length, unit: 'elements' })
  tell()
  const outcomes = await Promise.allSettled(
    elements.map(async (element, i) => {
      const made = await performElement(
        session,
        node,
        found,
        { ...job, element: element.given },
        element.item,
        i,
        options,
      )
      done++
      tell()
      return made
    }),
  )
  const failed = outcomes.flatMap((outcome, i) =>
    outcome.status === 'rejected' ? [{ i, reason: outcome.reason }] : [],
  )
  if (failed.length > 0) throw elementFailure(node.name, failed, elements.length)
  const all = outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Made>).value)
  const made: Record<string, Stored> = {}
  for (const argument of Object.keys(node.outputs))
    made[argument] = await gather(session, node, argument, all, options.keep)
  return made
}

interface Element {
  readonly given: NonNullable<Job['element']>
  /** Of its bytes, or of its value. */
  readonly item: Hash
}

async function elementsOf(session: Session, node: AnyNode, { inputs, parts }: Keyed): Promise<readonly Element[]> {
  const { store } = session
  const over = node.inputs[node.each!]
  if (over.kind === 'param') {
    const values = parts.params[node.each!]
    if (!Array.isArray(values))
      throw new PodError('FOREACH_INVALID', `${node.name}: parameter "${over.name}" is no list`)
    return (values as Json[]).map((value) => ({ given: { value }, item: hashValue({ value }) }))
  }
  const folder = (await inputPaths(session, node, inputs))[node.each!]
  const entries = await store.list(folder)
  return entries.map(({ path, hash }) => ({ given: { path }, item: hash }))
}

async function performElement(
  session: Session,
  node: AnyNode,
  found: Keyed,
  job: Job,
  item: Hash,
  index: number,
  { keep, fresh = false, machine, report, work }: PerformOptions,
): Promise<Made> {
  const parts = elementParts(node, found.parts, item)
  const key = hashValue(parts)
  const { action, lost } = await wholeAction(session.store, key)
  if (keep && !fresh && action) {
    for (const [name, { value, step }] of Object.entries(action.metrics ?? {}))
      report({ type: 'metric', name: `${name}[${index}]`, value: Number(value), step })
    return action.outputs
  }
  const notes = openNotes()
  const startedAt = performance.now()
  const made = await work(job, (said) => {
    notes.add(said)
    if (said.type === 'metric') report({ ...said, name: `${said.name}[${index}]` })
    else if (said.type === 'note') report({ ...said, text: `[${index}] ${said.text}` })
  })
  if (!keep || machine === undefined) return made
  const element = { ...found, key, parts: parts as never, lost }
  const ms = performance.now() - startedAt
  return await record(session, node, element, { made, ms, machine, notes }, (text) =>
    report({ type: 'note', text: `[${index}] ${text}` }),
  )
}

/** Puts the elements' outputs together as a list. */
async function gather(
  { store }: Session,
  node: AnyNode,
  argument: string,
  all: readonly Made[],
  keep: boolean,
): Promise<Stored> {
  const dataset = node.outputs[argument]
  const entries: ManifestEntry[] = []
  for (const [i, made] of all.entries()) {
    const path = elementName(i, isList(dataset) ? dataset.of : dataset)
    const { hash, size } = made[argument]
    const tree = keep ? await store.manifest(asHash(hash)) : undefined
    if (tree) for (const entry of tree.entries) entries.push({ ...entry, path: `${path}/${entry.path}` })
    else entries.push({ path, hash, size })
  }
  return await store.putManifest(entries, { keep })
}

function elementFailure(name: string, failed: readonly { i: number; reason: unknown }[], total: number): PodError {
  const [{ i, reason }] = failed
  const cause = reason as Partial<PodError> & Error
  const rest = failed.length > 1 ? ` (and ${failed.length - 1} more of ${total} elements failed)` : ''
  const failure = new PodError(
    cause.code ?? 'NODE_FAILED',
    `${name}[${i}]: ${cause.message.replace(`${name}: `, '')}${rest}`,
    {
      at: cause.at,
      because: cause.because,
      hint: cause.hint,
      cause,
    },
  )
  failure.stack = cause.stack
  return failure
}
