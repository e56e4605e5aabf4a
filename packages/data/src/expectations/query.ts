import type { Json } from '@mlpod/contract'
import { readRows } from '../columns.ts'
import { type Engine, identifier, openEngine, quoted } from '../engine.ts'
import type { AnyRelation } from '../relation.ts'
import type { Of } from './expectation.ts'
import type { Context, Entry, Plan } from './plan.ts'
import { otherTable } from './table.ts'

/** Rows that are shown of what a query yields. */
const SHOWN = 20

/** The name that the table looked at has in a query. */
const BATCH = '{batch}'

/** Tables that are made of values alone. */
const FUNCTIONS = new Set(['unnest', 'range', 'generate_series'])

/**
 * Returns what is wrong with a query: it must be one SELECT from `{batch}` (and its own common tables), which reads no file and calls
 * no other table. It is parsed by the engine, never run.
 */
export async function refuseQuery(query: string): Promise<string | undefined> {
  if (!query.includes(BATCH)) return `its query does not read ${BATCH}`
  const engine = await openEngine()
  const text = withNames(query)
  const [row] = await engine.read(`SELECT CAST(json_serialize_sql(${quoted(text)}) AS VARCHAR) AS tree`)
  const tree = JSON.parse(String(row.tree)) as { error: boolean; error_message?: string; statements?: unknown[] }
  if (tree.error) return `its query is no SELECT: ${tree.error_message}`
  if (tree.statements?.length !== 1) return `its query has ${tree.statements?.length} statements and not one`
  const commons = new Set<string>([BATCH])
  const wrong: string[] = []
  walk(tree.statements[0], (node) => {
    const { map } = (node.cte_map ?? {}) as { map?: readonly { key: string }[] }
    for (const { key } of map ?? []) commons.add(key)
  })
  walk(tree.statements[0], (node) => {
    if (
      node.type === 'BASE_TABLE' &&
      !(commons.has(String(node.table_name)) && !node.schema_name && !node.catalog_name)
    )
      wrong.push(`reads the table "${node.table_name}"`)
    if (node.type === 'TABLE_FUNCTION') {
      const name = String((node.function as { function_name?: string })?.function_name ?? '').toLowerCase()
      if (!FUNCTIONS.has(name)) wrong.push(`calls ${name || 'a table function'}`)
    }
    if (node.type === 'SHOW_REF') wrong.push('shows what the engine holds')
    if (node.class === 'FUNCTION' && /^(getenv|current_setting|getvariable)$/i.test(String(node.function_name)))
      wrong.push(`calls ${node.function_name}`)
  })
  return wrong.length === 0 ? undefined : `its query ${wrong[0]}, and may read ${BATCH} alone`
}

type Node = Readonly<Record<string, unknown>>

function walk(value: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) walk(item, visit)
  else if (typeof value === 'object' && value !== null) {
    visit(value as Node)
    for (const item of Object.values(value)) walk(item, visit)
  }
}

const withNames = (query: string): string => query.trim().replace(/;\s*$/, '').replaceAll(BATCH, identifier(BATCH))

/** SQL of a query over a table, which it knows by the name `{batch}`. */
const over = (data: AnyRelation, query: string): string =>
  `(WITH ${identifier(BATCH)} AS (${data.query}) SELECT * FROM (${withNames(query)}))`

/** The rows looked at. */
const batch = ({ data, sql, condition }: Context): AnyRelation =>
  condition === undefined
    ? data
    : {
        ...data,
        query: sql.Query.from({ input: data.query })
          .select(...data.columns.map((name) => sql.column(name)))
          .where(condition),
      }

const countOf = async (engine: Engine, from: string): Promise<number> =>
  Number((await engine.read(`SELECT count(*) AS n FROM ${from}`))[0].n)
const head = async (engine: Engine, query: string): Promise<Record<string, Json>[]> =>
  readRows<Record<string, Json>>(engine, `${query} LIMIT ${SHOWN}`)

/** Expectations that the author of a suite writes in SQL. */
export const queryEntries = {
  unexpectedRows: {
    fits: 'any',
    columns: () => [],
    sentence: ({ description, query }: Of<'unexpectedRows'>) => description ?? `no row is found by ${query}`,
    plan(context, { query }): Plan {
      const { engine } = context.data
      return {
        needs: [],
        async finish() {
          const from = over(batch(context), query)
          const n = await countOf(engine, from)
          const sample = n === 0 ? [] : await head(engine, `SELECT * FROM ${from}`)
          return {
            by: 'whole',
            holds: n === 0,
            observed: n,
            unexpected: n,
            sample,
            details: { unexpected_rows: sample },
          }
        },
      }
    },
  } satisfies Entry<Of<'unexpectedRows'>>,
  queryMatches: {
    fits: 'any',
    columns: () => [],
    sentence: ({ query, source }: Of<'queryMatches'>) => `${query} yields the same rows as the query of ${source}`,
    plan(context, { query, source, comparison, mostly = 1 }): Plan {
      const { engine } = context.data
      const other = otherTable(context, source)
      return {
        needs: [],
        async finish() {
          const [ours, theirs] = [over(batch(context), query), over(other, comparison)]
          // rows are compared by place and with their number, whatever the columns are called
          const [n, m] = [await countOf(engine, ours), await countOf(engine, theirs)]
          const matched = await countOf(engine, `(SELECT * FROM ${ours} INTERSECT ALL SELECT * FROM ${theirs})`)
          const most = Math.max(n, m)
          const share = most === 0 ? 1 : matched / most
          const beyond = (a: string, b: string) =>
            head(engine, `SELECT * FROM (SELECT * FROM ${a} EXCEPT ALL SELECT * FROM ${b})`)
          const [missing, unexpected] =
            matched === most ? [[], []] : [await beyond(theirs, ours), await beyond(ours, theirs)]
          return {
            by: 'whole',
            elements: n,
            holds: share >= mostly,
            observed: { rows: n, comparison: m, matched },
            unexpected: most - matched,
            sample: unexpected,
            details: { unexpected_percent: 100 * (1 - share), missing_rows: missing, unexpected_rows: unexpected },
          }
        },
      }
    },
  } satisfies Entry<Of<'queryMatches'>>,
} as const

/** Returns what is wrong with the queries of an expectation. */
export async function refuseQueries(expectation: {
  readonly type: string
  readonly query?: unknown
  readonly comparison?: unknown
}) {
  for (const text of [expectation.query, expectation.comparison])
    if (text !== undefined) {
      const wrong = typeof text === 'string' ? await refuseQuery(text) : 'its query is no text'
      if (wrong !== undefined) return wrong
    }
  return undefined
}
