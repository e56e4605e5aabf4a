import { PodError } from '@mlpod/contract'
import type { RowSchema } from './schema.ts'
import { fromJsonSchema, type JsonSchema } from './schemas/jsonSchema.ts'

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
  if ('columns' in schema) return schema as RowSchema<RowOf<S>>
  const found = converted.get(schema) ?? fromStandard(schema)
  converted.set(schema, found)
  return found as RowSchema<RowOf<S>>
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
  // that Zod gives no more members than it names is no promise about the data: it leaves them out itself
  return fromJsonSchema({ ...row, additionalProperties: undefined }, { of: vendor })
}
