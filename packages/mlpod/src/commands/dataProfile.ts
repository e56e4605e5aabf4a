import { basename } from 'node:path'
import { PodError } from '@mlpod/contract'
import { type ColumnProfile, openTable, type Profile, type ProfileOptions, profile, profileHtml } from '@mlpod/data'
import { writeAtomic } from '@mlpod/store'
import { type CommandRun, exitCode, type Terminal, wholeNumber } from '../command.ts'
import { bars } from '../terminal/bars.ts'
import { cutTo, grouped, tableLines } from '../terminal/text.ts'

/** `mlpod data profile`: what a table holds. */
export const dataProfile: CommandRun = async (values, files, terminal) => {
  if (files.length !== 1)
    throw new PodError('OPTION_INVALID', `mlpod data profile describes one table, not ${files.length}`, {
      hint: 'mlpod data profile FILE',
    })
  const [file] = files
  const sample = wholeNumber(values, 'sample', { least: 1, most: Number.MAX_SAFE_INTEGER })
  const options: ProfileOptions = {
    columns: values.column as readonly string[] | undefined,
    minimal: values.minimal === true,
    sensitive: values.sensitive === true,
    time: values.time === undefined ? undefined : String(values.time),
  }
  const whole = await openTable(file, values.table === undefined ? {} : { table: String(values.table) })
  const found = await profile(sample === undefined ? whole : whole.limit(sample), options)
  if (values.html !== undefined)
    await writeAtomic(String(values.html), profileHtml(found, { title: basename(file) })).catch((cause: unknown) => {
      throw new PodError('FILE_UNWRITABLE', `the page cannot be written to ${String(values.html)}`, { cause })
    })
  if (terminal.json) terminal.stdout.write(`${JSON.stringify(found)}\n`)
  else show(found, terminal, { html: values.html as string | undefined, sample })
  return exitCode.done
}

const short = (value: number | string | null): string => {
  if (value === null || typeof value === 'string') return value ?? ''
  const size = Math.abs(value)
  if (Number.isInteger(value) && size < 1e7) return value < 0 ? `-${grouped(-value)}` : grouped(value)
  return size !== 0 && (size < 1e-3 || size >= 1e7) ? value.toExponential(1) : String(Number(value.toPrecision(3)))
}

const percent = (share: number): string => (share === 0 ? '' : `${Number((100 * share).toPrecision(2))} %`)

const WIDTH = 12

/** Counts as a row of bars; many are put together. */
function pooledBars(counts: readonly number[]): string {
  const size = Math.max(1, Math.ceil(counts.length / WIDTH))
  return bars(
    Array.from({ length: Math.ceil(counts.length / size) }, (_, i) =>
      counts.slice(i * size, (i + 1) * size).reduce((sum, count) => sum + count, 0),
    ),
  )
}

const picture = ({ role, number, date, top, others }: ColumnProfile): string => {
  const histogram = date?.histogram ?? (role === 'number' ? number?.histogram : undefined)
  if (histogram) return pooledBars(histogram.counts)
  return top.length > 1 && top[0].count > 1
    ? pooledBars([...top.map(({ count }) => count), others].filter((c) => c > 0))
    : ''
}

/** What a column holds, in a few words: numbers from least to greatest, otherwise the most frequent value. */
function holds({ role, number, date, top, rows }: ColumnProfile, utf8: boolean): string {
  const dots = utf8 ? '…' : '..'
  const text = (value: unknown): string =>
    // control characters would move the cursor
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are meant
    cutTo(String(value).replace(/[\u0000-\u001f\u007f-\u009f]/g, '?'), 24, dots)
  if (date) return date.min === null ? '' : `${date.min} ${dots} ${date.max}`
  if (role === 'number' && number && number.min !== null)
    return `${short(number.min)} ${dots} ${short(number.max)}, mean ${short(number.mean)}`
  const [first] = top
  if (first === undefined || first.value === null) return ''
  return first.count === 1 ? text(first.value) : `${text(first.value)} ${percent(first.count / rows)}`
}

function show(
  { table, columns, alerts, time }: Profile,
  { stdout, out, width }: Terminal,
  { html, sample }: { readonly html?: string; readonly sample?: number },
): void {
  const utf8 = out.glyph.kept === '✓'
  const rows = columns.map((column) => [
    cutTo(column.name, 32, utf8 ? '…' : '..'),
    column.role,
    percent(column.missingShare),
    column.distinct === null ? '' : column.isUnique ? 'all' : grouped(column.distinct),
    ...(utf8 ? [picture(column)] : []),
    holds(column, utf8),
  ])
  const headers = [
    { header: 'column' },
    { header: 'type' },
    { header: 'missing', align: 'right' as const },
    { header: 'distinct', align: 'right' as const },
    ...(utf8 ? [{ header: '' }] : []),
    { header: 'values' },
  ]
  stdout.write(`${tableLines(headers, rows, { width, header: out.dim }).join('\n')}\n`)
  // the column of distinct values says "all"
  const told = alerts.filter(({ code }) => code !== 'unique')
  if (told.length > 0) stdout.write('\n')
  for (const { message } of told) stdout.write(`${cutTo(`  ${out.undecided('!')} ${message}`, width)}\n`)
  const facts = [
    `${grouped(table.rows)} rows${sample !== undefined && table.rows === sample ? ' (the first ones)' : ''}`,
    `${grouped(table.columns)} columns`,
    `${percent(table.cellsMissingShare) || '0 %'} of the cells missing`,
    ...(table.repeatedRows ? [`${grouped(table.repeatedRows)} rows repeated`] : []),
  ]
  stdout.write(`\n  ${facts.join(', ')}\n`)
  if (time?.medianStep)
    stdout.write(
      `  by ${time.column}: a row every ${short(time.medianStep)}${time.first?.includes('-') ? ' s' : ''}, ${grouped(time.gaps)} ${time.gaps === 1 ? 'gap' : 'gaps'}\n`,
    )
  if (html !== undefined) stdout.write(`  ${out.dim(`page: ${html}`)}\n`)
}
