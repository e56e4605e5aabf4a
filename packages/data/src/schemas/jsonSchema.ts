import { type Json, PodError } from '@mlpod/contract'
import { type Extra, type Field, isForeign } from '../rows/field.ts'
import { type Column, type ColumnType, type Role, type RowSchema, type StandardRowSchema, schemaOf } from '../schema.ts'

/** A JSON Schema of one value, as far as ours can be said in it. `unique`, `role`, `finite`, `absentIn`, `uniqueTogether` and `ordered` are our own words in it. */
export interface JsonSchema {
  readonly $schema?: string
  readonly type?: string | readonly string[]
  readonly format?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: unknown
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly formatMinimum?: string
  readonly formatMaximum?: string
  readonly pattern?: string
  readonly description?: string
  readonly unique?: boolean
  readonly role?: Role
  readonly finite?: boolean
  readonly absentIn?: readonly string[]
  readonly uniqueTogether?: readonly (readonly string[])[]
  readonly ordered?: boolean
}

const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

const WORDS: { readonly [T in ColumnType]: { readonly type: string; readonly format?: string } } = {
  int: { type: 'integer' },
  float: { type: 'number' },
  bool: { type: 'boolean' },
  string: { type: 'string' },
  date: { type: 'string', format: 'date' },
  timestamp: { type: 'string', format: 'date-time' },
}

/** Returns a schema (of rows, or of any value) as JSON Schema, draft 2020-12. */
export function toJsonSchema(schema: RowSchema | Field): JsonSchema {
  if (!('columns' in schema)) return { $schema: DRAFT, ...fieldSchema(schema) }
  const { columns, unique, ordered, extra } = schema
  return stated({ $schema: DRAFT, ...objectSchema(columns, extra), uniqueTogether: unique, ordered })
}

const objectSchema = (fields: Readonly<Record<string, Field>>, extra: Extra | undefined): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)])),
  required: Object.keys(fields),
  ...(extra !== undefined && extra !== 'ignore' && { additionalProperties: extra === 'allow' }),
})

function fieldSchema(field: Field): JsonSchema {
  if (isForeign(field)) {
    const { vendor, jsonSchema } = field['~standard']
    if (!jsonSchema) throw new PodError('SCHEMA_UNSUPPORTED', `the ${vendor} schema cannot say itself in JSON Schema`)
    return jsonSchema.output({ target: 'draft-2020-12' }) as JsonSchema
  }
  const { nullable } = field
  if (field.type === 'list') {
    const { item, minLength, maxLength } = field
    return orNull(
      stated({ type: 'array', items: fieldSchema(item), minItems: minLength, maxItems: maxLength }),
      nullable,
    )
  }
  if (field.type === 'object') return orNull(objectSchema(field.fields, field.extra), nullable)
  if (field.type === 'union')
    return { anyOf: [...field.options.map(fieldSchema), ...(nullable ? [{ type: 'null' }] : [])] }
  if (field.type === 'literal') return { enum: nullable ? [...field.values, null] : field.values }
  return columnSchema(field)
}

function columnSchema(column: Column): JsonSchema {
  const { type, nullable, min, max, above, below, values, '~value': _, ...same } = column
  const isTime = type === 'date' || type === 'timestamp'
  const limits = isTime
    ? { formatMinimum: min as string | undefined, formatMaximum: max as string | undefined }
    : { minimum: min as number | undefined, maximum: max as number | undefined }
  return orNull(
    stated({ ...WORDS[type], ...limits, exclusiveMinimum: above, exclusiveMaximum: below, enum: values, ...same }),
    nullable,
  )
}

const orNull = (schema: JsonSchema, nullable: boolean): JsonSchema =>
  nullable
    ? { ...schema, type: [schema.type as string, 'null'], ...(schema.enum && { enum: [...schema.enum, null] }) }
    : schema

/** Leaves out what is not stated. */
const stated = <T extends object>(draft: T): T =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as T

/**
 * Returns the schema of rows that a JSON Schema of an object states. Throws `SCHEMA_UNSUPPORTED` naming the member that no
 * column can hold; `of` says whose schema it is.
 */
export function fromJsonSchema(
  schema: JsonSchema,
  { of = 'JSON' }: { readonly of?: string } = {},
): StandardRowSchema<Record<string, unknown>> {
  if (schema.type !== 'object' || !schema.properties)
    throw new PodError('SCHEMA_UNSUPPORTED', `the ${of} schema is not one of an object`, {
      hint: 'describe one row: z.object({ ... })',
    })
  const required = new Set(schema.required ?? [])
  const columns: Record<string, Column> = {}
  for (const [name, member] of Object.entries(schema.properties)) {
    if (!required.has(name))
      throw new PodError('SCHEMA_UNSUPPORTED', `the column "${name}" is optional, but a table has it in every row`, {
        hint: 'use .nullable() for values that may be missing',
      })
    columns[name] = toColumn(name, member)
  }
  const { uniqueTogether: unique, ordered, additionalProperties } = schema
  return schemaOf(columns, stated({ unique, ordered, extra: EXTRA.get(additionalProperties) }))
}

const EXTRA: ReadonlyMap<unknown, Extra> = new Map([
  [true, 'allow'],
  [false, 'forbid'],
])

/**
 * Returns the field that a JSON Schema of any value states: lists, objects with all members required, unions, and what columns
 * hold. Throws `SCHEMA_UNSUPPORTED` for anything else.
 */
export function fieldFromJsonSchema(schema: JsonSchema): Field {
  const { nullable, rest } = splitNull(schema)
  if (rest.anyOf && listed(rest) === undefined)
    return { type: 'union', nullable, options: rest.anyOf.map((option) => fieldFromJsonSchema(option)) }
  const [type, ...others] = [rest.type ?? []].flat()
  if (type === 'array' && others.length === 0) {
    const { items, minItems: minLength, maxItems: maxLength } = rest
    if (items === undefined)
      throw new PodError('SCHEMA_UNSUPPORTED', 'a list of JSON Schema does not say what its items are')
    return stated({ type: 'list', nullable, item: fieldFromJsonSchema(items), minLength, maxLength })
  }
  if (type === 'object' && others.length === 0) {
    const members = Object.entries(rest.properties ?? {})
    const optional = members.find(([name]) => !rest.required?.includes(name))
    if (optional) throw new PodError('SCHEMA_UNSUPPORTED', `the member "${optional[0]}" is optional`)
    const fields = Object.fromEntries(members.map(([name, member]) => [name, fieldFromJsonSchema(member)]))
    return stated({ type: 'object', nullable, fields, extra: EXTRA.get(rest.additionalProperties) })
  }
  const values = listed(rest)
  if (rest.type === undefined && values !== undefined) return { type: 'literal', nullable, values }
  return toColumn('value', schema)
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
  return stated({
    type,
    nullable,
    min: isRange(rest.minimum) ? rest.minimum : rest.formatMinimum,
    max: isRange(rest.maximum) ? rest.maximum : rest.formatMaximum,
    above: rest.exclusiveMinimum,
    below: rest.exclusiveMaximum,
    multipleOf: rest.multipleOf,
    finite: rest.finite,
    values,
    pattern: isText ? rest.pattern : undefined,
    minLength: isText ? rest.minLength : undefined,
    maxLength: isText ? rest.maxLength : undefined,
    unique: member.unique ?? rest.unique,
    description: member.description ?? rest.description,
    role: member.role ?? rest.role,
    absentIn: member.absentIn ?? rest.absentIn,
  })
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
