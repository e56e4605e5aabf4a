import { appendFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { Evidence } from '@mlpod/contract'
import type { Place } from './problem.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Something to be shown beside the code or the log. */
export interface Annotation {
  readonly level: 'error' | 'warning'
  readonly title: string
  readonly message: string
  readonly place?: Place
}

/** Tells whether we run in GitHub Actions. */
export const inActions = (env: Environment = process.env): boolean => env.GITHUB_ACTIONS === 'true'

const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const property = (text: string): string => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** Returns an annotation as a workflow command of GitHub Actions; files are named from the repository's root. */
export function annotationLine({ level, title, message, place }: Annotation, env: Environment = process.env): string {
  const where = place
    ? `file=${property(relative(env.GITHUB_WORKSPACE ?? process.cwd(), place.file))},line=${place.line},`
    : ''
  return `::${level} ${where}title=${property(title)}::${escaped(message)}`
}

/** Returns the annotations of what is not kept: errors for broken promises, warnings for undecided ones. */
export const verdictAnnotations = (evidence: readonly Evidence[]): readonly Annotation[] =>
  evidence
    .filter(({ verdict }) => verdict !== 'kept')
    .map(({ claim, verdict, estimate, lower, upper, n }) => ({
      level: verdict === 'broken' ? ('error' as const) : ('warning' as const),
      title: `promise ${verdict}: ${claim.name}`,
      message: `${claim.statement}: measured ${estimate} [${lower}, ${upper}] on ${n} rows`,
    }))

/** Adds Markdown to the summary of the job, where there is one. */
export function addSummary(markdown: string, { GITHUB_STEP_SUMMARY: file }: Environment = process.env): void {
  if (file) appendFileSync(file, `${markdown}\n`)
}
