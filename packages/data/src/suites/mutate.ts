import type { ExprNode } from '@uwdata/mosaic-sql'
import type { Sql } from '../engine.ts'
import { untyped } from '../query.ts'
import type { AnyRelation, ColumnInfo, Relation } from '../relation.ts'
import type { RunOptions, Suite } from './suite.ts'

/** A way in which tables go wrong: an entry of the table of mutations. */
interface Mutation {
  readonly about: string
  readonly fits: (info: ColumnInfo) => boolean
  /** The column as it goes wrong; `some` is true for every tenth row. */
  readonly wrong?: (sql: Sql, value: ExprNode, some: ExprNode) => ExprNode
}

const isNumber = ({ type }: ColumnInfo): boolean => type === 'int' || type === 'float'
const isText = ({ type }: ColumnInfo): boolean => type === 'string'
const isTime = ({ type }: ColumnInfo): boolean => type === 'timestamp' || type === 'date'
const call = (sql: Sql, name: string, ...given: ExprNode[]): ExprNode => new sql.FunctionNode(name, given)

/** What goes wrong with single columns. */
const mutations = {
  nulls: {
    about: 'every tenth value is missing',
    fits: () => true,
    wrong: (sql, value, some) => sql.cond(sql.not(some), value) as ExprNode,
  },
  allNull: { about: 'all values are missing', fits: () => true, wrong: (sql) => sql.literal(null) },
  unit: {
    about: 'another unit: 1,000 times as much',
    fits: isNumber,
    wrong: (sql, value) => sql.mul(value, sql.literal(1000)),
  },
  percent: {
    about: 'another unit: a hundredth',
    fits: isNumber,
    wrong: (sql, value) => sql.div(value, sql.literal(100)),
  },
  sign: {
    about: 'every tenth value has the other sign',
    fits: isNumber,
    wrong: (sql, value, some) => sql.cond(some, sql.mul(value, sql.literal(-1)), value) as ExprNode,
  },
  outlier: {
    about: 'every tenth value is 999999',
    fits: isNumber,
    wrong: (sql, value, some) => sql.cond(some, sql.literal(999_999), value) as ExprNode,
  },
  constant: {
    about: 'the first value everywhere',
    fits: () => true,
    wrong: (sql, value) => sql.first_value(value) as unknown as ExprNode,
  },
  case: { about: 'small letters', fits: isText, wrong: (sql, value) => call(sql, 'lower', value) },
  blank: {
    about: 'a blank behind every tenth text',
    fits: isText,
    wrong: (sql, value, some) => sql.cond(some, call(sql, 'concat', value, sql.literal(' ')), value) as ExprNode,
  },
  strange: {
    about: 'every tenth text is unknown',
    fits: isText,
    wrong: (sql, value, some) => sql.cond(some, sql.literal('???'), value) as ExprNode,
  },
  zone: {
    about: 'moments of another time zone, 5.5 hours later',
    fits: ({ type }) => type === 'timestamp',
    wrong: (sql, value) => sql.add(value, sql.verbatim("INTERVAL '5 hours 30 minutes'")),
  },
  century: {
    about: 'a hundred years earlier',
    fits: isTime,
    wrong: (sql, value) => sql.sub(value, sql.verbatim("INTERVAL '100 years'")),
  },
} as const satisfies Readonly<Record<string, Mutation>>

/** The name of a mutation. */
export type MutationName = keyof typeof mutations | 'swapped' | 'duplicates' | 'lost' | 'dropped'

/** What a suite did not notice, or what it did. */
export interface Mutant {
  readonly mutation: MutationName
  readonly about: string
  readonly columns: readonly string[]
  /** Expectations that held before and do not now; empty for a mutant that survived. */
  readonly killedBy: readonly string[]
}

/** How well a suite notices what goes wrong. */
export interface MutationReport {
  readonly mutants: number
  readonly killed: number
  /** killed / mutants; null where nothing could go wrong. */
  readonly killRate: number | null
  /** What nobody would have noticed: it tells which expectations are missing. */
  readonly survived: readonly Mutant[]
  readonly noticed: readonly Mutant[]
}

/**
 * Tests a suite by tables that went wrong: each column by each mutation, columns swapped with their neighbours of the same type, rows twice, rows
 * lost, columns lost. A mutant is killed when an expectation fails (or cannot be tried) that holds for the table as it is. One scan a mutant.
 */
export async function mutationTest(
  suite: Suite,
  data: AnyRelation,
  options: Pick<RunOptions, 'parameters' | 'tables' | 'now'> = {},
): Promise<MutationReport> {
  const table = await untyped(data).materialize()
  const holding = async (mutant: AnyRelation): Promise<ReadonlySet<number>> => {
    const { results } = await suite.run(mutant, { ...options, format: 'boolean' })
    return new Set(results.flatMap(({ status }, i) => (status === 'pass' ? [i] : [])))
  }
  const before = await holding(table)
  const sentences = (await suite.run(table, { ...options, format: 'boolean' })).results.map(({ sentence }) => sentence)
  const all: Mutant[] = []
  for await (const { mutation, about, columns, mutant } of mutants(table)) {
    const after = await holding(mutant)
    all.push({ mutation, about, columns, killedBy: [...before].filter((i) => !after.has(i)).map((i) => sentences[i]) })
  }
  const noticed = all.filter(({ killedBy }) => killedBy.length > 0)
  return {
    mutants: all.length,
    killed: noticed.length,
    killRate: all.length === 0 ? null : noticed.length / all.length,
    survived: all.filter(({ killedBy }) => killedBy.length === 0),
    noticed,
  }
}

type Made = Omit<Mutant, 'killedBy'> & { readonly mutant: AnyRelation }

async function* mutants(table: Relation): AsyncGenerator<Made> {
  const infos = await table.describe()
  const names = table.columns
  const { sql } = table.engine
  const some = sql.eq(sql.mod(sql.row_number() as unknown as ExprNode, sql.literal(10)), sql.literal(0))
  const replaced = (columns: Readonly<Record<string, ExprNode>>): AnyRelation => table.derive(columns).select(...names)
  for (const info of infos)
    for (const [mutation, { about, fits, wrong }] of Object.entries<Mutation>(mutations))
      if (fits(info)) {
        const made = sql.cast(wrong!(sql, sql.column(info.name), some), info.sqlType)
        yield {
          mutation: mutation as MutationName,
          about,
          columns: [info.name],
          mutant: replaced({ [info.name]: made }),
        }
      }
  for (const [i, a] of infos.entries()) {
    const b = infos.slice(i + 1).find(({ sqlType }) => sqlType === a.sqlType)
    if (b)
      yield {
        mutation: 'swapped',
        about: 'two columns in the place of each other',
        columns: [a.name, b.name],
        mutant: replaced({ [a.name]: sql.column(b.name), [b.name]: sql.column(a.name) }),
      }
    if (infos.length > 1)
      yield {
        mutation: 'dropped',
        about: 'the column is gone',
        columns: [a.name],
        mutant: table.omit(a.name) as unknown as AnyRelation,
      }
  }
  const n = await table.count()
  if (n < 2) return
  yield {
    mutation: 'duplicates',
    about: 'every tenth row twice',
    columns: [],
    mutant: table.concat(table.limit(Math.ceil(n / 10))),
  }
  yield { mutation: 'lost', about: 'half of the rows are gone', columns: [], mutant: table.limit(Math.floor(n / 2)) }
}
