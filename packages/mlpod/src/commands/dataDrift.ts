import { basename } from 'node:path'
import { didYouMean, PodError } from '@mlpod/contract'
import {
  type ColumnDrift,
  type DriftOptions,
  type DriftReport,
  drift,
  driftHtml,
  openTable,
  type PerColumn,
} from '@mlpod/data'
import { writeAtomic } from '@mlpod/store'
import { type CommandRun, exitCode, type OptionValues, type Terminal } from '../command.ts'
import { bars } from '../terminal/bars.ts'
import { tableLines } from '../terminal/text.ts'

/** `mlpod data drift`: how a table differs from another. */
export const dataDrift: CommandRun = async (values, files, terminal) => {
  if (files.length !== 2)
    throw new PodError('OPTION_INVALID', `mlpod data drift compares two tables, not ${files.length}`, {
      hint: 'mlpod data drift REFERENCE CURRENT',
    })
  const options = driftOptions(values)
  const [reference, current] = await Promise.all(files.map((file) => openTable(file)))
  const report = await drift(reference, current, options)
  if (values.html !== undefined)
    await writeAtomic(
      String(values.html),
      driftHtml(report, { title: `${basename(files[0])} and ${basename(files[1])}` }),
    )
  if (terminal.json) terminal.stdout.write(`${JSON.stringify({ v: 1, ...report })}\n`)
  else show(report, terminal)
  return report.datasetDrifted ? exitCode.no : exitCode.done
}

function driftOptions(values: OptionValues): DriftOptions {
  const share = values.share === undefined ? undefined : numberOf(String(values.share), '--share')
  const correct = values.correct === undefined ? undefined : String(values.correct)
  const corrections = ['none', 'bh', 'holm', 'bonferroni']
  if (correct !== undefined && !corrections.includes(correct))
    throw new PodError('OPTION_INVALID', `--correct takes no "${correct}"${didYouMean(correct, corrections)}`, {
      hint: `it takes ${corrections.join(', ')}`,
    })
  return {
    columns: values.column as readonly string[] | undefined,
    method: perColumn(values.method, '--method', (text) => text) as DriftOptions['method'],
    threshold: perColumn(values.threshold, '--threshold', (text) => numberOf(text, '--threshold')),
    share,
    correct: correct as DriftOptions['correct'],
    missing: values.drop ? 'drop' : 'category',
  }
}

function numberOf(text: string, option: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value))
    throw new PodError('OPTION_INVALID', `${option} takes a number, not "${text}"`)
  return value
}

const KINDS: ReadonlySet<string> = new Set(['number', 'category', 'text'])

/** Reads `VALUE`, `number=VALUE` or `column=VALUE`, each as often as wanted. */
function perColumn<T>(
  given: OptionValues[string],
  option: string,
  read: (text: string) => T,
): PerColumn<T> | undefined {
  const list = given === undefined ? [] : ([given].flat() as readonly string[])
  const [kinds, columns]: [Record<string, T>, Record<string, T>] = [{}, {}]
  for (const item of list) {
    const at = item.lastIndexOf('=')
    if (at < 0 && list.length === 1) return read(item)
    if (at < 0) throw new PodError('OPTION_INVALID', `${option} ${item} is for all columns, and so stands alone`)
    const name = item.slice(0, at)
    if (KINDS.has(name)) kinds[name] = read(item.slice(at + 1))
    else columns[name] = read(item.slice(at + 1))
  }
  return list.length === 0 ? undefined : { kinds, columns }
}

const short = (value: number | null): string =>
  value === null
    ? ''
    : Math.abs(value) < 1e-4 && value !== 0
      ? value.toExponential(1)
      : String(Number(value.toPrecision(3)))

function pictures({ histogram }: ColumnDrift): readonly [string, string] {
  if (!histogram) return ['', '']
  const width = 10
  const [a, b] = [histogram.reference.slice(0, width), histogram.current.slice(0, width)]
  const most = Math.max(...a, ...b)
  return [bars(a, most), bars(b, most)]
}

const percent = (share: number): string => (share === 0 ? '0' : `${Number((100 * share).toPrecision(2))} %`)

function show(report: DriftReport, { stdout, out, width }: Terminal): void {
  const verdict = (column: ColumnDrift): string => {
    if (column.drifted) return out.broken(`${out.glyph.broken} drifted`)
    return column.status === 'compared' ? out.kept(`${out.glyph.kept} as before`) : out.undecided(`? ${column.status}`)
  }
  const utf8 = out.glyph.kept === '✓'
  // what drifted is what one looks for
  const listed = [true, false].flatMap((drifted) => report.columns.filter((column) => column.drifted === drifted))
  const rows = listed.map((column) => {
    const { reference, current } = column.missing
    return [
      column.column,
      verdict(column),
      `${column.gives === 'p-value' ? 'p ' : ''}${short(column.corrected ?? column.score)}`,
      short(column.threshold),
      column.method,
      reference + current === 0 ? '' : `${percent(reference)} ${utf8 ? '→' : '>'} ${percent(current)}`,
      ...(utf8 ? pictures(column) : []),
    ]
  })
  const columns = [
    { header: 'column' },
    { header: '' },
    { header: 'score', align: 'right' as const },
    { header: 'threshold', align: 'right' as const },
    { header: 'method' },
    { header: 'missing' },
    ...(utf8 ? [{ header: 'reference' }, { header: 'current' }] : []),
  ]
  stdout.write(`${tableLines(columns, rows, { width, header: out.dim }).join('\n')}\n`)
  for (const { message, column } of report.columns)
    if (message !== undefined) stdout.write(`  ${out.undecided('?')} ${column}: ${message}\n`)
  const { drifted, compared, datasetDrifted } = report
  const said = `${drifted} of ${compared} columns drifted`
  stdout.write(
    `\n  ${datasetDrifted ? out.broken(`${out.glyph.broken} the table has drifted`) : out.kept(`${out.glyph.kept} the table has not drifted`)}   ${said}\n`,
  )
}
