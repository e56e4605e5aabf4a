import { status as statusOf } from '@mlpod/pipeline'
import { type CommandRun, exitCode } from '../command.ts'
import { openPod } from '../pod.ts'
import { tableLines } from '../terminal/text.ts'
import { overridesOf, sliceOf } from './run.ts'

/** `mlpod status`: which nodes are current. */
export const status: CommandRun = async (values, positionals, terminal) => {
  const { pod } = await openPod(terminal.cwd)
  const result = await statusOf(pod, {
    only: sliceOf(values, positionals),
    overrides: overridesOf(values),
    ...(values.env ? { env: String(values.env) } : {}),
  })
  if (terminal.json) {
    terminal.stdout.write(`${JSON.stringify({ v: 1, ...result })}\n`)
    return exitCode.done
  }
  const { out } = terminal
  const paint = { cached: out.cached, runs: out.running, waits: out.dim }
  const glyph = { cached: out.glyph.cached, runs: out.glyph.running, waits: ' ' }
  const rows = result.nodes.map(({ node, state, reasons }) => [
    node,
    paint[state](`${glyph[state]} ${state === 'runs' ? 'would run' : state}`),
    reasons[0]?.text ?? '',
  ])
  terminal.stdout.write(
    `${tableLines([{ header: 'node' }, { header: 'state' }, { header: 'because' }], rows, { width: terminal.width, header: out.dim }).join('\n')}\n`,
  )
  const count = result.nodes.filter(({ state }) => state !== 'cached').length
  terminal.stdout.write(
    `\n  ${count === 0 ? 'everything is current' : `${count} of ${result.nodes.length} nodes are not current: mlpod run`}\n`,
  )
  return exitCode.done
}
