import type { OutputRecord, RunEvent } from '@mlpod/contract'
import type { Style } from './style.ts'
import { bytes, clock, cutTo, duration, padTo, widthOf } from './text.ts'

/** What is known of one node while a run goes on. */
interface NodeState {
  state: 'waiting' | 'running' | 'done' | 'cached' | 'failed' | 'skipped'
  startedAt: number
  ms: number
  savedMs: number
  done: number
  total?: number
  unit?: string
  metrics: Map<string, number>
  note?: string
  outputs: Readonly<Record<string, OutputRecord>>
  because?: string
  attempt: number
  /** It did not fail by itself: it was ended. */
  stopped: boolean
}

/** The state of a run, folded from its events. */
export interface RunView {
  readonly nodes: Map<string, NodeState>
  readonly startedAt: number
  run: string
}

/** Returns an empty view. */
export const runView = (now: number): RunView => ({ nodes: new Map(), startedAt: now, run: '' })

const fresh = (): NodeState => ({
  state: 'waiting',
  startedAt: 0,
  ms: 0,
  savedMs: 0,
  done: 0,
  metrics: new Map(),
  outputs: {},
  attempt: 1,
  stopped: false,
})

/** Folds one event into the view. */
export function advance(view: RunView, event: RunEvent, now: number): void {
  if (event.type === 'run.started') {
    view.run = event.run
    for (const name of event.nodes) view.nodes.set(name, fresh())
    return
  }
  if (!('node' in event)) return
  const node = view.nodes.get(event.node) ?? fresh()
  view.nodes.set(event.node, node)
  switch (event.type) {
    case 'node.cached':
      Object.assign(node, { state: 'cached', savedMs: event.savedMs, outputs: event.outputs })
      break
    case 'node.started':
      Object.assign(node, { state: 'running', startedAt: now })
      break
    case 'node.progress':
      Object.assign(node, { done: event.done, total: event.total, unit: event.unit })
      break
    case 'node.metric':
      node.metrics.set(event.name, event.value)
      break
    case 'node.note':
      node.note = event.text
      break
    case 'node.finished':
      Object.assign(node, { state: 'done', ms: event.ms, outputs: event.outputs })
      break
    case 'node.failed':
      Object.assign(node, {
        state: 'failed',
        ms: event.ms,
        attempt: event.attempt,
        stopped: event.error.code === 'NODE_STOPPED',
      })
      break
    case 'node.skipped':
      Object.assign(node, { state: 'skipped', because: event.because })
  }
}

/** What a node says of itself in at most `width` columns: its note, else the latest of its metrics, each whole. */
function saidBy({ metrics, note }: NodeState, width: number): string {
  if (note !== undefined) return cutTo(note, width)
  let said = ''
  for (const [name, value] of [...metrics].reverse()) {
    const longer = `${name} ${Number(value.toPrecision(3))}${said === '' ? '' : `  ${said}`}`
    if (widthOf(longer) > width) break
    said = longer
  }
  return said
}

const outputText = ({ outputs }: NodeState): string => {
  const all = Object.values(outputs)
  if (all.length === 0) return ''
  const [first] = all
  return all.length === 1
    ? `${first.dataset} ${bytes(first.size)}`
    : `${all.length} outputs ${bytes(all.reduce((sum, { size }) => sum + size, 0))}`
}

const nameWidth = (view: RunView): number => Math.max(12, ...[...view.nodes.keys()].map(widthOf)) + 2

/** Columns for how long it took, and for what came out. */
const [TOOK, OUT] = [9, 22]

/** How wide the terminal is; `aligned` (true by default) puts what came out into a column of its own. */
export interface LineOptions {
  readonly width?: number
  readonly aligned?: boolean
}

/** The line of a node that has ended. */
export function endedLine(
  view: RunView,
  name: string,
  style: Style,
  { width = 100, aligned = true }: LineOptions = {},
): string {
  const node = view.nodes.get(name) as NodeState
  const label = padTo(name, nameWidth(view))
  const room = Math.max(12, Math.min(60, width - 4 - nameWidth(view) - TOOK - OUT - 2))
  const line = (mark: string, took: string, said: string, out: string): string =>
    `  ${mark} ${label}${padTo(took, TOOK)}${aligned ? padTo(said, room) : said}${aligned || said ? '  ' : ''}${style.dim(out)}`.trimEnd()
  switch (node.state) {
    case 'cached':
      return line(style.cached(style.glyph.cached), style.dim('cached'), '', outputText(node))
    case 'failed': {
      const what = node.stopped ? 'stopped' : `failed${node.attempt > 1 ? `, attempt ${node.attempt}` : ''}`
      const paint = node.stopped ? style.undecided : style.broken
      return paint(
        `  ${node.stopped ? style.glyph.skipped : style.glyph.broken} ${label}${padTo(duration(node.ms), TOOK)}${what}`,
      )
    }
    case 'skipped':
      return style.dim(`  ${style.glyph.skipped} ${label}skipped: ${node.because ?? ''}`)
    default:
      return line(style.kept(style.glyph.done), duration(node.ms), saidBy(node, room), outputText(node))
  }
}

/** The lines of the live region: what runs, what waits (at most three), and the tally. */
export function liveLines(view: RunView, style: Style, now: number, { stopping = false } = {}): string[] {
  const width = nameWidth(view)
  const of = (state: NodeState['state']): [string, NodeState][] =>
    [...view.nodes].filter(([, node]) => node.state === state)
  const [running, waiting, cached] = [of('running'), of('waiting'), of('cached')]
  const lines = running.map(
    ([name, node]) => `  ${style.running(style.glyph.running)} ${padTo(name, width)}${runningText(node, now)}`,
  )
  lines.push(...waiting.slice(0, 3).map(([name]) => style.dim(`    ${padTo(name, width)}waits`)))
  if (waiting.length > 3) lines.push(style.dim(`    + ${waiting.length - 3} more waiting`))
  const saved = cached.reduce((sum, [, node]) => sum + node.savedMs, 0)
  const tally = [
    cached.length > 0 ? `${cached.length} cached${saved >= 1000 ? ` (saved ${duration(saved)})` : ''}` : '',
    `${of('done').length} done`,
    `${running.length} running`,
    `${waiting.length} waiting`,
  ].filter(Boolean)
  const end = stopping ? style.undecided('   stopping') : ''
  return [...lines, `${style.dim(`  ${tally.join('  ')}   ${clock(now - view.startedAt)}`)}${end}`]
}

function runningText(node: NodeState, now: number): string {
  const elapsed = now - node.startedAt
  const extra = saidBy(node, 40)
  if (node.total === undefined || node.total === 0) return `${padTo(`running ${clock(elapsed)}`, 16)}${extra}`
  const share = Math.min(1, node.done / node.total)
  const filled = Math.round(share * 20)
  const left = share > 0.02 ? `${clock((elapsed / share) * (1 - share))} left` : ''
  return `${padTo(`${Math.floor(share * 100)}%`, 5)}[${'#'.repeat(filled)}${'.'.repeat(20 - filled)}]  ${padTo(left, 10)}${extra}`
}

/** The one-line summary of a finished run. */
export function summaryLine(view: RunView, style: Style, now: number): string {
  const nodes = [...view.nodes.values()]
  const count = (state: NodeState['state']): number => nodes.filter((node) => node.state === state).length
  const stopped = nodes.filter((node) => node.stopped).length
  const failed = count('failed') - stopped
  const saved = nodes.reduce((sum, node) => sum + node.savedMs, 0)
  const parts = [
    count('done') > 0 ? `${count('done')} done` : '',
    count('cached') > 0 ? `${count('cached')} cached${saved >= 1000 ? ` (saved ${duration(saved)})` : ''}` : '',
    failed > 0 ? style.broken(`${failed} failed`) : '',
    stopped > 0 ? style.undecided(`${stopped} stopped`) : '',
    count('skipped') > 0 ? `${count('skipped')} skipped` : '',
    count('waiting') > 0 ? `${count('waiting')} not run` : '',
  ].filter(Boolean)
  return `  ${parts.join('  ')}   ${duration(now - view.startedAt)}   run ${view.run.slice(0, 8)}`
}
