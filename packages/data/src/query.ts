import { stat } from 'node:fs/promises'
import { didYouMean, PodError, type Tensor } from '@mlpod/contract'
import type { ExprNode, Query, SelectQuery } from '@uwdata/mosaic-sql'
import { type ColumnData, readBatches, readColumns, readRows, typesOf } from './columns.ts'
import { type Engine, newTable, type SourceFile, type Sql, type Token } from './engine.ts'
import type { AnyRelation, Cell, Expression, OrderKey, Relation } from './relation.ts'
import { typeOf } from './sqlType.ts'

/** What a relation is made of. `tokens` keep the engine's tables alive, and name the files that are read as they stand. */
interface Parts {
  readonly engine: Engine
  readonly query: Query
  readonly columns: readonly string[]
  readonly order?: readonly OrderKey[]
  /** Columns of the query beside those of the relation: what it is ordered by and was not selected. */
  readonly hidden?: readonly string[]
  /** The query of some of the columns alone, where it is no longer than they are: wide tables cost their width in each statement. */
  readonly narrow?: (columns: readonly string[]) => Query
  readonly tokens: readonly (Token | SourceFile)[]
}

const tokensOf = new WeakMap<object, readonly (Token | SourceFile)[]>()

/** Throws `FILE_CHANGED` when a file that a relation reads is not what it was when the relation was made. */
export async function assertUnchanged(data: AnyRelation): Promise<void> {
  for (const token of tokensOf.get(data) ?? [])
    if ('file' in token) {
      const now = await stat(token.file).catch(() => undefined)
      if (now?.size !== token.size || now.mtimeMs !== token.changed)
        throw new PodError('FILE_CHANGED', `the file ${token.file} has changed since it was opened`, {
          at: token.file,
          hint: 'open it again: what was computed of it so far may be of two versions',
        })
    }
}

/** Gives a result if the files that it was read from have not changed meanwhile. */
const unchanged = async <T>(data: AnyRelation, read: Promise<T>): Promise<T> => {
  const result = await read
  await assertUnchanged(data)
  return result
}

/** Returns a relation over a query that yields these columns. */
export function relation<Row = Record<string, Cell>>({
  engine,
  query,
  columns,
  order,
  hidden = [],
  narrow,
  tokens,
}: Parts): Relation<Row> {
  const { sql } = engine
  const has = new Set(columns)
  const base = (): SelectQuery => sql.Query.from({ input: query })
  const make = <R>(
    next: Query,
    names: readonly string[] = columns,
    {
      order: kept = order,
      hidden: unseen = hidden,
      more = [],
    }: Pick<Parts, 'order' | 'hidden'> & { readonly more?: Parts['tokens'] } = {},
  ) =>
    relation<R>({
      engine,
      query: next,
      columns: names,
      order: kept?.every((key) => names.includes(nameOf(key)) || unseen.includes(nameOf(key))) ? kept : undefined,
      hidden: unseen,
      tokens: [...tokens, ...more],
    })
  /** Keeps some of the columns, and under names of their own those that the rows are ordered by. */
  const keep = <R>(names: readonly string[], added: Readonly<Record<string, ExprNode>> = {}): Relation<R> => {
    const stays = new Set(names)
    const renamed = new Map<string, string>()
    for (const key of order ?? []) {
      const name = nameOf(key)
      if (!has.has(name) || stays.has(name) || renamed.has(name)) continue
      let alias = `order ${hidden.length + renamed.size}`
      while (has.has(alias) || alias in added) alias = `${alias}'`
      renamed.set(name, alias)
    }
    const aliases = Object.fromEntries([...renamed].map(([name, alias]) => [alias, sql.column(name)]))
    return make(base().select(...refs([...names, ...hidden]), added, aliases), [...names, ...Object.keys(added)], {
      order: order?.map((key) => {
        const column = renamed.get(nameOf(key))
        return column === undefined ? key : typeof key === 'string' ? column : { ...key, column }
      }),
      hidden: [...hidden, ...renamed.values()],
    })
  }
  const known = (names: Iterable<string>): void => {
    for (const name of names) if (!has.has(name)) throw unknownColumn(name, columns)
  }
  const expression = (given: Expression): ExprNode => {
    const tree = typeof given === 'function' ? given(sql) : given
    const unknown = sql.collectColumns(tree).find(({ column }) => !has.has(column))
    if (unknown !== undefined) throw unknownColumn(unknown.column, columns, 'the relation', TEXT_HINT)
    return tree
  }
  const aliased = (given: Readonly<Record<string, Expression>>): Record<string, ExprNode> =>
    Object.fromEntries(Object.entries(given).map(([name, e]) => [name, expression(e)]))
  const refs = (names: readonly string[]) => names.map((name) => sql.column(name))
  const carried = [...columns, ...hidden]
  const inOrder = (names: readonly string[]): SelectQuery => {
    const whole = base().select(...refs(names))
    return order && order.length > 0 ? whole.orderby(...order.map((key) => orderNode(sql, key))) : whole
  }
  const ordered = (): SelectQuery => inOrder(columns)
  const names = <K extends string>(given: readonly K[]): readonly K[] => {
    known(given)
    return given.length > 0 ? given : (columns as readonly K[])
  }

  const self: Relation<Row> = {
    columns: columns as readonly (keyof Row & string)[],
    engine,
    get query() {
      return ordered()
    },
    get unordered() {
      return base().select(...refs(columns))
    },
    select(...given) {
      known(given)
      // without an order, which may be by other columns
      if (narrow === undefined || order !== undefined || given.length === 0) return keep(given)
      return relation({ engine, query: narrow(given), columns: given, narrow, tokens })
    },
    omit(...given) {
      known(given)
      return keep(columns.filter((name) => !(given as readonly string[]).includes(name)))
    },
    where: (condition) =>
      make(
        base()
          .select(...refs(carried))
          .where(expression(condition)),
      ),
    derive(given) {
      const added = aliased(given)
      return keep(
        columns.filter((name) => !(name in added)),
        added,
      )
    },
    orderBy(...keys) {
      known(keys.map(nameOf))
      return make(hidden.length === 0 ? query : base().select(...refs(columns)), columns, { order: keys, hidden: [] })
    },
    limit(n, { offset = 0 } = {}) {
      if (!(Number.isSafeInteger(n) && n >= 0 && Number.isSafeInteger(offset) && offset >= 0))
        throw new PodError('LIMIT_INVALID', `a limit of ${n} rows after ${offset} is not possible`)
      return make(inOrder(carried).limit(n).offset(offset))
    },
    join(other, { on, kind = 'inner' }) {
      known(on)
      for (const name of on)
        if (!(other.columns as readonly string[]).includes(name)) throw unknownColumn(name, other.columns)
      const added = (other.columns as readonly string[]).filter((name) => !(on as readonly string[]).includes(name))
      const clash = added.find((name) => has.has(name))
      const filtering = kind === 'semi' || kind === 'anti'
      if (clash !== undefined && !filtering)
        throw new PodError('COLUMN_TWICE', `both sides of the join have a column "${clash}"`, {
          hint: 'join on it too, or omit it on one side',
        })
      const joined = sql.join(new sql.FromClauseNode(query, 'left'), new sql.FromClauseNode(other.query, 'right'), {
        type: kind.toUpperCase() as 'INNER',
        using: refs(on),
      })
      const all = filtering ? columns : [...columns, ...added]
      const next = sql.Query.from(joined).select(...refs([...all, ...hidden]))
      return make(next, all, { more: tokensOf.get(other) ?? [] })
    },
    groupBy(keys, given) {
      known(keys)
      const added = aliased(given)
      const grouped = base().select(...refs(keys), added)
      const next = keys.length > 0 ? grouped.groupby(...refs(keys)) : grouped
      return make(next, [...keys, ...Object.keys(added)], { order: keys, hidden: [] })
    },
    concat(other) {
      const theirs = other.columns as readonly string[]
      const missing = columns.find((name) => !theirs.includes(name))
      if (missing !== undefined) throw unknownColumn(missing, theirs)
      const surplus = theirs.find((name) => !has.has(name))
      if (surplus !== undefined) throw unknownColumn(surplus, columns)
      const second = sql.Query.from({ input: other.query }).select(...refs(columns))
      return make(sql.Query.unionAll(base().select(...refs(columns)), second), columns, {
        order: [],
        hidden: [],
        more: tokensOf.get(other) ?? [],
      })
    },
    distinct: () =>
      make(
        base()
          .select(...refs(columns))
          .distinct(),
        columns,
        // what tells equal rows apart is gone
        hidden.length > 0 ? { order: [], hidden: [] } : {},
      ),
    async count() {
      const [row] = await unchanged(self, engine.read(String(base().select({ n: sql.count() }))))
      return Number(row.n)
    },
    // awaited here: while a query goes on, this function holds the tokens of its tables
    rows: async () => await unchanged(self, readRows<Row>(engine, String(ordered()))),
    toColumns: async (...given) => await unchanged(self, readColumns(engine, String(ordered()), names(given))),
    async tensors(...given) {
      const data = await unchanged(self, readColumns(engine, String(ordered()), names(given)))
      return Object.fromEntries(
        Object.entries<ColumnData>(data).map(([name, column]) => [name, toTensor(column)]),
      ) as never
    },
    batches: () => readBatches(engine, String(ordered()), columns as readonly (keyof Row & string)[], tokens),
    async describe() {
      const types = await typesOf(engine, String(base().select(...refs(columns))))
      return columns.map((name, i) => ({ name, sqlType: types[i][1], type: typeOf(types[i][1]) }))
    },
    async materialize() {
      const token = newTable()
      await unchanged(self, engine.run(`CREATE TABLE "${token.table}" AS ${ordered()}`))
      // its rows lie in order; keys that it has are told, for what is made of it
      return fromTable(engine, token, columns, hidden.length > 0 ? undefined : order)
    },
    toSQL: () => String(ordered()),
  }
  tokensOf.set(self, tokens)
  return self
}

/** Returns the same relation with rows of any cells. */
export const untyped = (data: AnyRelation): Relation => data as Relation

/** Returns the relation of a table of the engine. */
export function fromTable<Row>(
  engine: Engine,
  token: Token,
  columns: readonly string[],
  order?: readonly OrderKey[],
): Relation<Row> {
  const narrow = (names: readonly string[]): Query =>
    engine.sql.Query.from(engine.sql.asTableRef(token.table)!).select(...names.map((name) => engine.sql.column(name)))
  return relation<Row>({ engine, query: narrow(columns), columns, order, narrow, tokens: [token] })
}

const nameOf = (key: OrderKey): string => (typeof key === 'string' ? key : key.column)

const orderNode = (sql: Sql, key: OrderKey): ExprNode => {
  const direction = typeof key === 'string' ? sql.asc : sql.desc
  return direction(sql.column(nameOf(key)), false)
}

/** Returns the error for a column that is not there. */
export const unknownColumn = (
  name: string,
  columns: readonly string[],
  where = 'the relation',
  hint?: string,
): PodError => new PodError('COLUMN_UNKNOWN', `${where} has no column "${name}"${didYouMean(name, columns)}`, { hint })

const TEXT_HINT = 'in an expression a text alone names a column: a value is literal("text")'

const toTensor = (column: ColumnData): Tensor<'float32'> | Tensor<'string'> =>
  column.kind === 'number'
    ? { dtype: 'float32', shape: [column.data.length, 1], data: Float32Array.from(column.data) }
    : { dtype: 'string', shape: [column.data.length, 1], data: column.data }
