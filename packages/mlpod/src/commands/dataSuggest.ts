import { PodError } from '@mlpod/contract'
import { openTable, type Suggestions, suggest, toGreatExpectations } from '@mlpod/data'
import { writeAtomic } from '@mlpod/store'
import { type CommandRun, exitCode, type Terminal } from '../command.ts'
import { tableLines } from '../terminal/text.ts'

/** `mlpod data suggest`: what past tables let one expect of the next. */
export const dataSuggest: CommandRun = async (values, files, terminal) => {
  if (files.length === 0)
    throw new PodError('OPTION_INVALID', 'no table is named', { hint: 'mlpod data suggest MONDAY TUESDAY WEDNESDAY' })
  const tables = await Promise.all(files.map((file) => openTable(file)))
  const by = values.by === undefined ? undefined : String(values.by)
  if (by !== undefined && tables.length > 1)
    throw new PodError('OPTION_INVALID', `--by cuts one table into parts, and there are ${tables.length}`)
  const falseAlarms = values.alarms === undefined ? undefined : Number(values.alarms)
  const found = await suggest(by === undefined ? tables : { data: tables[0], by }, { falseAlarms })
  if (values.out !== undefined)
    await writeAtomic(String(values.out), `${JSON.stringify(toGreatExpectations(found.suite), null, 2)}\n`)
  if (terminal.json)
    terminal.stdout.write(
      `${JSON.stringify({ v: 1, suite: toGreatExpectations(found.suite), suggestions: found.suggestions })}\n`,
    )
  else show(found, terminal)
  return exitCode.done
}

function show({ suggestions, suite }: Suggestions, { stdout, out, width }: Terminal): void {
  const rows = suggestions.map(({ sentence, kept, falseAlarms, parts, alarmRateAtMost }) => [
    kept ? out.kept(`${out.glyph.kept} kept`) : out.dim('- left out'),
    sentence,
    `${falseAlarms} of ${parts}`,
    alarmRateAtMost.toFixed(2),
  ])
  const columns = [
    { header: '' },
    { header: 'expectation' },
    { header: 'false alarms', align: 'right' as const },
    { header: 'at most', align: 'right' as const },
  ]
  stdout.write(`${tableLines(columns, rows, { width, header: out.dim }).join('\n')}\n`)
  stdout.write(`\n  ${suite.items.length} of ${suggestions.length} are kept   write them with --out suite.json\n`)
}
