import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Json, PodError } from '@mlpod/contract'
import {
  expectationWords,
  fromGreatExpectations,
  openTable,
  type ReportFormat,
  type Suite,
  type SuiteResult,
  writeReport,
} from '@mlpod/data'
import { type CommandRun, exitCode, type OptionValues, type Terminal } from '../command.ts'
import { cutTo, tableLines } from '../terminal/text.ts'

/** `mlpod data check`: whether a table is as a suite expects. */
export const dataCheck: CommandRun = async (values, files, terminal) => {
  if (files.length !== 1)
    throw new PodError('OPTION_INVALID', `mlpod data check looks at one table, not at ${files.length}`, {
      hint: 'mlpod data check FILE --suite SUITE',
    })
  if (values.suite === undefined)
    throw new PodError('OPTION_INVALID', 'no suite is named', {
      hint: '--suite FILE: one of Great Expectations (.json), or a module whose default export is a suite; `mlpod data suggest` makes one',
    })
  const expected = await loadSuite(String(values.suite), terminal.cwd)
  const table = values.table === undefined ? undefined : String(values.table)
  const data = await openTable(files[0], { table })
  const keys = values.key as readonly string[] | undefined
  const result = await expected.run(data, { format: 'summary', keys, parameters: parametersOf(values) })
  for (const format of ['junit', 'html', 'markdown', 'sarif'] as const satisfies readonly ReportFormat[])
    if (values[format] !== undefined) await writeReport(format, String(values[format])).act([result])
  if (terminal.json) terminal.stdout.write(`${JSON.stringify({ v: 1, ...result })}\n`)
  else show(result, terminal)
  return result.ok ? exitCode.done : exitCode.no
}

/** Reads a suite: a file of Great Expectations, or the default export of a module. Throws `SUITE_MISSING`, `SUITE_INVALID`. */
export async function loadSuite(file: string, cwd: string): Promise<Suite> {
  const path = resolve(cwd, file)
  if (!(await stat(path).catch(() => undefined))?.isFile())
    throw new PodError('SUITE_MISSING', `there is no suite ${file}`, { at: path })
  if (path.endsWith('.json')) return fromGreatExpectations(await readFile(path, 'utf8'))
  const module = (await import(pathToFileURL(path).href).catch((cause: unknown) => {
    const [because] = String(cause instanceof Error ? cause.message : cause).split('\n')
    throw new PodError('SUITE_INVALID', `the suite ${file} cannot be loaded`, { at: path, because, cause })
  })) as { readonly default?: Suite }
  if (typeof module.default?.run !== 'function')
    throw new PodError('SUITE_INVALID', `the default export of ${file} is no suite`, {
      at: path,
      hint: "export default suite('orders', [ ... ])",
    })
  return module.default
}

/** Reads `NAME=VALUE`, the value as JSON where it is JSON. */
function parametersOf(values: OptionValues): Record<string, Json> {
  const found: Record<string, Json> = {}
  for (const item of (values.param ?? []) as readonly string[]) {
    const at = item.indexOf('=')
    if (at < 1) throw new PodError('OPTION_INVALID', `--param takes NAME=VALUE, not "${item}"`)
    const text = item.slice(at + 1)
    try {
      found[item.slice(0, at)] = JSON.parse(text) as Json
    } catch {
      found[item.slice(0, at)] = text
    }
  }
  return found
}

function show({ suite, ok, statistics, results }: SuiteResult, { stdout, out, width, quiet }: Terminal): void {
  const verdict = {
    pass: out.kept(`${out.glyph.kept} holds`),
    fail: out.broken(`${out.glyph.broken} fails`),
    error: out.undecided('? error'),
  }
  const worst = { error: 0, fail: 1, pass: 2 } as const
  const listed = [...results]
    .sort((a, b) => worst[a.status] - worst[b.status])
    .filter(({ status }) => !quiet || status !== 'pass')
  const rows = listed.map((one) => [verdict[one.status], one.severity === 'critical' ? '' : one.severity, one.sentence])
  if (rows.length > 0) {
    const columns = [{ header: '' }, { header: '' }, { header: 'expectation' }]
    const [header, ...lines] = tableLines(columns, rows, { width, header: out.dim })
    stdout.write(`${header}\n`)
    for (const [i, line] of lines.entries()) {
      const one = listed[i]
      stdout.write(`${line}\n`)
      // what was found has its own line, which may be long
      if (one.status !== 'pass')
        stdout.write(`${cutTo(`             ${one.message ?? expectationWords(one)}`, width)}\n`)
    }
    stdout.write('\n')
  }
  const said = `${statistics.successful} of ${statistics.evaluated} expectations hold`
  stdout.write(
    `  ${ok ? out.kept(`${out.glyph.kept} the table is as "${suite}" expects`) : out.broken(`${out.glyph.broken} the table is not as "${suite}" expects`)}   ${said}\n`,
  )
}
