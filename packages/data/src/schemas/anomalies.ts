import type { ExprNode } from '@uwdata/mosaic-sql'
import { type Aggregate, collect, scalar, valueCounts } from '../aggregates/index.ts'
import { checkSchema, type Violation } from '../checkSchema.ts'
import { isoText } from '../columns.ts'
import { countIf } from '../engine.ts'
import { untyped } from '../query.ts'
import type { AnyRelation, Cell, ColumnInfo } from '../relation.ts'
import type { RuleName } from '../rules.ts'
import { type Column, type RowSchema, type StandardRowSchema, schemaOf } from '../schema.ts'
import { schemaIn } from './environment.ts'
import { inferSchema } from './infer.ts'

/** Something in a table that its schema does not allow, and the least change of the schema that would allow it. */
export interface SchemaAnomaly extends Omit<Violation, 'rule'> {
  readonly rule: RuleName | 'missing'
  /** Share of the rows. */
  readonly share: number
  /** The column as it would have to be; null: the column would have to go, or nothing in one column helps. */
  readonly proposal: Column | null
}

/** What is to be known of a column for a proposal. */
type Proposal = (column: Column, seen: Seen) => Partial<Column>
interface Seen {
  readonly min: Cell
  readonly max: Cell
  /** How many values are NaN. */
  readonly nan: number
  readonly minLength: number
  readonly maxLength: number
  readonly values: readonly Cell[]
}

/** NaN is within no limits, and none can be infinite. */
const NO_LIMITS = { min: undefined, max: undefined, above: undefined, below: undefined, multipleOf: undefined }
const limit = (seen: Cell, nan: number): number | string | undefined =>
  nan > 0 || seen === null || seen === Infinity || seen === -Infinity ? undefined : (seen as number | string)

/** The least change for each rule; undefined takes the word out. */
const proposals: { readonly [R in RuleName]?: Proposal } = {
  nullable: () => ({ nullable: true }),
  finite: (_, { nan }) => ({ finite: false, ...(nan > 0 && NO_LIMITS) }),
  min: (_, { min, nan }) => ({ min: limit(min, nan) }),
  max: (_, { max, nan }) => ({ max: limit(max, nan) }),
  above: ({ min }, { min: least, nan }) => ({ above: undefined, min: limit(min ?? least, nan) }),
  below: ({ max }, { max: most, nan }) => ({ below: undefined, max: limit(max ?? most, nan) }),
  multipleOf: () => ({ multipleOf: undefined }),
  values: ({ values = [] }, seen) => ({ values: [...new Set([...values, ...(seen.values as string[])])] }),
  length: ({ minLength, maxLength }, seen) => ({
    ...(minLength !== undefined && { minLength: Math.min(minLength, seen.minLength) }),
    ...(maxLength !== undefined && { maxLength: Math.max(maxLength, seen.maxLength) }),
  }),
  pattern: () => ({ pattern: undefined }),
  unique: () => ({ unique: undefined }),
}

/**
 * Checks a table against its schema in an environment and proposes, for each thing that is not allowed, the least change of
 * the schema that allows it; `relaxed` is the schema with all of them, which the table fulfils. Columns of another type, missing and
 * surplus ones take part; a column that is new is proposed as `inferSchema` sees it.
 * Source: TensorFlow Data Validation 1.16.1, anomalies and their suggested changes.
 */
export async function schemaAnomalies(
  data: AnyRelation,
  schema: RowSchema,
  { environment, samples = 3 }: { readonly environment?: string; readonly samples?: number } = {},
): Promise<{
  readonly anomalies: readonly SchemaAnomaly[]
  readonly relaxed: StandardRowSchema<Record<string, unknown>>
}> {
  const expected: RowSchema = environment === undefined ? schema : schemaIn(schema, environment)
  const found = new Map((await data.describe()).map((info) => [info.name, info]))
  const absent = Object.keys(expected.columns).filter((name) => !found.has(name))
  const present = Object.fromEntries(Object.entries(expected.columns).filter(([name]) => found.has(name)))
  const sets = (expected.unique ?? []).filter((names) => names.every((name) => Object.hasOwn(present, name)))
  const { rows, violations } =
    Object.keys(present).length === 0
      ? { rows: 0, violations: [] }
      : await checkSchema(data, { ...expected, columns: present, unique: sets }, { samples })
  const anew = violations.filter(({ rule }) => rule === 'extra' || rule === 'type').map(({ column }) => column)
  const inferred = anew.length > 0 ? (await inferSchema(untyped(data).select(...anew))).schema.columns : {}
  const seen = await lookAt(data, present, violations, found)

  const columns: Record<string, Column> = { ...schema.columns }
  let unique = schema.unique ?? []
  let ordered = schema.ordered
  const told = violations.map((violation): SchemaAnomaly => {
    const { column, rule, count } = violation
    const share = rows === 0 || rule === 'type' || rule === 'extra' || rule === 'ordered' ? 1 : count / rows
    const base = columns[column]
    if (rule === 'ordered') ordered = undefined
    else if (rule === 'unique' && base === undefined) unique = unique.filter((names) => names.join(', ') !== column)
    else if (rule === 'type' || rule === 'extra') {
      const proposed = inferred[column]
      if (proposed !== undefined) {
        const { role, description, absentIn } = base ?? {}
        columns[column] = stated({ ...proposed, role: role ?? proposed.role, description, absentIn })
      } else delete columns[column]
    } else columns[column] = stated({ ...base, ...proposals[rule]!(base, seen.get(column)!) })
    return { ...violation, share, proposal: columns[column] ?? null }
  })
  const missing = absent.map((column): SchemaAnomaly => {
    const { absentIn = [], ...rest } = columns[column]
    const proposal = environment === undefined ? null : { ...rest, absentIn: [...absentIn, environment] }
    if (proposal) columns[column] = proposal
    else delete columns[column]
    return { column, rule: 'missing', sentence: 'not there', count: rows, share: 1, first: [], proposal }
  })
  const { unique: _, ordered: __, columns: ___, ...options } = schema
  unique = unique.filter((names) => names.every((name) => Object.hasOwn(columns, name)))
  const relaxed = { ...options, ...(unique.length > 0 && { unique }), ...(ordered && { ordered }) }
  return { anomalies: [...missing, ...told], relaxed: schemaOf(columns, relaxed) }
}

const stated = (column: Column): Column =>
  Object.fromEntries(Object.entries(column).filter(([, value]) => value !== undefined)) as unknown as Column

/** Reads what the proposals need of the columns that break a rule. */
async function lookAt(
  data: AnyRelation,
  columns: Readonly<Record<string, Column>>,
  violations: readonly Violation[],
  found: ReadonlyMap<string, ColumnInfo>,
): Promise<ReadonlyMap<string, Seen>> {
  const { sql } = data.engine
  const names = [...new Set(violations.map(({ column }) => column))].filter((name) => Object.hasOwn(columns, name))
  const breaks = (name: string, rule: RuleName): boolean =>
    violations.some((violation) => violation.column === name && violation.rule === rule)
  const wishes = names.map((name) => {
    const { type, sqlType } = found.get(name)!
    const value = sql.column(name)
    const number = (
      type === 'float' ? sql.cond(sql.not(sql.isNaN(sql.cast(value, 'DOUBLE'))), sql.cast(value, 'DOUBLE')) : value
    ) as ExprNode
    const shown = (node: ExprNode): ExprNode =>
      type === 'date' || type === 'timestamp' ? sql.verbatim(isoText(`(${node})`, sqlType)) : node
    const length = new sql.FunctionNode('length', [type === 'string' ? value : sql.cast(value, 'VARCHAR')])
    const values: Aggregate<readonly { readonly values: readonly Cell[] }[]> | undefined = breaks(name, 'values')
      ? valueCounts([value])
      : undefined
    return {
      name,
      min: scalar<Cell>(shown(sql.min(number))),
      max: scalar<Cell>(shown(sql.max(number))),
      nan: scalar<number>(
        type === 'float' ? countIf(sql, sql.isNaN(sql.cast(value, 'DOUBLE'))) : sql.sum(sql.literal(0)),
      ),
      minLength: scalar<number>(sql.min(length)),
      maxLength: scalar<number>(sql.max(length)),
      values,
    }
  })
  const read = await collect(
    data,
    wishes.flatMap(({ name: _, values, ...rest }) => [...Object.values(rest), ...(values ? [values] : [])]),
  )
  return new Map(
    wishes.map(({ name, min, max, nan, minLength, maxLength, values }) => [
      name,
      {
        min: read(min),
        max: read(max),
        nan: Number(read(nan)),
        minLength: Number(read(minLength)),
        maxLength: Number(read(maxLength)),
        values: values ? read(values).map(({ values: [value] }) => value) : [],
      },
    ]),
  )
}
