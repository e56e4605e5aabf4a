import { bare, WrittenAsFloat } from './reader.ts'

/** Digits enough that a number might be rounded, or a whole number written with a fraction or an exponent. */
const LONG = /\d{16}/
const FLOAT = /\d\.0+(?!\d)|\d[eE]/

/**
 * Parses JSON without losing what its numbers were: whole numbers beyond 2^53 become bigint, and with `marked` whole numbers
 * written as 1.0 or 1e3 are told from 1. Throws `SyntaxError` as `JSON.parse` does.
 */
export function exactJson(text: string, { marked }: { readonly marked: boolean }): unknown {
  if (!LONG.test(text) && !(marked && FLOAT.test(text))) return JSON.parse(text)
  return JSON.parse(text, (_: string, value: unknown, context?: { readonly source?: string }) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return value
    const written = context?.source ?? ''
    if (/^-?\d+$/.test(written)) return Number.isSafeInteger(value) ? value : BigInt(written)
    return marked ? new WrittenAsFloat(value) : value
  })
}

/** Returns the value without marks of how its numbers were written. */
export const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    const items = value.map(plain)
    return items.every((item, i) => item === value[i]) ? value : items
  }
  if (typeof value !== 'object' || value === null) return value
  const number = bare(value)
  if (number !== value) return number
  const entries = Object.entries(value).map(([name, v]) => [name, plain(v)] as const)
  const isSame = entries.every(([name, v]) => v === (value as Record<string, unknown>)[name])
  return isSame ? value : Object.fromEntries(entries)
}
