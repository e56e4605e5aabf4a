import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Aggregate } from '../aggregates/index.ts'
import type { Expectation } from '../expectations/expectation.ts'
import type { Plan } from '../expectations/plan.ts'
import { checkExpectation, planOf } from '../expectations/run.ts'
import type { AnyRelation } from '../relation.ts'

/** A statement that a suite asks of a table. */
export interface ExplainedStatement {
  /**
   * `scan`: counts and sums of all expectations together; `order`: sorted values at some places, for all together; `counts`: how often each
   * value of some columns occurs; `numbers`: a column as it is.
   */
  readonly kind: 'scan' | 'order' | 'counts' | 'numbers'
  readonly sql: string
  /** The expectations that it serves, by their places in the suite. */
  readonly serves: readonly number[]
}

/** What a suite asks of a table. */
export interface Explanation {
  /** Passes over the table before any expectation failed. */
  readonly scans: number
  readonly statements: readonly ExplainedStatement[]
  /** Aggregates that several expectations share, with the places of those. */
  readonly shared: readonly { readonly aggregate: string; readonly serves: readonly number[] }[]
  /** Expectations that ask for more when that is known (a bound found first, repeated rows counted), by their places. */
  readonly later: readonly number[]
  /** Expectations that are answered without reading a row. */
  readonly free: readonly number[]
  /** Expectations that cannot be tried on this table, and why. */
  readonly unfit: readonly { readonly place: number; readonly message: string }[]
}

const LATER = new Set([
  'increasing',
  'decreasing',
  'unique',
  'compoundUnique',
  'zScoreLess',
  'notOutliers',
  'rowCountEqualOther',
])
const ALONE = new Set(['unexpectedRows', 'queryMatches'])

/** Returns what a list of expectations asks of a table, without reading a row of it. */
export async function explain(
  data: AnyRelation,
  list: readonly Expectation[],
  tables: Readonly<Record<string, AnyRelation>> = {},
): Promise<Explanation> {
  list.forEach(checkExpectation)
  const { sql } = data.engine
  const found = new Map((await data.describe()).map((info) => [info.name, info]))
  const unfit: { place: number; message: string }[] = []
  const plans = list.map((expectation, place): Plan | undefined => {
    try {
      return planOf({ data, sql, found, tables }, expectation)
    } catch (error) {
      unfit.push({ place, message: (error as Error).message })
      return undefined
    }
  })
  const wishes = new Map<string, { readonly aggregate: Aggregate; readonly serves: number[] }>()
  plans.forEach((plan, place) => {
    for (const aggregate of plan?.needs ?? []) {
      const key = textOf(aggregate)
      const known = wishes.get(key)
      if (known) known.serves.push(place)
      else wishes.set(key, { aggregate, serves: [place] })
    }
  })
  const of = (...passes: readonly Aggregate['pass'][]) =>
    [...wishes].filter(([, { aggregate }]) => passes.includes(aggregate.pass))
  const select = (columns: readonly ExprNode[]): string =>
    String(
      sql.Query.from({ input: data.query }).select(Object.fromEntries(columns.map((column, i) => [`a${i}`, column]))),
    )
  const statements: ExplainedStatement[] = []
  const scan = of('scan', 'bins')
  const ranks = of('ranks')
  if (scan.length + ranks.length > 0)
    statements.push({
      kind: 'scan',
      sql: select([
        ...scan.flatMap(([, { aggregate }]) => (aggregate.pass === 'scan' ? [aggregate.expression] : [])),
        ...ranks.flatMap(([, { aggregate }]) =>
          aggregate.pass === 'ranks' ? [sql.count(aggregate.value) as ExprNode] : [],
        ),
      ]),
      serves: placesOf([...scan, ...ranks]),
    })
  if (ranks.length > 0)
    statements.push({
      kind: 'order',
      sql: select(
        ranks.flatMap(([, { aggregate }]) =>
          aggregate.pass === 'ranks'
            ? [new sql.AggregateNode('quantile_disc', [aggregate.value, sql.verbatim('[...]')]) as ExprNode]
            : [],
        ),
      ),
      serves: placesOf(ranks),
    })
  for (const [key, { aggregate, serves }] of of('counts', 'numbers'))
    statements.push({ kind: aggregate.pass as 'counts' | 'numbers', sql: key, serves: [...new Set(serves)] })
  return {
    scans: statements.length,
    statements,
    shared: [...wishes]
      .filter(([, { serves }]) => new Set(serves).size > 1)
      .map(([aggregate, { serves }]) => ({ aggregate, serves: [...new Set(serves)] })),
    later: list.flatMap(({ type }, place) => (LATER.has(type) || ALONE.has(type) ? [place] : [])),
    free: plans.flatMap((plan, place) =>
      plan && plan.needs.length === 0 && !ALONE.has(list[place].type) ? [place] : [],
    ),
    unfit,
  }
}

const placesOf = (wishes: readonly (readonly [string, { readonly serves: readonly number[] }])[]): number[] =>
  [...new Set(wishes.flatMap(([, { serves }]) => serves))].sort((a, b) => a - b)

function textOf(aggregate: Aggregate): string {
  if (aggregate.pass === 'scan') return String(aggregate.expression)
  if (aggregate.pass === 'counts')
    return `SELECT ${aggregate.values.join(', ')}, count(*) ${aggregate.where ? `WHERE ${aggregate.where} ` : ''}GROUP BY ALL`
  if (aggregate.pass === 'ranks') return `places of ${aggregate.value} (${aggregate.says})`
  return aggregate.pass === 'bins' ? `bins of ${aggregate.value} at ${aggregate.edges}` : `SELECT ${aggregate.value}`
}
