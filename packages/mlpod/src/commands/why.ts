import { why as whyOf } from '@mlpod/pipeline'
import { type CommandRun, exitCode } from '../command.ts'
import { openPod } from '../pod.ts'
import { duration } from '../terminal/text.ts'
import { overridesOf } from './run.ts'

/** `mlpod why`: what a run would do with a node, and the reason. */
export const why: CommandRun = async (values, [node], terminal) => {
  const { pod } = await openPod(terminal.cwd)
  const plans = await whyOf(pod, {
    ...(node ? { node } : {}),
    overrides: overridesOf(values),
    ...(values.env ? { env: String(values.env) } : {}),
    ...(values.pipeline ? { pipeline: String(values.pipeline) } : {}),
  })
  if (terminal.json) {
    terminal.stdout.write(`${JSON.stringify({ v: 1, nodes: plans })}\n`)
    return exitCode.done
  }
  const { out } = terminal
  for (const { node: name, state, reasons, expectedMs } of plans) {
    const cost = expectedMs === undefined || state === 'cached' ? '' : out.dim(`  about ${duration(expectedMs)}`)
    const word =
      state === 'cached'
        ? out.cached(`${out.glyph.cached} cached`)
        : state === 'runs'
          ? out.running(`${out.glyph.running} would run`)
          : out.dim('  waits for what comes before it')
    terminal.stdout.write(`  ${out.bold(name.padEnd(14))}${word}${cost}\n`)
    for (const { text } of reasons) terminal.stdout.write(`      ${text}\n`)
    if (state === 'cached' && reasons.length === 0 && node)
      terminal.stdout.write(out.dim('      code, inputs, parameters and packages are those of mlpod.lock\n'))
  }
  return exitCode.done
}
