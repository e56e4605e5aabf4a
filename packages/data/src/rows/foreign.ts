import { PodError } from '@mlpod/contract'
import type { StandardRow } from '../standardSchema.ts'
import { plain } from './exactJson.ts'
import { REFUSED, type Reader } from './reader.ts'

/** What a schema of another library says of a value. Source: Standard Schema, version 1. */
type Said =
  | { readonly value: unknown; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
        readonly code?: unknown
      }[]
    }

/**
 * Reads values by a schema of another library, with its own rules. Throws `SCHEMA_UNSUPPORTED` for one that only says what
 * it wants and cannot judge, or that answers later.
 */
export function foreignReader(schema: StandardRow): Reader {
  const { vendor, validate } = schema['~standard'] as StandardRow['~standard'] & {
    readonly validate?: (value: unknown) => Said | Promise<Said>
  }
  if (validate === undefined) throw new PodError('SCHEMA_UNSUPPORTED', `the ${vendor} schema cannot judge a value`)
  return {
    holds: () => false,
    read(given, notes) {
      const input = plain(given)
      const said = validate(input)
      if (said instanceof Promise)
        throw new PodError('SCHEMA_UNSUPPORTED', `the ${vendor} schema judges asynchronously`, {
          hint: 'leave out what it waits for: rows are judged one after the other at once',
        })
      if (said.issues === undefined) return said.value
      for (const { message, path = [], code } of said.issues)
        notes.issues.push({
          path: path.map((part) => keyOf(typeof part === 'object' ? part.key : part)),
          code: 'custom',
          zod: typeof code === 'string' ? code : 'custom',
          message,
          input,
        })
      return REFUSED
    },
  }
}

const keyOf = (key: PropertyKey): string | number => (typeof key === 'symbol' ? String(key) : key)
