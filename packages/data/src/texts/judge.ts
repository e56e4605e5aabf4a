import { hashValue, PodError } from '@mlpod/contract'
import { collect, valueCounts } from '../aggregates/index.ts'
import { relationOf } from '../ingest.ts'
import type { Cell, Relation } from '../relation.ts'
import { float, rowSchema, string } from '../schema.ts'
import { type JudgePrompt, judgeForm } from './judgePrompt.ts'
import { textColumns } from './textColumns.ts'

/** Asks a model. Whatever network that takes is the caller's. */
export type Ask = (messages: { readonly system: string; readonly prompt: string }) => Promise<string>

/** Where answers are kept by the hash of what was asked; a `Map` is one. */
export interface JudgeCache {
  get(key: string): Promise<string | undefined> | string | undefined
  set(key: string, answer: string): unknown
}

/** How a judge is asked. */
export interface JudgeOptions {
  readonly ask: Ask
  readonly prompt: JudgePrompt
  /** Columns whose texts stand for `{name}` in the criteria. */
  readonly columns?: Readonly<Record<string, string>>
  /** The name of the model and its settings: answers are kept by it. */
  readonly model?: string
  readonly cache?: JudgeCache
  /** Questions under way at once; 4 by default. */
  readonly parallel?: number
  /** The name of the new columns; `judged` by default. */
  readonly as?: string
}

/** What a judge said of a table. */
export interface Judged {
  /**
   * The table with the columns `judged`, `judged_score` (`judged_score_A`, ... for several classes), `judged_reasoning` and `judged_error`. Rows with a
   * missing text are not judged.
   */
  readonly table: Relation
  /** Questions that were put to the model, those answered from the cache, and those without an answer that is understood. */
  readonly asked: number
  readonly cached: number
  readonly failed: number
}

/**
 * Judges the texts of a column by a language model that the caller asks: each distinct text once. A question that fails, or an answer that is not
 * understood, is told in its rows and keeps no other from being judged; it is not cached. Throws `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `COLUMN_TWICE`, `OPTION_INVALID`
 * before anything is asked.
 */
export async function judge(
  data: Relation,
  column: string,
  { ask, prompt, columns = {}, model = '', cache = new Map(), parallel = 4, as = 'judged' }: JudgeOptions,
): Promise<Judged> {
  const form = judgeForm(prompt)
  const wanted = [...prompt.criteria.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
  const missing = wanted.find((name) => !Object.hasOwn(columns, name))
  if (missing !== undefined)
    throw new PodError('OPTION_INVALID', `the criteria speak of {${missing}}, and no column is given for it`, {
      hint: `columns: { ${missing}: '...' }`,
    })
  if (!(Number.isSafeInteger(parallel) && parallel >= 1))
    throw new PodError('OPTION_INVALID', `${parallel} questions at once are not possible`)
  const classes = 'classes' in prompt && prompt.score ? Object.keys(prompt.classes) : []
  const scores = !prompt.score
    ? []
    : classes.length > 0
      ? classes.map((name) => `${as}_score_${name}`)
      : [`${as}_score`]
  const added = [as, ...scores, `${as}_reasoning`, `${as}_error`]
  const read = [...new Set([column, ...Object.values(columns)])]
  await textColumns(data, read, added)
  const { sql } = data.engine
  const wish = valueCounts(read.map((name) => sql.column(name)))
  const rows = (await collect(data, [wish]))(wish)
    .filter(({ values }) => values.every((value) => value !== null))
    .map(({ values }) => Object.fromEntries(read.map((name, i) => [name, String(values[i])])))

  const found: Record<string, Cell[]> = {}
  for (const name of [...read, ...added]) found[name] = new Array<Cell>(rows.length).fill(null)
  const counts = { asked: 0, cached: 0, failed: 0 }
  const judgeRow = async (i: number): Promise<void> => {
    const row = rows[i]
    for (const name of read) found[name][i] = row[name]
    const more = Object.fromEntries(Object.entries(columns).map(([key, name]) => [key, row[name]]))
    const messages = { system: form.system, prompt: form.prompt(row[column], more) }
    const key = hashValue({ ...messages, model })
    try {
      const kept = await cache.get(key)
      counts[kept === undefined ? 'asked' : 'cached']++
      const answer = kept ?? (await ask(messages))
      const { category, score, reasoning } = form.read(answer)
      if (kept === undefined) await cache.set(key, answer)
      found[as][i] = category
      found[`${as}_reasoning`][i] = reasoning
      if (typeof score === 'number') found[`${as}_score`][i] = score
      else for (const [name, value] of Object.entries(score ?? {})) found[`${as}_score_${name}`][i] = value
    } catch (error) {
      counts.failed++
      found[`${as}_error`][i] = error instanceof Error ? error.message : String(error)
    }
  }
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < rows.length) await judgeRow(next++)
  }
  await Promise.all(Array.from({ length: Math.min(parallel, rows.length) }, worker))
  const schema = rowSchema({
    ...Object.fromEntries(read.map((name) => [name, string()])),
    ...Object.fromEntries(added.map((name) => [name, string({ nullable: true })])),
    ...Object.fromEntries(scores.map((name) => [name, float({ nullable: true })])),
  })
  const known = await relationOf(found as never, { schema: schema as never })
  return { table: data.join(known as never, { on: read as never, kind: 'left' }) as never, ...counts }
}
