import type { Column } from '../schema.ts'
import { plain } from './exactJson.ts'
import {
  type Extra,
  type Field,
  isForeign,
  type ListField,
  type LiteralField,
  type ObjectField,
  type UnionField,
} from './field.ts'
import { foreignReader } from './foreign.ts'
import { bare, inside, loosen, type Notes, REFUSED, type Reader, type ReadOptions, refuse } from './reader.ts'
import { scalars } from './scalars.ts'

const NESTED = {
  list: listReader,
  object: ({ fields, extra }: ObjectField, options: ReadOptions) => objectReader(fields, extra ?? 'ignore', options),
  union: unionReader,
  literal: ({ values }: LiteralField) => literalReader(values),
} as const

/** Makes a field ready to read values. The closures are made once; no code is generated. */
export function compile(field: Field, options: ReadOptions): Reader {
  if (isForeign(field)) return foreignReader(field)
  const { type, nullable } = field
  const listed = (field as Column).values
  const reader =
    type in NESTED
      ? (NESTED[type as keyof typeof NESTED] as (field: never, options: ReadOptions) => Reader)(field as never, options)
      : listed !== undefined && type !== 'date' && type !== 'timestamp'
        ? literalReader(listed)
        : scalars[type as Column['type']](field as Column, options)
  if (!nullable) return reader
  const { holds, read } = reader
  return {
    holds: (value) => value === null || holds(value),
    read: (value, notes) => (value === null ? null : read(value, notes)),
  }
}

function literalReader(values: readonly (string | number | boolean)[]): Reader {
  const allowed = new Set<unknown>(values)
  const expected = spoken(values)
  return {
    holds: (value) => allowed.has(value),
    read(value, notes) {
      const plain = bare(value)
      return allowed.has(plain) ? plain : refuse(notes, 'literal_error', value, { expected })
    },
  }
}

const quoted = (value: string | number | boolean): string => (typeof value === 'string' ? `'${value}'` : String(value))
const spoken = (values: readonly (string | number | boolean)[]): string => {
  const words = values.map(quoted)
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(', ')} or ${words[words.length - 1]}`
}

function listReader({ item, minLength = 0, maxLength = Infinity }: ListField, options: ReadOptions): Reader {
  const { holds, read } = compile(item, options)
  return {
    holds: (value) =>
      Array.isArray(value) && value.length >= minLength && value.length <= maxLength && value.every((v) => holds(v)),
    read(value, notes) {
      if (!Array.isArray(value)) return refuse(notes, 'list_type', value)
      const length = { actual_length: value.length }
      if (value.length > maxLength) return refuse(notes, 'too_long', value, { max_length: maxLength, ...length })
      const items: unknown[] = new Array(value.length)
      let refused = false
      for (let i = 0; i < value.length; i++) {
        const from = notes.issues.length
        items[i] = read(value[i], notes)
        if (items[i] !== REFUSED) continue
        refused = true
        inside(i, notes.issues, from)
      }
      if (refused) return REFUSED
      return value.length < minLength ? refuse(notes, 'too_short', value, { min_length: minLength, ...length }) : items
    },
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads objects. One that is right as it is, its members in the order of the schema, is looked at once and returned itself. */
export function objectReader(fields: Readonly<Record<string, Field>>, extra: Extra, options: ReadOptions): Reader {
  const names = Object.keys(fields)
  const readers = names.map((name) => compile(fields[name], options))
  const holds = readers.map((reader) => reader.holds)
  const known = new Set(names)
  return {
    holds(value) {
      if (!isObject(value)) return false
      let i = 0
      for (const name in value) {
        if (name !== names[i] || !holds[i](value[name])) return false
        i++
      }
      return i === names.length
    },
    read(value, notes) {
      if (!isObject(value) || bare(value) !== value) return refuse(notes, 'model_type', value)
      const from = notes.issues.length
      const row: Record<string, unknown> = {}
      let changed = false
      for (let i = 0; i < names.length; i++) {
        const name = names[i]
        const given = Object.hasOwn(value, name) ? value[name] : undefined
        const before = notes.issues.length
        if (given === undefined) refuse(notes, 'missing', value)
        else {
          const read = readers[i].read(given, notes)
          row[name] = read
          changed ||= read !== given
        }
        inside(name, notes.issues, before)
      }
      for (const name of Object.keys(value)) {
        if (known.has(name)) continue
        const before = notes.issues.length
        if (extra === 'forbid') refuse(notes, 'extra_forbidden', value[name])
        else if (extra === 'ignore') changed = true
        // by definition, so that a member named __proto__ is one as any other
        else
          Object.defineProperty(row, name, {
            value: plain(value[name]),
            enumerable: true,
            writable: true,
            configurable: true,
          })
        inside(name, notes.issues, before)
      }
      if (notes.issues.length > from) return REFUSED
      notes.members += names.length
      return changed ? row : value
    },
  }
}

/**
 * Reads values of several fields. Each option is tried once, whatever lies within it: an exact one is taken at once,
 * otherwise the one that explains most members, then the least bent, then the first. Source: pydantic's smart mode.
 */
function unionReader({ options: given }: UnionField, options: ReadOptions): Reader {
  const fields = flat(given)
  const readers = fields.map((field) => ({ label: labelOf(field), ...compile(field, options) }))
  const [first] = fields
  const isPlain = !isForeign(first) && !(first.type in NESTED && first.type !== 'literal')
  return {
    holds: (value) => isPlain && readers[0].holds(value),
    read(value, notes) {
      let best: { readonly value: unknown; readonly looseness: 0 | 1 | 2; readonly members: number } | undefined
      const refused: Notes['issues'] = []
      for (const { label, read } of readers) {
        const tried: Notes = { issues: [], looseness: 0, members: 0 }
        const found = read(value, tried)
        if (found === REFUSED) {
          inside(label, tried.issues, 0)
          refused.push(...tried.issues.map((issue) => ({ ...issue, zod: 'invalid_union' })))
          continue
        }
        const { looseness, members } = tried
        if (best === undefined || members > best.members || (members === best.members && looseness < best.looseness))
          best = { value: found, looseness, members }
        if (looseness === 0 && members === 0) break
      }
      if (best === undefined) {
        notes.issues.push(...refused)
        return REFUSED
      }
      if (best.looseness > 0) loosen(notes, best.looseness as 1 | 2)
      notes.members += best.members
      return best.value
    },
  }
}

const flat = (options: readonly Field[]): readonly Field[] =>
  options.flatMap((field) =>
    !isForeign(field) && field.type === 'union' && !field.nullable ? flat(field.options) : [field],
  )

const LABELS = { int: 'int', float: 'float', bool: 'bool', string: 'str', date: 'date', timestamp: 'datetime' } as const

/** The name of an option in the paths of its issues, as pydantic writes it. */
function labelOf(field: Field): string {
  if (isForeign(field)) return field['~standard'].vendor
  if (field.type === 'list') return `list[${labelOf(field.item)}]`
  if (field.type === 'object') return 'Row'
  if (field.type === 'union') return `union[${field.options.map(labelOf).join(',')}]`
  if (field.values !== undefined) return `literal[${field.values.map(quoted).join(',')}]`
  const { type, min, max, above, below, multipleOf, minLength, maxLength, pattern } = field as Column
  const limited = [min, max, above, below, multipleOf, minLength, maxLength, pattern].some(
    (limit) => limit !== undefined,
  )
  return limited ? `constrained-${LABELS[type]}` : LABELS[type]
}
