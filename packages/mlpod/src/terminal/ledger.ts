import type { Evidence } from '@mlpod/contract'
import type { Style } from './style.ts'
import { cutTo, grouped, padTo, tableLines } from './text.ts'

const rate = (x: number): string => (Number.isInteger(x) ? `${x}` : Math.abs(x) >= 1000 ? x.toFixed(0) : x.toFixed(3))

const rank = { broken: 0, undecided: 1, kept: 2 } as const

const inOrder = (evidence: readonly Evidence[]): readonly Evidence[] =>
  [...evidence].sort((a, b) => rank[a.verdict] - rank[b.verdict] || (a.claim.name < b.claim.name ? -1 : 1))

/** Returns the table of promises: broken first, then undecided, then kept; of a broken or undecided claim by group, its worst parts too. */
export function ledgerLines(
  evidence: readonly Evidence[],
  style: Style,
  { width = 100 }: { width?: number } = {},
): string[] {
  const paint = { kept: style.kept, broken: style.broken, undecided: style.undecided }
  // what the other columns leave: numbers count for more than the end of a name
  const named = (name: string): string => cutTo(name, Math.max(16, width - 54))
  const rows = inOrder(evidence).flatMap(({ claim, verdict, estimate, lower, upper, n, parts = [] }) => {
    const exact = lower === upper
    const row = [
      named(claim.name),
      paint[verdict](`${style.glyph[verdict]} ${padTo(verdict, 9)}`),
      rate(estimate),
      exact ? '' : `[${rate(lower)}, ${rate(upper)}]`,
      grouped(n),
      claim.statement,
    ]
    const shown =
      verdict === 'kept' || parts.length < 2 ? [] : [...parts].filter((part) => part.verdict !== 'kept').slice(0, 4)
    const rest = parts.filter((part) => !shown.includes(part))
    const others = rest.every((part) => part.verdict === 'kept')
      ? [`  ${rest.length} other${rest.length === 1 ? '' : 's'}`, style.kept(`${style.glyph.kept} kept`)]
      : [`  ${rest.length} more`, '']
    return [
      row,
      ...shown.map((part) => [
        named(`  ${part.name}`),
        paint[part.verdict](`${style.glyph[part.verdict]} ${padTo(part.verdict, 9)}`),
        rate(part.estimate),
        part.lower === part.upper ? '' : `[${rate(part.lower)}, ${rate(part.upper)}]`,
        grouped(part.n),
        '',
      ]),
      ...(shown.length > 0 && rest.length > 0 ? [[...others, '', '', '', '']] : []),
    ]
  })
  const columns = [
    { header: 'promise' },
    { header: 'verdict' },
    { header: 'measured', align: 'right' as const },
    { header: 'interval' },
    { header: 'n', align: 'right' as const },
    { header: 'claim' },
  ]
  return tableLines(columns, rows, { width, header: style.dim })
}

/** Returns `9 kept  1 broken  2 undecided`. */
export function tally(evidence: readonly Evidence[], style: Style): string {
  const count = (verdict: Evidence['verdict']): number => evidence.filter((piece) => piece.verdict === verdict).length
  return [
    style.kept(`${count('kept')} kept`),
    count('broken') > 0 ? style.broken(`${count('broken')} broken`) : '0 broken',
    count('undecided') > 0 ? style.undecided(`${count('undecided')} undecided`) : '0 undecided',
  ].join('  ')
}

/** Returns the promises as Markdown: how many stand how, and the table, broken first. */
export function ledgerMarkdown(pod: string, evidence: readonly Evidence[]): string {
  const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
  const count = (verdict: Evidence['verdict']): number => evidence.filter((piece) => piece.verdict === verdict).length
  const rows = inOrder(evidence).map(
    ({ claim, estimate, lower, upper, n, verdict }) =>
      `| ${cell(claim.name)} | ${cell(claim.statement)} | ${rate(estimate)} | ${lower === upper ? '' : `[${rate(lower)}, ${rate(upper)}]`} | ${n} | ${verdict === 'kept' ? verdict : `**${verdict}**`} |`,
  )
  const title = `### ${cell(pod)}: ${count('kept')} kept, ${count('broken')} broken, ${count('undecided')} undecided\n`
  if (rows.length === 0) return `### ${cell(pod)}: done\n`
  return `${title}\n| promise | claim | measured | interval | n | verdict |\n|---|---|---:|---|---:|---|\n${rows.join('\n')}\n`
}

/** Returns, for each undecided promise, how many more rows would probably decide it. */
export const needLines = (evidence: readonly Evidence[], style: Style): string[] =>
  evidence
    .filter(({ verdict, needs }) => verdict === 'undecided' && needs !== undefined)
    .map(({ claim, needs }) =>
      style.dim(
        `  ${claim.name} would be decided by about ${grouped(Number((needs as number).toPrecision(2)))} more rows`,
      ),
    )
