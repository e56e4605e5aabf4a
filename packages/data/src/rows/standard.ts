import type { RowSchema } from '../schema.ts'
import { toJsonSchema } from '../schemas/jsonSchema.ts'
import { safeParseRow } from './parse.ts'

/** What other libraries see in our schemas. Source: Standard Schema and Standard JSON Schema, version 1. */
export interface StandardProperties<Row> {
  readonly version: 1
  readonly vendor: 'mlpod'
  readonly types?: { readonly input: unknown; readonly output: Row } | undefined
  /** Reads one row in lax mode. */
  readonly validate: (value: unknown) => StandardResult<Row>
  readonly jsonSchema: {
    readonly input: (options: { readonly target: string }) => Record<string, unknown>
    readonly output: (options: { readonly target: string }) => Record<string, unknown>
  }
}

type StandardResult<Row> =
  | { readonly value: Row; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly (string | number)[] }[] }

/** Returns our schema as other libraries see it. */
export function standardOf<Row>(schema: RowSchema<Row>): StandardProperties<Row> {
  const json = ({ target }: { readonly target: string }): Record<string, unknown> => {
    if (target !== 'draft-2020-12' && target !== 'draft-07') throw new Error(`no JSON Schema in the dialect ${target}`)
    return { ...toJsonSchema(schema as RowSchema) }
  }
  return {
    version: 1,
    vendor: 'mlpod',
    validate(value) {
      const result = safeParseRow(schema, value)
      return result.ok ? { value: result.value as Row } : { issues: result.issues }
    },
    jsonSchema: { input: json, output: json },
  }
}
