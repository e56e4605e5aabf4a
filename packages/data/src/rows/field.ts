import { PodError } from '@mlpod/contract'
import type { Column } from '../schema.ts'
import type { StandardRow } from '../standardSchema.ts'

/** What becomes of members that a schema does not name: left out, refused, or kept as they are. */
export type Extra = 'ignore' | 'forbid' | 'allow'

/** A list whose items all are of one field. Lengths count items. */
export interface ListField<T = unknown> {
  readonly type: 'list'
  readonly nullable: boolean
  readonly item: Field
  readonly minLength?: number
  readonly maxLength?: number
  readonly '~value'?: T
}

/** An object with these members, all of which must be there. */
export interface ObjectField<T = unknown> {
  readonly type: 'object'
  readonly nullable: boolean
  readonly fields: Readonly<Record<string, Field>>
  readonly extra?: Extra
  readonly '~value'?: T
}

/** One of several fields: the one whose type fits exactly, else the first that the value can be read as. */
export interface UnionField<T = unknown> {
  readonly type: 'union'
  readonly nullable: boolean
  readonly options: readonly Field[]
  readonly '~value'?: T
}

/** One of these values, exactly. */
export interface LiteralField<T = unknown> {
  readonly type: 'literal'
  readonly nullable: boolean
  readonly values: readonly (string | number | boolean)[]
  readonly '~value'?: T
}

/**
 * What a value of a row may be. A row of a table holds columns alone; lists, objects, unions and literals are for values
 * that come from elsewhere (requests, files of JSON), and a schema of another library may stand for any of them.
 */
export type Field<T = unknown> =
  | Column<T>
  | ListField<T>
  | ObjectField<T>
  | UnionField<T>
  | LiteralField<T>
  | StandardRow<T>

/** Tells a schema of another library from our own fields: what else it holds is its own affair. */
export const isForeign = (field: Field): field is StandardRow => '~standard' in field

/** The TypeScript type of a field's values. */
export type FieldValue<F> = F extends {
  readonly '~standard': { readonly types?: { readonly output: infer T } | undefined }
}
  ? T
  : F extends { readonly '~value'?: infer T }
    ? T
    : never

type OrNull<O, T> = O extends { readonly nullable: true } ? T | null : T

/** Returns the field of lists of `item`. Lengths count items. */
export const listOf = <const F extends Field, const O extends Lengths = object>(
  item: F,
  options?: O,
): ListField<OrNull<O, FieldValue<F>[]>> => {
  const { nullable = false, ...lengths } = (options ?? {}) as Lengths
  if ((lengths.minLength ?? 0) > (lengths.maxLength ?? Infinity))
    throw new PodError(
      'SCHEMA_INVALID',
      `no list has at least ${lengths.minLength} and at most ${lengths.maxLength} items`,
    )
  return { type: 'list', nullable, item, ...lengths }
}
interface Lengths {
  readonly nullable?: boolean
  readonly minLength?: number
  readonly maxLength?: number
}

/** Returns the field of objects with these members; members beyond them are ignored unless `extra` says otherwise. */
export const objectOf = <
  const F extends Readonly<Record<string, Field>>,
  const O extends { readonly nullable?: boolean; readonly extra?: Extra } = object,
>(
  fields: F,
  options?: O,
): ObjectField<OrNull<O, { -readonly [K in keyof F]: FieldValue<F[K]> }>> => {
  const { nullable = false, extra }: { readonly nullable?: boolean; readonly extra?: Extra } = options ?? {}
  if (Object.hasOwn(fields, '__proto__'))
    throw new PodError('SCHEMA_INVALID', 'no member can be named "__proto__": it is what objects inherit from')
  return extra === undefined ? { type: 'object', nullable, fields } : { type: 'object', nullable, fields, extra }
}

/** Returns the field of values of any of these fields. */
export const unionOf = <const F extends readonly [Field, Field, ...Field[]]>(
  ...options: F
): UnionField<FieldValue<F[number]>> => ({
  type: 'union',
  nullable: false,
  options,
})

/** Returns the field of exactly these values: the text "1" is not the number 1. */
export const literal = <const V extends readonly (string | number | boolean)[]>(
  ...values: V
): LiteralField<V[number]> => {
  if (values.length === 0)
    throw new PodError('SCHEMA_INVALID', 'a literal allows no value', { hint: 'name its values' })
  return { type: 'literal', nullable: false, values }
}
