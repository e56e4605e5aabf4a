import { PodError } from './error.ts'

/** What the canonical encoding takes. Typed arrays encode as arrays; `undefined` members are left out. */
export type Json =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly Json[]
  | { readonly [key: string]: Json | undefined }

type Encodable = Json | ArrayBufferView | undefined

/**
 * Returns the one text of a value: RFC 8785 JSON (members sorted by UTF-16 code unit, numbers as ECMAScript prints them),
 * with non-finite numbers as the strings "NaN", "Infinity", "-Infinity" and bigints as decimal text in quotes.
 * Throws `NOT_ENCODABLE` for functions, symbols, class instances, lone surrogates and cycles, naming the path.
 */
export function canonical(value: unknown): string {
  return encode(value as Encodable, '$', new Set())
}

function encode(value: Encodable, path: string, seen: Set<object>): string {
  switch (typeof value) {
    case 'boolean':
      return value ? 'true' : 'false'
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : `"${value}"`
    case 'bigint':
      return `"${value}"`
    case 'string':
      if (!value.isWellFormed()) throw refuse(path, 'a string with a lone surrogate')
      return JSON.stringify(value)
    case 'object':
      break
    default:
      throw refuse(path, `a ${typeof value}`)
  }
  if (value === null) return 'null'
  if (seen.has(value)) throw refuse(path, 'a cycle')
  seen.add(value)
  const text =
    Array.isArray(value) || isTypedArray(value)
      ? encodeList(value as readonly Json[], path, seen)
      : encodeRecord(value as { readonly [key: string]: Json }, path, seen)
  seen.delete(value)
  return text
}

function encodeList(list: readonly Json[], path: string, seen: Set<object>): string {
  const parts: string[] = []
  for (let i = 0; i < list.length; i++) parts.push(encode(list[i], `${path}[${i}]`, seen))
  return `[${parts.join(',')}]`
}

function encodeRecord(record: { readonly [key: string]: Json | undefined }, path: string, seen: Set<object>): string {
  const prototype = Object.getPrototypeOf(record)
  if (prototype !== Object.prototype && prototype !== null)
    throw refuse(path, `a ${prototype?.constructor?.name ?? 'class instance'}`)
  const parts: string[] = []
  for (const key of Object.keys(record).sort()) {
    const member = record[key]
    if (member !== undefined) parts.push(`${encode(key, path, seen)}:${encode(member, `${path}.${key}`, seen)}`)
  }
  return `{${parts.join(',')}}`
}

const isTypedArray = (value: object): boolean => ArrayBuffer.isView(value) && !(value instanceof DataView)

const refuse = (path: string, what: string): PodError =>
  new PodError('NOT_ENCODABLE', `${what} at ${path} has no canonical encoding`, {
    hint: 'keep plain JSON values, bigints and typed arrays only',
  })
