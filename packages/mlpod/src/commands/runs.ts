import { openTrack, type RunRow } from '@mlpod/track'
import { type CommandRun, exitCode, type Terminal, wholeNumber } from '../command.ts'
import { openPod } from '../pod.ts'
import type { Style } from '../terminal/style.ts'
import { ago, duration, tableLines } from '../terminal/text.ts'

const list = (value: unknown): readonly string[] =>
  value === undefined ? [] : [value].flat().flatMap((item) => String(item).split(','))

/** `mlpod runs`: what was run, and how it came out. */
export const runs: CommandRun = async (values, [id], terminal) => {
  const { pod, config } = await openPod(terminal.cwd)
  const track = openTrack(pod.root)
  try {
    if (id !== undefined) return await showRun(await track.getRun(id), terminal)
    const page = await track.listRuns({
      limit: wholeNumber(values, 'limit', { least: 1, most: 100_000 }) ?? 20,
      ...(values.where ? { where: String(values.where) } : {}),
      ...(values.sort ? { sort: list(values.sort) } : {}),
      ...(values.after ? { after: String(values.after) } : {}),
    })
    if (terminal.json) terminal.stdout.write(`${JSON.stringify({ v: 1, ...page })}\n`)
    else showRuns(page, config.metrics ?? mostLogged(page.runs), terminal)
    return exitCode.done
  } finally {
    track.close()
  }
}

/** The three metrics that most runs have; how promises stand is a column of its own. */
function mostLogged(rows: readonly RunRow[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { metrics } of rows)
    for (const name of Object.keys(metrics).filter((name) => !name.startsWith('promises.')))
      counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, 3)
    .map(([name]) => name)
}

const states = {
  FINISHED: 'done',
  FAILED: 'failed',
  KILLED: 'interrupted',
  RUNNING: 'running',
  SCHEDULED: 'waiting',
} as const

function stateText(status: RunRow['status'], style: Style): string {
  const text = states[status as keyof typeof states] ?? status
  return status === 'FAILED' ? style.broken(text) : status === 'RUNNING' ? style.running(text) : text
}

const verdictText = ({ verdicts }: RunRow, style: Style): string =>
  [
    verdicts.kept > 0 ? style.kept(`${verdicts.kept}${style.glyph.kept}`) : '',
    verdicts.broken > 0 ? style.broken(`${verdicts.broken}${style.glyph.broken}`) : '',
    verdicts.undecided > 0 ? style.undecided(`${verdicts.undecided}?`) : '',
  ]
    .filter(Boolean)
    .join(' ')

const number = (value: number | undefined): string =>
  value === undefined ? '' : Number(value.toPrecision(3)).toString()

function showRuns(
  { runs: rows, total, next }: { readonly runs: readonly RunRow[]; readonly total: number; readonly next?: string },
  metrics: readonly string[],
  { stdout, out, width }: Terminal,
): void {
  if (rows.length === 0) {
    stdout.write('  no runs yet: mlpod run\n')
    return
  }
  const now = Date.now()
  const columns = [
    { header: 'run' },
    { header: 'when' },
    { header: 'state' },
    { header: 'promises' },
    ...metrics.map((header) => ({ header, align: 'right' as const })),
    { header: 'took', align: 'right' as const },
    { header: 'commit' },
  ]
  const cells = rows.map((row) => [
    row.id.slice(0, 8),
    ago(row.startTime, now),
    stateText(row.status, out),
    verdictText(row, out),
    ...metrics.map((name) => number(row.metrics[name])),
    row.endTime === undefined ? '' : duration(row.endTime - row.startTime),
    row.commit ? `${row.commit.slice(0, 7)}${row.changed ? '*' : ''}` : '',
  ])
  stdout.write(`${tableLines(columns, cells, { width, header: out.dim }).join('\n')}\n`)
  stdout.write(out.dim(`  ${rows.length} of ${total}${next ? `   more: --after ${next}` : ''}\n`))
}

async function showRun(
  run: Awaited<ReturnType<ReturnType<typeof openTrack>['getRun']>>,
  { stdout, out, json, width }: Terminal,
): Promise<number> {
  if (json) {
    stdout.write(`${JSON.stringify({ v: 1, ...run })}\n`)
    return exitCode.done
  }
  const facts: readonly (readonly [string, string])[] = [
    ['run', run.id],
    ['state', stateText(run.status, out)],
    ['started', new Date(run.startTime).toISOString()],
    ['took', run.endTime === undefined ? '' : duration(run.endTime - run.startTime)],
    ['command', run.tags['mlflow.source.name'] ?? ''],
    ['commit', run.commit ? `${run.commit.slice(0, 12)}${run.changed ? `  ${run.changed} files changed` : ''}` : ''],
    ['promises', verdictText(run, out)],
  ]
  stdout.write(
    `${facts
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `  ${out.dim(name.padEnd(10))}${value}`)
      .join('\n')}\n\n`,
  )
  stdout.write(
    `${tableLines(
      [{ header: 'node' }, { header: 'state' }, { header: 'took', align: 'right' }],
      run.nodes.map(({ node, state, ms }) => [node, state, ms === undefined ? '' : duration(ms)]),
      { width, header: out.dim },
    ).join('\n')}\n`,
  )
  for (const [title, values] of [
    ['parameter', run.params],
    ['metric', run.metrics],
  ] as const) {
    const rows = Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'number' ? number(value) : value,
    ])
    if (rows.length > 0)
      stdout.write(
        `\n${tableLines([{ header: title }, { header: 'value' }], rows, { width, header: out.dim }).join('\n')}\n`,
      )
  }
  return exitCode.done
}
