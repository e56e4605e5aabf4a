import { spawnSync } from 'node:child_process'
import type { RunEvent } from '@mlpod/contract'
import type { Pod } from '@mlpod/pipeline'
import type { Terminal } from '../command.ts'
import { type LiveRegion, liveRegion } from './live.ts'
import { advance, endedLine, liveLines, runView, summaryLine } from './progress.ts'
import { duration } from './text.ts'

/** Shows a run while it goes on. */
export interface Reporter {
  show(event: RunEvent): void
  close(): void
}

/** Returns the reporter for a terminal: live, a line an event, or JSON events on stdout. */
export function reporter(terminal: Terminal, pod: Pod): Reporter {
  if (terminal.json) return jsonReporter(terminal)
  if (terminal.quiet) return { show: () => undefined, close: () => undefined }
  return terminal.stderr.isTTY && process.env.TERM !== 'dumb' && !process.env.CI
    ? liveReporter(terminal, pod)
    : lineReporter(terminal, pod)
}

/** One JSON document a line: `{ v: 1, t, type, ... }`. */
const jsonReporter = ({ stdout }: Terminal): Reporter => ({
  show(event) {
    stdout.write(`${JSON.stringify({ v: 1, t: new Date().toISOString(), ...event })}\n`)
  },
  close: () => undefined,
})

/** `a1b2c3d (2 files changed)`; empty outside of a repository. */
function commitOf(root: string): string {
  const git = (...args: readonly string[]): string => {
    const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' })
    return status === 0 ? stdout.trim() : ''
  }
  const commit = git('rev-parse', '--short=7', 'HEAD')
  if (commit === '') return ''
  const changed = git('status', '--porcelain', '--', '.').split('\n').filter(Boolean).length
  return changed === 0 ? commit : `${commit} (${changed} file${changed === 1 ? '' : 's'} changed)`
}

const heading = (terminal: Terminal, pod: Pod, event: Extract<RunEvent, { type: 'run.started' }>): string =>
  `${[terminal.err.bold(pod.name), commitOf(pod.root), `${event.nodes.length} nodes`, `${event.workers} workers`].filter(Boolean).join('  ')}\n`

function liveReporter(terminal: Terminal, pod: Pod): Reporter {
  const { stderr, err } = terminal
  const view = runView(performance.now())
  let region: LiveRegion | undefined
  return {
    show(event) {
      const now = performance.now()
      advance(view, event, now)
      if (event.type === 'run.started') {
        stderr.write(`${heading(terminal, pod, event)}\n`)
        region = liveRegion(stderr)
      }
      if ('node' in event && ENDED.has(event.type)) region?.print([endedLine(view, event.node, err)])
      region?.update(() => liveLines(view, err, performance.now()))
      if (event.type === 'run.finished') {
        region?.close()
        region = undefined
        stderr.write(`\n${summaryLine(view, err, now)}\n`)
      }
    },
    close() {
      region?.close()
    },
  }
}

const ENDED: ReadonlySet<RunEvent['type']> = new Set(['node.cached', 'node.finished', 'node.failed', 'node.skipped'])

/** Where nothing can be redrawn: one line when a node ends, and a heartbeat each 30 s for what runs long. */
function lineReporter(terminal: Terminal, pod: Pod): Reporter {
  const { stderr, err } = terminal
  const view = runView(performance.now())
  const running = new Map<string, number>()
  const clock = (): string => new Date().toTimeString().slice(0, 8)
  const heartbeat = setInterval(() => {
    for (const [node, since] of running)
      stderr.write(`${clock()} ${node} running ${duration(performance.now() - since)}\n`)
  }, 30_000)
  heartbeat.unref()
  return {
    show(event) {
      const now = performance.now()
      advance(view, event, now)
      if (event.type === 'run.started') stderr.write(heading(terminal, pod, event))
      if (event.type === 'node.started') running.set(event.node, now)
      if ('node' in event && ENDED.has(event.type)) {
        running.delete(event.node)
        stderr.write(`${clock()} ${endedLine(view, event.node, err).trim()}\n`)
      }
      if (event.type === 'run.finished') stderr.write(`${summaryLine(view, err, now)}\n`)
    },
    close() {
      clearInterval(heartbeat)
    },
  }
}
