import { type Json, PodError } from '@mlpod/contract'
import { type Column, type ColumnType, checkColumns, type Role, type RowSchema } from './schema.ts'

/**
 * A schema of another library for one row that can say itself in JSON Schema: Zod >= 4.2, ArkType, Valibot with its
 * converter. Source: Standard Schema and Standard JSON Schema, version 1.
 */
export interface StandardRow<Row = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly types?: { readonly input: unknown; readonly output: Row } | undefined
    readonly jsonSchema?: {
      readonly output: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown>
    }
  }
}

/** A schema in either front: our own, or any standard one. */
export type SchemaLike<Row = unknown> = RowSchema<Row> | StandardRow<Row>

/** The TypeScript type of a row of a schema. */
export type RowOf<S> =
  S extends RowSchema<infer Row>
    ? Row
    : S extends { readonly '~standard': { readonly types?: { readonly output: infer Row } | undefined } }
      ? Row
      : never

const converted = new WeakMap<object, RowSchema>()

/** Returns the schema in our own form. Throws `SCHEMA_UNSUPPORTED` naming the member that no column can hold. */
export function asRowSchema<S extends SchemaLike>(schema: S): RowSchema<RowOf<S>> {
  if (!('~standard' in schema)) return schema as RowSchema<RowOf<S>>
  const found = converted.get(schema) ?? fromStandard(schema)
  converted.set(schema, found)
  return found as RowSchema<RowOf<S>>
}

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly description?: string
  readonly unique?: boolean
  readonly role?: Role
}

function fromStandard(schema: StandardRow): RowSchema {
  const { vendor, jsonSchema } = schema['~standard']
  if (!jsonSchema)
    throw new PodError('SCHEMA_UNSUPPORTED', `the ${vendor} schema cannot say itself in JSON Schema`, {
      hint: 'use Zod 4.2 or newer, or rowSchema({ ... })',
    })
  let row: JsonSchema
  try {
    row = jsonSchema.output({ target: 'draft-2020-12' })
  } catch (error) {
    throw new PodError('SCHEMA_UNSUPPORTED', `the ${vendor} schema holds a type that JSON Schema has no word for`, {
      because: error instanceof Error ? error.message : String(error),
      hint: 'dates are z.iso.date() or z.iso.datetime()',
      cause: error,
    })
  }
  if (row.type !== 'object' || !row.properties)
    throw new PodError('SCHEMA_UNSUPPORTED', `the ${vendor} schema is not one of an object`, {
      hint: 'describe one row: z.object({ ... })',
    })
  const required = new Set(row.required ?? [])
  const columns: Record<string, Column> = {}
  for (const [name, member] of Object.entries(row.properties)) {
    if (!required.has(name))
      throw new PodError('SCHEMA_UNSUPPORTED', `the column "${name}" is optional, but a table has it in every row`, {
        hint: 'use .nullable() for values that may be missing',
      })
    columns[name] = toColumn(name, member)
  }
  checkColumns(columns)
  return { columns }
}

const FORMATS: Readonly<Record<string, ColumnType>> = { date: 'date', 'date-time': 'timestamp' }
const TYPES: Readonly<Record<string, ColumnType>> = {
  integer: 'int',
  number: 'float',
  boolean: 'bool',
  string: 'string',
}
/** Zod states the range of safe integers for every integer; that is no promise about the data. */
const isRange = (limit: number | undefined): limit is number =>
  limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER

function toColumn(name: string, member: JsonSchema): Column {
  const { nullable, rest } = splitNull(member)
  const values = listed(rest)
  const types = new Set([rest.type ?? values?.map((v) => typeof v) ?? []].flat())
  const [word] = types
  const type = (rest.format !== undefined && FORMATS[rest.format]) || TYPES[word]
  if (types.size !== 1 || type === undefined)
    throw new PodError(
      'SCHEMA_UNSUPPORTED',
      `no column can hold the type of "${name}": ${JSON.stringify(member as Json)}`,
      {
        hint: 'columns hold whole numbers, numbers, booleans, texts, dates and timestamps',
      },
    )
  const isText = type === 'string'
  const draft: Column = {
    type,
    nullable,
    min: isRange(rest.minimum) ? rest.minimum : undefined,
    max: isRange(rest.maximum) ? rest.maximum : undefined,
    above: rest.exclusiveMinimum,
    below: rest.exclusiveMaximum,
    values,
    pattern: isText ? rest.pattern : undefined,
    minLength: isText ? rest.minLength : undefined,
    maxLength: isText ? rest.maxLength : undefined,
    unique: member.unique ?? rest.unique,
    description: member.description ?? rest.description,
    role: member.role ?? rest.role,
  }
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as unknown as Column
}

/** Takes `null` out of a union. */
function splitNull(member: JsonSchema): { nullable: boolean; rest: JsonSchema } {
  if (member.anyOf) {
    const kept = member.anyOf.filter(({ type }) => type !== 'null')
    const nullable = kept.length < member.anyOf.length
    if (kept.length !== 1) return { nullable, rest: { ...member, anyOf: kept } }
    const inner = splitNull(kept[0])
    return { nullable: nullable || inner.nullable, rest: inner.rest }
  }
  const types = [member.type ?? []].flat()
  const values = member.enum?.filter((value) => value !== null)
  const rest = { ...member, ...(values && { enum: values }), type: types.filter((type) => type !== 'null') }
  return {
    nullable: types.includes('null') || (values !== undefined && values.length < member.enum!.length),
    rest: rest.type.length === 0 ? { ...rest, type: undefined } : rest,
  }
}

/** The finite list of values of an enum, a literal, or a union of literals. */
function listed(member: JsonSchema): (string | number | boolean)[] | undefined {
  const found = member.enum ?? (member.const !== undefined ? [member.const] : undefined)
  if (found) return found as (string | number | boolean)[]
  const parts = member.anyOf?.map(listed)
  return parts?.every((part) => part !== undefined) ? parts.flat() : undefined
}
