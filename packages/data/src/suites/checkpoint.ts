import { canonical, PodError } from '@mlpod/contract'
import { writeAtomic } from '@mlpod/store'
import { batches, runBatches } from '../batches/batches.ts'
import type { BatchBy } from '../batches/partition.ts'
import type { AnyRelation } from '../relation.ts'
import { suiteHtml } from './html.ts'
import { suiteJUnit } from './junit.ts'
import { suiteMarkdown } from './markdown.ts'
import { type ReportPlace, suiteAnnotations, suiteSarif } from './sarif.ts'
import type { RunOptions, Suite, SuiteResult } from './suite.ts'

/** A suite and the table that it is tried on. */
export interface Validation {
  readonly suite: Suite
  readonly data: AnyRelation | (() => Promise<AnyRelation>)
  /** The suite is tried on each batch of the table, with a result each. */
  readonly by?: BatchBy
  readonly options?: RunOptions
}

/** What is done with results. */
export interface Action {
  readonly about: string
  /** Done always (default), or only when a critical expectation does not hold. */
  readonly when?: 'always' | 'failure'
  readonly act: (results: readonly SuiteResult[]) => Promise<void> | void
}

/** What a checkpoint showed. */
export interface CheckpointResult {
  readonly ok: boolean
  readonly results: readonly SuiteResult[]
  /** Actions that failed, and why: they change no verdict. */
  readonly failed: readonly { readonly action: string; readonly message: string }[]
}

/**
 * Returns a function that tries suites on their tables and then acts on the results, one action after the other. An action that fails does
 * not keep the others from acting: it is told in the result. `onResult` hears of each suite as soon as it was tried.
 */
export function checkpoint(
  validations: readonly Validation[],
  {
    actions = [],
    onResult,
    ...options
  }: RunOptions & { readonly actions?: readonly Action[]; readonly onResult?: (result: SuiteResult) => void } = {},
): () => Promise<CheckpointResult> {
  if (validations.length === 0) throw new PodError('OPTION_INVALID', 'a checkpoint has no suite to try')
  return async () => {
    const results: SuiteResult[] = []
    for (const { suite, data, by, options: own } of validations) {
      const table = typeof data === 'function' ? await data() : data
      const given = { ...options, ...own }
      const found =
        by === undefined
          ? [await suite.run(table, given)]
          : (await runBatches(suite, await batches(table, by), given)).results
      for (const result of found) onResult?.(result)
      results.push(...found)
    }
    const ok = results.every((result) => result.ok)
    const failed: { action: string; message: string }[] = []
    for (const { about, when = 'always', act } of actions) {
      if (when === 'failure' && ok) continue
      try {
        await act(results)
      } catch (error) {
        failed.push({ action: about, message: error instanceof Error ? error.message : String(error) })
      }
    }
    return { ok, results, failed }
  }
}

const FORMATS = {
  json: (results) => `${canonical(results)}\n`,
  junit: (results) => suiteJUnit(...results),
  markdown: (results) => results.map((result) => suiteMarkdown(result)).join('\n'),
  html: (results) => suiteHtml(...results),
  sarif: (results, place) => `${JSON.stringify(suiteSarif(results[0], place), null, 2)}\n`,
  annotations: (results, place) => results.map((result) => suiteAnnotations(result, place)).join(''),
} as const satisfies Readonly<Record<string, (results: readonly SuiteResult[], place: ReportPlace) => string>>

/** The name of a form of reports. */
export type ReportFormat = keyof typeof FORMATS

/** Returns the action that writes results to a file, whole or not at all. */
export const writeReport = (
  format: ReportFormat,
  path: string,
  { when, place = { file: path } }: Pick<Action, 'when'> & { readonly place?: ReportPlace } = {},
): Action => {
  if (!Object.hasOwn(FORMATS, format))
    throw new PodError('OPTION_INVALID', `there is no report "${format}"`, {
      hint: `there are ${Object.keys(FORMATS).join(', ')}`,
    })
  return {
    about: `write ${path}`,
    when,
    act: (results) => writeAtomic(path, FORMATS[format](results, place)),
  }
}

/** Returns the action that posts results to an address as JSON: statistics and what did not hold. Fails on any answer but 2xx. */
export const postResults = (
  url: string,
  {
    when,
    headers = {},
    body = (results) => ({
      ok: results.every(({ ok }) => ok),
      suites: results.map(({ suite, ok, statistics, results: list }) => ({
        suite,
        ok,
        statistics,
        failed: list
          .filter(({ status }) => status !== 'pass')
          .map(({ sentence, status, severity, unexpected, observed }) => ({
            sentence,
            status,
            severity,
            unexpected,
            observed,
          })),
      })),
    }),
    timeoutMs = 10_000,
  }: Pick<Action, 'when'> & {
    readonly headers?: Readonly<Record<string, string>>
    /** What is posted; for chats, `{ text: suiteMarkdown(...) }`. */
    readonly body?: (results: readonly SuiteResult[]) => unknown
    readonly timeoutMs?: number
  } = {},
): Action => ({
  about: `post to ${new URL(url).host}`,
  when,
  act: async (results) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body(results)),
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!response.ok)
      throw new PodError('POST_FAILED', `${new URL(url).host} answered ${response.status} ${response.statusText}`)
  },
})
