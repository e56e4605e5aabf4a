import { PodError } from '@mlpod/contract'
import type { ExprNode } from '@uwdata/mosaic-sql'
import { countIf, openEngine } from '../engine.ts'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, ColumnInfo, Relation } from '../relation.ts'
import type {
  AggregateEntry,
  Context,
  Expectation,
  ExpectationResult,
  MapEntry,
  UniqueEntry,
  ValueOfColumn,
} from './expectation.ts'
import { entries } from './index.ts'
import { misfit } from './misfit.ts'
import { repeated, sampleOf } from './sample.ts'

type Reading = Omit<Prepared, 'failed'>

/** One expectation made ready: what it reads from the single scan, and how its result is made of that. */
interface Prepared {
  readonly aggregates: Readonly<Record<string, ExprNode>>
  finish(values: Readonly<Record<string, unknown>>): Promise<ExpectationResult>
  /** The result where it could not be tried. */
  failed(message: string): ExpectationResult
}

/**
 * Tries expectations on a relation: ONE scan for all of them whatever their number; further statements only for failed
 * ones, which fetch the first `samples` unexpected values and count repeated rows. A column that is not there, or of a
 * type that the expectation does not fit, or a number that SQL cannot compute gives the status `error` to that one.
 * Throws `EXPECTATION_INVALID` for parameters that no table could fulfil, before anything is read.
 */
export async function expectations<Row>(
  data: Relation<Row>,
  list: readonly Expectation<keyof Row & string>[],
  { samples = 20 }: { readonly samples?: number } = {},
): Promise<ExpectationResult[]> {
  list.forEach(checkExpectation)
  const found = new Map((await data.describe()).map((info) => [info.name, info]))
  const prepared = await Promise.all(list.map((expectation) => prepare(data, expectation, found, samples)))
  const { engine } = data
  const { sql } = engine
  const select: Record<string, ExprNode> = { rows: sql.count() }
  prepared.forEach(({ aggregates }, i) => {
    for (const [name, expression] of Object.entries(aggregates)) select[`${i}_${name}`] = expression
  })
  const scan = async (columns: Record<string, ExprNode>) =>
    (await engine.read(String(sql.Query.from({ input: data.query }).select(columns))))[0]
  // one that SQL cannot compute (a variance that overflows) must not stop the others: then each is tried alone
  const row = await scan(select).catch(() => undefined)
  const results: ExpectationResult[] = []
  for (const [i, { aggregates, finish, failed }] of prepared.entries()) {
    const names = Object.keys(aggregates)
    try {
      const values = row
        ? Object.fromEntries(names.map((name) => [name, row[`${i}_${name}`]]))
        : await scan({ rows: sql.count(), ...aggregates })
      results.push(await finish(values))
    } catch (error) {
      if (!(error instanceof PodError && error.code === 'SQL_FAILED')) throw error
      results.push(failed(error.message))
    }
  }
  return results
}

/** Throws `EXPECTATION_INVALID` when the parameters of an expectation make no sense. */
export function checkExpectation(expectation: Expectation): void {
  const entry = entries[expectation.type]
  if (!entry)
    throw new PodError('EXPECTATION_INVALID', `there is no expectation "${expectation.type}"`, {
      hint: `there are ${Object.keys(entries).join(', ')}`,
    })
  const mostly = 'mostly' in expectation ? expectation.mostly : undefined
  const wrong =
    ('columns' in expectation && expectation.columns.length === 0 ? 'it names no column' : undefined) ??
    entry.refuse?.(expectation) ??
    (mostly !== undefined && !(mostly >= 0 && mostly <= 1) ? `mostly is ${mostly} and not between 0 and 1` : undefined)
  if (wrong !== undefined)
    throw new PodError('EXPECTATION_INVALID', `the expectation that ${entry.sentence(expectation)}: ${wrong}`)
}

async function prepare(
  data: AnyRelation,
  expectation: Expectation,
  found: ReadonlyMap<string, ColumnInfo>,
  samples: number,
): Promise<Prepared> {
  const { sql } = await openEngine()
  const entry = entries[expectation.type]
  const names = entry.columns(expectation)
  const { where, severity = 'critical' } = expectation
  const base = {
    type: expectation.type,
    sentence: entry.sentence(expectation),
    columns: names,
    severity,
    elements: 0,
    missing: 0,
    unexpected: 0,
    unexpectedShare: null,
    observed: null,
    vacuous: false,
    sample: [],
  } as const
  const failed = (message: string): ExpectationResult => ({ ...base, status: 'error', message })
  const problem = misfit(expectation, names, found, entry.fits)
  if (problem !== undefined) return { aggregates: {}, finish: async () => failed(problem), failed }

  const condition = where === undefined ? undefined : conditionOf(data, where)
  const columns = names.map((name): ValueOfColumn => {
    const value = sql.column(name)
    const type = found.get(name)?.type ?? 'string'
    const absent = type === 'float' ? sql.or(sql.isNull(value), sql.isNaN(value)) : sql.isNull(value)
    return { value, type, missing: condition ? sql.or(absent, sql.not(condition)) : absent }
  })
  const counted = (...filters: readonly ExprNode[]): ExprNode => {
    const conditions = condition ? [condition, ...filters] : filters
    return conditions.length === 0 ? sql.count() : countIf(sql, sql.and(...conditions))
  }
  const context: Context = { sql, columns, rows: counted() }
  const mostly = ('mostly' in expectation ? expectation.mostly : undefined) ?? 1
  const verdict = (elements: number, missing: number, unexpected: number) => {
    const looked = elements - missing
    return {
      elements,
      missing,
      unexpected,
      unexpectedShare: looked === 0 ? null : unexpected / looked,
      vacuous: looked === 0,
      status: looked === 0 || (looked - unexpected) / looked >= mostly ? ('pass' as const) : ('fail' as const),
    }
  }

  const kinds = {
    map({ ignored, unexpected }: MapEntry<Expectation>): Reading {
      const skipped = ignored?.(context) ?? columns[0].missing
      const bad = sql.and(sql.not(skipped), unexpected(context, expectation))
      return {
        aggregates: { elements: context.rows, missing: counted(skipped), unexpected: counted(bad) },
        async finish({ elements, missing, unexpected: count }) {
          const result = verdict(Number(elements), Number(missing), Number(count))
          const failing = condition ? sql.and(condition, bad) : bad
          const sample = result.status === 'fail' ? await sampleOf(data, failing, names, samples) : []
          return { ...base, ...result, sample }
        },
      }
    },
    unique(_: UniqueEntry<Expectation>): Reading {
      const skipped = sql.and(...columns.map((c) => c.missing))
      const value =
        columns.length === 1
          ? sql.cond(sql.not(skipped), columns[0].value)
          : sql.cond(
              sql.not(skipped),
              new sql.FunctionNode(
                'row',
                columns.map((c) => c.value),
              ),
            )
      return {
        aggregates: { elements: context.rows, missing: counted(skipped), distinct: sql.count(value).distinct() },
        async finish({ elements, missing, distinct }) {
          const looked = Number(elements) - Number(missing)
          if (looked === Number(distinct)) return { ...base, ...verdict(Number(elements), Number(missing), 0) }
          const kept = condition ? sql.and(condition, sql.not(skipped)) : sql.not(skipped)
          const { count, sample } = await repeated(data, kept, names, samples)
          const result = verdict(Number(elements), Number(missing), count)
          return { ...base, ...result, sample: result.status === 'fail' ? sample : [] }
        },
      }
    },
    aggregate({ observe, holds }: AggregateEntry<Expectation>): Reading {
      return {
        aggregates: { elements: context.rows, observed: observe(context, expectation) },
        async finish({ elements, observed }) {
          const value = observed === null ? null : Number(observed)
          const status = value !== null && holds(value, expectation) ? 'pass' : 'fail'
          return { ...base, elements: Number(elements), observed: value, status }
        },
      }
    },
  }
  return { ...kinds[entry.kind](entry as never), failed }
}

/** A row condition as a tree whose columns exist; missing counts as false. */
function conditionOf(data: AnyRelation, where: NonNullable<Expectation['where']>): ExprNode {
  const { sql } = data.engine
  const tree = typeof where === 'function' ? where(sql) : where
  for (const { column } of sql.collectColumns(tree))
    if (!data.columns.includes(column)) throw unknownColumn(column, data.columns)
  return sql.coalesce(tree, sql.literal(false))
}
