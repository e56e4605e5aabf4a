import { errorRecord } from '@mlpod/contract'
import type { Terminal } from '../command.ts'
import { annotationLine, inActions } from './github.ts'
import { type ProblemOptions, problemLines, problemPlace } from './problem.ts'

/** Writes an error to standard error, and in GitHub Actions as an annotation of the line that it names. */
export function tellProblem(
  thrown: unknown,
  { stderr, err, debug }: Pick<Terminal, 'stderr' | 'err' | 'debug'>,
  options: ProblemOptions = {},
): void {
  stderr.write(`${problemLines(thrown, err, { debug, ...options }).join('\n')}\n`)
  if (!inActions()) return
  const { code, message } =
    thrown instanceof Error ? errorRecord(thrown) : (thrown as { code: string; message: string })
  const place = problemPlace(thrown, options)
  stderr.write(`${annotationLine({ level: 'error', title: code, message, ...(place ? { place } : {}) })}\n`)
}
