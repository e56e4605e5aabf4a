import type { SuiteResult } from './suite.ts'
import { expectationWords } from './words.ts'

const cell = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('<', '&lt;')

const MARKS = { pass: 'passed', fail: 'failed', error: 'error' } as const

/** Returns a result as Markdown, what failed first: a table of at most `most` rows (200 by default) and how many are left out. */
export function suiteMarkdown(result: SuiteResult, { most = 200 }: { readonly most?: number } = {}): string {
  const { suite, statistics, results, ok } = result
  const worst = { error: 0, fail: 1, pass: 2 } as const
  const sorted = [...results].sort((a, b) => worst[a.status] - worst[b.status])
  const rows = sorted
    .slice(0, most)
    .map((one) => `| ${MARKS[one.status]} | ${one.severity} | ${cell(one.sentence)} | ${cell(expectationWords(one))} |`)
  const rest = sorted.length - rows.length
  return [
    `## ${cell(suite)}: ${ok ? 'fulfilled' : 'not fulfilled'}`,
    '',
    `${statistics.successful} of ${statistics.evaluated} expectations hold${statistics.errors > 0 ? `, ${statistics.errors} could not be tried` : ''}.`,
    '',
    '| verdict | severity | expectation | found |',
    '| --- | --- | --- | --- |',
    ...rows,
    ...(rest > 0 ? ['', `And ${rest} more.`] : []),
    '',
  ].join('\n')
}
