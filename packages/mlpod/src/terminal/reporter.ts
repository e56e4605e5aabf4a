import type { RunEvent } from '@mlpod/contract'
import type { Pod } from '@mlpod/pipeline'
import type { CodeState } from '@mlpod/track'
import type { Terminal } from '../command.ts'
import { type LiveRegion, liveRegion } from './live.ts'
import { advance, endedLine, liveLines, runView, summaryLine } from './progress.ts'
import { duration } from './text.ts'

/** Shows a run while it goes on. */
export interface Reporter {
  show(event: RunEvent): void
  /** Says something beside the run. */
  notice(lines: readonly string[]): void
  /** Says that the run is being stopped, and how to end it at once. */
  stopping(): void
  close(): void
}

const STOPPING = 'stopping: running nodes have 10 s to finish (Ctrl-C again ends them now)'

/** What a reporter shows beside events. */
export interface ReporterOptions {
  /** Which code it is. */
  readonly code?: CodeState
  /** Whether nodes that are only restored have a line; true by default. */
  readonly showCached?: boolean
}

/** Returns the reporter for a terminal: live, a line an event, or JSON events on stdout. */
export function reporter(terminal: Terminal, pod: Pod, { code, showCached = true }: ReporterOptions = {}): Reporter {
  if (terminal.json) return jsonReporter(terminal)
  const notice = (lines: readonly string[]): void => void terminal.stderr.write(`${lines.join('\n')}\n`)
  if (terminal.quiet) return { show: () => undefined, notice, stopping: () => undefined, close: () => undefined }
  const title = [terminal.err.bold(pod.name), commitOf(code)].filter(Boolean).join('  ')
  const ended = showCached ? ENDED : new Set([...ENDED].filter((type) => type !== 'node.cached'))
  return terminal.stderr.isTTY && process.env.TERM !== 'dumb' && !process.env.CI
    ? liveReporter(terminal, title, ended)
    : lineReporter(terminal, title, ended)
}

/** One JSON document a line: `{ v: 1, t, type, ... }`. */
const jsonReporter = ({ stdout, stderr }: Terminal): Reporter => ({
  show(event) {
    stdout.write(`${JSON.stringify({ v: 1, t: new Date().toISOString(), ...event })}\n`)
  },
  notice: (lines) => void stderr.write(`${lines.join('\n')}\n`),
  stopping: () => undefined,
  close: () => undefined,
})

/** `a1b2c3d (2 files changed)`; empty outside of a repository. */
function commitOf(code: CodeState | undefined): string {
  if (code === undefined) return ''
  const { commit, changed } = code
  return `${commit.slice(0, 7)}${changed === 0 ? '' : ` (${changed} file${changed === 1 ? '' : 's'} changed)`}`
}

const heading = (title: string, { nodes, workers }: Extract<RunEvent, { type: 'run.started' }>): string =>
  `${title}  ${nodes.length} nodes  ${workers} workers\n`

function liveReporter(terminal: Terminal, title: string, ended: typeof ENDED): Reporter {
  const { stderr, err } = terminal
  const view = runView(performance.now())
  let region: LiveRegion | undefined
  let [stopping, printed] = [false, false]
  const width = (): { width: number } => ({ width: Math.min(120, stderr.columns || 80) })
  return {
    show(event) {
      const now = performance.now()
      advance(view, event, now)
      if (event.type === 'run.started') {
        stderr.write(`${heading(title, event)}\n`)
        region = liveRegion(stderr)
      }
      if ('node' in event && ended.has(event.type)) {
        region?.print([endedLine(view, event.node, err, width())])
        printed = true
      }
      region?.update(() => liveLines(view, err, performance.now(), { stopping }))
      if (event.type === 'run.finished') {
        region?.close()
        region = undefined
        stderr.write(`${printed ? '\n' : ''}${summaryLine(view, err, now)}\n`)
      }
    },
    notice(lines) {
      if (region) region.print(lines)
      else stderr.write(`${lines.join('\n')}\n`)
    },
    stopping() {
      stopping = true
      region?.print([err.undecided(`  ${STOPPING}`)])
    },
    close() {
      region?.close()
    },
  }
}

const ENDED: ReadonlySet<RunEvent['type']> = new Set(['node.cached', 'node.finished', 'node.failed', 'node.skipped'])

/** Nodes that run longer than this are announced where nothing can be redrawn; each half minute they say that they live. */
const [ANNOUNCE_MS, HEARTBEAT_MS] = [5_000, 30_000]

/** Where nothing can be redrawn: one line when a node ends, and one now and then for what runs long. */
function lineReporter(terminal: Terminal, title: string, ended: typeof ENDED): Reporter {
  const { stderr, err } = terminal
  const view = runView(performance.now())
  const due = new Map<string, number>()
  const say = (text: string): void => void stderr.write(`${new Date().toTimeString().slice(0, 8)} ${text}\n`)
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [node, at] of due) {
      if (now < at) continue
      due.set(node, now + HEARTBEAT_MS)
      say(
        `${err.running(err.glyph.running)} ${node} running ${duration(now - (view.nodes.get(node)?.startedAt ?? now))}`,
      )
    }
  }, 1000)
  timer.unref()
  return {
    show(event) {
      const now = performance.now()
      advance(view, event, now)
      if (event.type === 'run.started') stderr.write(heading(title, event))
      if (event.type === 'node.started') due.set(event.node, now + ANNOUNCE_MS)
      if ('node' in event && ENDED.has(event.type)) due.delete(event.node)
      if ('node' in event && ended.has(event.type))
        say(endedLine(view, event.node, err, { width: 120, aligned: false }).trim())
      if (event.type === 'run.finished') stderr.write(`${summaryLine(view, err, now)}\n`)
    },
    notice: (lines) => void stderr.write(`${lines.join('\n')}\n`),
    stopping: () => say(STOPPING),
    close: () => clearInterval(timer),
  }
}
