import { type Json, PodError } from '@mlpod/contract'
import type { Fields } from './names.ts'
import type { SuiteItemResult, SuiteResult } from './suite.ts'
import { expectationWords } from './words.ts'

const LEVELS = { critical: 'error', warning: 'warning', info: 'note' } as const

/** The file that the data came from or the suite stands in, as annotations show it. */
export interface ReportPlace {
  /** Relative to the root of the repository. */
  readonly file: string
  /** From 1; of the first row of data if rows of a text file are told (1 more than its header's line). */
  readonly line?: number
}

const bad = ({ results }: SuiteResult): readonly SuiteItemResult[] => results.filter(({ status }) => status !== 'pass')

/**
 * Returns failed expectations as SARIF 2.1.0, which code hosts show beside the file. Each expectation of the suite that failed is a result;
 * its kind is the rule.
 */
export function suiteSarif(result: SuiteResult, { file, line = 1 }: ReportPlace): Fields {
  if (file === '') throw new PodError('OPTION_INVALID', 'a report of annotations names no file')
  const failed = bad(result)
  const rules = [...new Set(failed.map(({ type }) => type))]
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'mlpod', rules: rules.map((id) => ({ id })) } },
        results: failed.map((one) => ({
          ruleId: one.type,
          ruleIndex: rules.indexOf(one.type),
          level: one.status === 'error' ? 'error' : LEVELS[one.severity],
          message: { text: `${one.sentence}: ${expectationWords(one)}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.replaceAll('\\', '/') },
                region: { startLine: line + (one.rows[0] ?? 0) },
              },
            },
          ],
          // the same expectation is the same finding from run to run
          partialFingerprints: { expectation: `${result.suite}/${one.id ?? one.sentence}` },
        })) as unknown as Json,
      },
    ],
  }
}

const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** Returns failed expectations as workflow commands of GitHub Actions, a line each: print them, and they are shown beside the file. */
export function suiteAnnotations(result: SuiteResult, { file, line = 1 }: ReportPlace): string {
  const words = { critical: 'error', warning: 'warning', info: 'notice' } as const
  return bad(result)
    .map((one) => {
      const word = one.status === 'error' ? 'error' : words[one.severity]
      const place = `file=${property(file)},line=${line + (one.rows[0] ?? 0)},title=${property(`${result.suite}: ${one.sentence}`)}`
      return `::${word} ${place}::${data(expectationWords(one))}\n`
    })
    .join('')
}
