import { canonical, type Hash, type Json } from '@mlpod/contract'
import type { LockedNode } from '@mlpod/store'
import type { KeyParts } from './key.ts'
import type { AnyNode } from './node.ts'
import { inputDatasets, inputParameters } from './pipeline.ts'
import type { Pod } from './pod.ts'
import { type Keyed, keyNode, openSession, type Session, type SessionOptions, type Settled } from './session.ts'

/** Why a node would run, compared with `mlpod.lock`. */
export type Reason =
  | { readonly type: 'never'; readonly text: string }
  | { readonly type: 'code'; readonly text: string; readonly modules: readonly string[] }
  | { readonly type: 'input'; readonly text: string; readonly dataset: string; readonly madeBy?: string }
  | {
      readonly type: 'param'
      readonly text: string
      readonly name: string
      readonly before?: Json
      readonly now?: Json
    }
  | { readonly type: 'package'; readonly text: string; readonly package: string }
  | { readonly type: 'setting' | 'lost' | 'observed'; readonly text: string }

/**
 * What a run would do with a node. `cached`: restore it. `runs`: run it. `waits`: it depends on what nodes before it
 * will make, which may be the same bytes as before.
 */
export interface NodePlan {
  readonly node: string
  readonly state: 'cached' | 'runs' | 'waits'
  readonly key?: Hash
  /** Empty for a cached node that the lock names with this key. */
  readonly reasons: readonly Reason[]
  /** How long it took when it last ran, ms. */
  readonly expectedMs?: number
}

/**
 * Returns what a run would do with each node (or with the named one), and why, without running or writing anything but
 * caches. Throws what `openSession` throws.
 */
export async function why(
  pod: Pod,
  { node, ...options }: SessionOptions & { readonly node?: string } = {},
): Promise<readonly NodePlan[]> {
  const session = await openSession(pod, node === undefined ? options : { ...options, only: { nodes: [node] } })
  const plans = await planNodes(session)
  await session.store.save()
  return node === undefined ? plans : plans.filter((plan) => plan.node === node)
}

/** Returns the plan of each node of a session, in running order. */
export async function planNodes(session: Session): Promise<readonly NodePlan[]> {
  const settled = new Map<string, Settled>()
  const plans: NodePlan[] = []
  for (const node of session.nodes) {
    const before = session.lock.nodes[node.name]
    const unknown = session.pipeline.parents.get(node.name)!.filter((parent) => !settled.has(parent))
    const old = before && (await session.store.actions.get(before.key))
    if (unknown.length > 0) {
      plans.push({
        node: node.name,
        state: 'waits',
        reasons: waitingReasons(session, node, unknown, before),
        expectedMs: old?.ms,
      })
      continue
    }
    const keyed = await keyNode(session, node, settled)
    const oldParts = old?.parts as unknown as KeyParts | undefined
    const reasons =
      keyed.key === before?.key && keyed.action ? [] : reasonsOf(node, keyed, before, oldParts, old?.modules, session)
    if (keyed.action) settled.set(node.name, { key: keyed.key, outputs: keyed.action.outputs })
    plans.push({
      node: node.name,
      state: keyed.action ? 'cached' : 'runs',
      key: keyed.key,
      reasons,
      expectedMs: keyed.action?.ms ?? old?.ms,
    })
  }
  return plans
}

function waitingReasons(
  { pipeline, params }: Session,
  node: AnyNode,
  unknown: readonly string[],
  before?: LockedNode,
): Reason[] {
  const reasons: Reason[] = []
  for (const [, dataset] of inputDatasets(node)) {
    const maker = pipeline.producers.get(dataset.name!)?.name
    if (maker !== undefined && unknown.includes(maker))
      reasons.push({
        type: 'input',
        dataset: dataset.name!,
        madeBy: maker,
        text: `input ${dataset.name} is made again by ${maker}`,
      })
  }
  if (before)
    reasons.push(
      ...paramReasons(
        node,
        before,
        Object.fromEntries(inputParameters(node).map(([, p]) => [p.name, params.value(p)])),
      ),
    )
  else reasons.push(NEVER)
  return reasons
}

const NEVER: Reason = { type: 'never', text: 'it has never run' }

function reasonsOf(
  node: AnyNode,
  { parts, inputs, lost, code }: Keyed,
  before: LockedNode | undefined,
  oldParts: KeyParts | undefined,
  oldModules: Readonly<Record<string, Hash>> | undefined,
  session: Session,
): Reason[] {
  if (lost) return [{ type: 'lost', text: 'its result is known, but objects of it are lost or damaged' }]
  if (before === undefined) return [NEVER]
  const reasons: Reason[] = []
  if (before.code !== parts.code) {
    const modules = changedModules(code.parts, oldModules)
    reasons.push({ type: 'code', modules, text: `code changed${modules.length > 0 ? `: ${modules.join(', ')}` : ''}` })
  }
  for (const [argument, dataset] of inputDatasets(node)) {
    if (before.inputs[argument] === inputs[argument]) continue
    const madeBy = session.pipeline.producers.get(dataset.name!)?.name
    const text =
      before.inputs[argument] === undefined ? `input ${dataset.name} is new` : `input ${dataset.name} changed`
    reasons.push({ type: 'input', dataset: dataset.name!, ...(madeBy !== undefined && { madeBy }), text })
  }
  for (const argument of Object.keys(before.inputs))
    if (inputs[argument] === undefined)
      reasons.push({ type: 'input', dataset: argument, text: `input "${argument}" is no longer read` })
  const now = Object.fromEntries(inputParameters(node).map(([argument, p]) => [p.name, parts.params[argument]]))
  reasons.push(...paramReasons(node, before, now), ...packageReasons(parts.packages, oldParts?.packages))
  if (oldParts && canonical(settingsOf(oldParts)) !== canonical(settingsOf(parts)))
    reasons.push({ type: 'setting', text: 'how its datasets are read or written changed' })
  if (
    oldParts &&
    canonical([oldParts.observed ?? null, oldParts.late ?? null]) !==
      canonical([parts.observed ?? null, parts.late ?? null])
  )
    reasons.push({ type: 'observed', text: 'what it observes changed' })
  if (reasons.length === 0) reasons.push({ type: 'lost', text: 'the result that mlpod.lock names is not in the store' })
  return reasons
}

const settingsOf = ({ inputs, outputs }: KeyParts): unknown => [
  Object.entries(inputs).map(([argument, { kind, describe }]) => [argument, kind, describe]),
  outputs,
]

function paramReasons(_: AnyNode, before: LockedNode, now: Readonly<Record<string, Json>>): Reason[] {
  const names = [...new Set([...Object.keys(before.params), ...Object.keys(now)])].sort()
  return names.flatMap((name) => {
    const [was, is] = [before.params[name], now[name]]
    if (canonical(was ?? null) === canonical(is ?? null)) return []
    const text = `param ${name} ${was === undefined ? 'is new' : is === undefined ? 'is no longer read' : `${canonical(was)} -> ${canonical(is)}`}`
    return [{ type: 'param' as const, name, before: was, now: is, text }]
  })
}

function packageReasons(now: readonly string[], before: readonly string[] | undefined): Reason[] {
  if (before === undefined) return []
  const split = (list: readonly string[]): Map<string, string> =>
    new Map(
      list.map((item) => [item.slice(0, item.indexOf('@', 1)), item.slice(item.indexOf('@', 1) + 1).split('+')[0]]),
    )
  const [was, is] = [split(before), split(now)]
  const names = [...new Set([...before, ...now].filter((item) => !(before.includes(item) && now.includes(item))))]
    .map((item) => item.slice(0, item.indexOf('@', 1)))
    .filter((name, i, all) => all.indexOf(name) === i)
  return names.map((name) => ({
    type: 'package',
    package: name,
    text: `package ${name} ${was.get(name) ?? 'none'} -> ${is.get(name) ?? 'none'}`,
  }))
}

function changedModules(now: Readonly<Record<string, Hash>>, before: Readonly<Record<string, Hash>> = {}): string[] {
  if (Object.keys(before).length === 0) return []
  return [...new Set([...Object.keys(now), ...Object.keys(before)])].filter((path) => now[path] !== before[path]).sort()
}
