import { type Dataset, type Hash, type Json, PodError, type RunEvent } from '@mlpod/contract'
import { type RunResult, run as runPod, type Slice } from '@mlpod/pipeline'
import { type CodeState, codeState } from '@mlpod/track'
import { type CommandRun, exitCode, type OptionValues, shellWords, type Terminal, wholeNumber } from '../command.ts'
import { engineVersions } from '../engines.ts'
import { type OpenPod, openPod } from '../pod.ts'
import { recordRun } from '../recording.ts'
import { addSummary } from '../terminal/github.ts'
import { ledgerLines, ledgerMarkdown, tally } from '../terminal/ledger.ts'
import { problemLines } from '../terminal/problem.ts'
import { reporter } from '../terminal/reporter.ts'
import { interruptible } from '../terminal/signals.ts'
import { tellProblem } from '../terminal/tell.ts'
import { readEvidence, verifyingNode } from '../verdicts.ts'

const list = (value: OptionValues[string]): readonly string[] | undefined =>
  value === undefined ? undefined : [value].flat().flatMap((item) => String(item).split(','))

/** Returns the part of the pipeline that options choose. */
export function sliceOf(values: OptionValues, positionals: readonly string[]): Slice {
  const nodes = [...positionals, ...(list(values.node) ?? [])]
  return {
    ...(nodes.length > 0 ? { nodes } : {}),
    ...(values.from ? { from: list(values.from) } : {}),
    ...(values.to ? { to: list(values.to) } : {}),
    ...(values.tag ? { tags: list(values.tag) } : {}),
    ...(values.dataset ? { datasets: list(values.dataset) } : {}),
  }
}

/** Returns `--param name=value` options as overrides: values are JSON where they can be, else text. Throws `PARAM_MALFORMED`. */
export function overridesOf(values: OptionValues): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    [values.param ?? []].flat().map((given) => {
      const text = String(given)
      const at = text.indexOf('=')
      if (at < 1) throw new PodError('PARAM_MALFORMED', `"${text}" sets no parameter`, { hint: '--param name=value' })
      return [text.slice(0, at), parsed(text.slice(at + 1))]
    }),
  )
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** How the lock names the pod's model: by the hash of its body, whatever its metadata say. */
const identityOf = ({ name }: Dataset): { dataset: string; bodyHash(path: string): Promise<Hash> } => ({
  dataset: name as string,
  async bodyHash(path) {
    const [{ readFile }, { modelOf }] = await Promise.all([import('node:fs/promises'), import('@mlpod/graph')])
    return modelOf(await readFile(path), { file: path }).bodyHash
  },
})

/** A run with the exit code that it stands for: 0 when every node ran, whatever the promises say. */
export interface ReportedRun extends RunResult {
  readonly exit: number
}

/** A pod that is going to be run. */
export interface PodToRun extends OpenPod {
  readonly code: CodeState | undefined
}

/** Opens a pod while git tells what code it is. Throws what `openPod` throws. */
export async function openToRun(cwd: string): Promise<PodToRun> {
  const [code, opened] = await Promise.all([codeState(cwd), openPod(cwd)])
  return { ...opened, code }
}

/** Runs a pipeline, drawing and recording it; `showCached` (true by default) shows what is restored too. What failed is told. */
export async function runAndReport(
  { pod, config, code }: PodToRun,
  terminal: Terminal,
  options: Parameters<typeof runPod>[1],
  { showCached = true } = {},
): Promise<ReportedRun> {
  const view = reporter(terminal, pod, { code, showCached })
  const signals = interruptible({ onFirst: view.stopping })
  const recording = recordRun(pod, {
    command: shellWords(terminal.argv),
    code,
    onProblem: (error) => view.notice([...problemLines(error, terminal.err), '  the run goes on unrecorded']),
  })
  try {
    const onEvent = (event: RunEvent): void => {
      recording.record(event)
      view.show(event)
    }
    const result = await runPod(pod, {
      ...options,
      run: recording.run,
      onEvent,
      signal: signals.signal,
      stop: signals.stop,
      engines: engineVersions(),
      ...(config.serve ? { model: identityOf(config.serve.model) } : {}),
    })
    const verifier = verifyingNode(pod)
    const outcome = verifier && result.nodes[verifier.name]
    if (outcome?.outputs) await recording.ledger(await readEvidence(pod, outcome.outputs))
    view.close()
    tellFailures(pod, terminal, result)
    return {
      ...result,
      exit:
        result.status === 'finished' ? exitCode.done : result.status === 'interrupted' ? signals.exitCode : exitCode.no,
    }
  } finally {
    view.close()
    recording.close()
    signals.close()
  }
}

/** Tells each failure with what to try, and how to go on. */
function tellFailures(pod: OpenPod['pod'], terminal: Terminal, result: RunResult): void {
  if (result.status === 'finished') return
  const { stderr, err, argv } = terminal
  for (const { error } of Object.values(result.nodes)) {
    // a node that was ended from outside has nothing to tell
    if (!error || (error.code === 'NODE_STOPPED' && result.status === 'interrupted')) continue
    stderr.write('\n')
    tellProblem(error, terminal, { root: pod.root })
  }
  const again = `mlpod ${shellWords(argv.filter((word) => word !== '--force'))}`
  const stopped = result.status === 'interrupted' ? 'stopped; ' : ''
  stderr.write(`\n  ${stopped}what was done is kept. Resume with  ${err.bold(again)}\n`)
}

/** `mlpod run`: makes everything current. */
export const run: CommandRun = async (values, positionals, terminal) => {
  const workers = wholeNumber(values, 'workers', { least: 1, most: 1024 })
  const opened = await openToRun(terminal.cwd)
  const result = await runAndReport(opened, terminal, {
    only: sliceOf(values, positionals),
    overrides: overridesOf(values),
    force: values.force === true,
    ...(values.env ? { env: String(values.env) } : {}),
    ...(values.pipeline ? { pipeline: String(values.pipeline) } : {}),
    ...(workers === undefined ? {} : { workers }),
  })
  await finish(opened, terminal, result)
  return result.exit
}

/** What stands below a run that finished: how the promises stand, the files made and the next commands. */
async function finish({ pod }: OpenPod, terminal: Terminal, result: ReportedRun): Promise<void> {
  const { out, stdout, width, json, quiet } = terminal
  const verifier = verifyingNode(pod)
  const evidence = verifier ? await readEvidence(pod, result.nodes[verifier.name]?.outputs) : []
  addSummary(
    result.status === 'finished' ? ledgerMarkdown(pod.name, evidence) : `### ${pod.name}: the run ${result.status}\n`,
  )
  if (json || quiet || result.status !== 'finished') return
  if (evidence.length > 0)
    stdout.write(
      `\n${ledgerLines(evidence, out, { width }).join('\n')}\n\n  ${tally(evidence, out)}   of ${evidence.length} promises\n`,
    )
  const { next, files } = await hints(pod, result)
  const longest = Math.max(...files.map(([what]) => what.length)) + 2
  if (files.length > 0)
    stdout.write(`\n${files.map(([what, path]) => `  ${what.padEnd(longest)}${out.bold(path)}`).join('\n')}\n`)
  stdout.write(`\n  next  ${next.join('   ')}\n`)
}

async function hints(
  pod: OpenPod['pod'],
  result: RunResult,
): Promise<{ next: readonly string[]; files: readonly (readonly [string, string])[] }> {
  const { relative, join } = await import('node:path')
  const from = process.env.INIT_CWD ?? process.cwd()
  const files = Object.values(pod.catalog)
    .filter(
      ({ name, file }) =>
        file !== undefined &&
        Object.values(result.nodes).some(({ outputs }) =>
          Object.values(outputs ?? {}).some(({ dataset }) => dataset === name),
        ),
    )
    .map(({ name, file }) => [name as string, relative(from, join(pod.root, file as string))] as const)
  // run by npm, `mlpod` is on nobody's path, and the pod may be elsewhere
  const npx = process.env.npm_lifecycle_event === undefined ? '' : 'npx '
  return {
    files,
    next: [
      ...(npx && relative(from, pod.root) !== '' ? [`cd ${relative(from, pod.root)}`] : []),
      ...['verify', 'serve', 'why', 'runs'].map((command) => `${npx}mlpod ${command}`),
    ],
  }
}
