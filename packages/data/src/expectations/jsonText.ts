import type { Json } from '@mlpod/contract'

/** Numbers that JSON has no word for, as Python writes and reads them. */
const NOT_FINITE = /(?<=^|[[,:]\s*)(-?Infinity|NaN)(?=\s*(?:$|[\],}]))/g

/**
 * Returns the value of a JSON text, or undefined where it is none. NaN and the infinities are read as Python reads them: as numbers.
 */
export function readJson(text: string): { readonly value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json }
  } catch {
    if (!/NaN|Infinity/.test(text)) return undefined
    try {
      // outside of strings alone
      const parts = text.split(/("(?:[^"\\]|\\.)*")/)
      return {
        value: JSON.parse(parts.map((part, i) => (i % 2 ? part : part.replace(NOT_FINITE, '0'))).join('')) as Json,
      }
    } catch {
      return undefined
    }
  }
}
