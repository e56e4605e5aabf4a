import { PodError } from '@mlpod/contract'
import { unknownColumn, untyped } from '../query.ts'
import type { AnyRelation } from '../relation.ts'

/** Rows that are nearly the same. */
export interface NearDuplicates {
  readonly rows: number
  /** Groups of rows, each of which is like another of its group; places from 0, in their order. */
  readonly groups: readonly (readonly number[])[]
  /** Pairs that were compared, and those that are alike, with their similarity, the most similar first. */
  readonly compared: number
  readonly pairs: readonly { readonly a: number; readonly b: number; readonly similarity: number }[]
  /** The chance that a pair at the threshold itself was compared at all. */
  readonly found: number
}

/** How alike rows are looked for. */
export interface NearDuplicateOptions {
  /** The Jaccard similarity from which rows count as alike. */
  readonly threshold?: number
  /** Letters of a shingle. */
  readonly shingle?: number
  /** Hashes of a row. */
  readonly hashes?: number
  /** The pairs that are returned; all of them are counted into groups. */
  readonly limit?: number
}

/**
 * Finds rows whose texts in `columns` are nearly the same: the share of shingles (of letters in a row, small ones, spaces made one) that two
 * rows have in common. Candidates are those that agree in a band of MinHash values, and every candidate is compared exactly: what is
 * returned is alike for sure, and what is missed is told by `found`. Rows without any text take no part. Throws `COLUMN_UNKNOWN` and
 * `OPTION_INVALID`.
 * Source: Broder 1997 (MinHash); Leskovec, Rajaraman and Ullman 2014, section 3.4 (bands).
 */
export async function nearDuplicates(
  data: AnyRelation,
  columns: readonly string[],
  { threshold = 0.8, shingle = 5, hashes = 128, limit = 1000 }: NearDuplicateOptions = {},
): Promise<NearDuplicates> {
  for (const name of columns) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  if (!(threshold > 0 && threshold <= 1 && shingle >= 1 && hashes >= 1 && columns.length > 0))
    throw new PodError('OPTION_INVALID', 'near duplicates need a column, a threshold in (0, 1], shingles and hashes')
  const read = await untyped(data).toColumns(...columns)
  const parts = columns.map((name) => read[name].data)
  const rows = parts[0].length
  const sets = Array.from({ length: rows }, (_, i) =>
    shinglesOf(parts.map((part) => String(part[i])).join('\n'), shingle),
  )
  const { bands, each } = bandsFor(threshold, hashes)
  const compared = new Set<number>()
  const pairs: { a: number; b: number; similarity: number }[] = []
  const signatures = sets.map((set) => signature(set, bands * each))
  const parent = Int32Array.from({ length: rows }, (_, i) => i)
  const rootOf = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]]
      i = parent[i]
    }
    return i
  }
  for (let band = 0; band < bands; band++) {
    const buckets = new Map<string, number[]>()
    for (let i = 0; i < rows; i++) {
      if (sets[i].length === 0) continue
      const key = signatures[i].subarray(band * each, (band + 1) * each).join(' ')
      const bucket = buckets.get(key)
      if (bucket) bucket.push(i)
      else buckets.set(key, [i])
    }
    for (const bucket of buckets.values())
      for (let y = 1; y < bucket.length; y++)
        for (let x = 0; x < y; x++) {
          const [a, b] = [bucket[x], bucket[y]]
          const id = a * rows + b
          if (compared.has(id)) continue
          // equal rows by the thousand: what is in one group already need not be compared once the list is full
          if (pairs.length >= limit && rootOf(a) === rootOf(b)) continue
          compared.add(id)
          const similarity = jaccard(sets[a], sets[b])
          if (similarity < threshold) continue
          pairs.push({ a, b, similarity })
          parent[rootOf(b)] = rootOf(a)
        }
  }
  const groups = new Map<number, number[]>()
  for (let i = 0; i < rows; i++) {
    const root = rootOf(i)
    const group = groups.get(root)
    if (group) group.push(i)
    else groups.set(root, [i])
  }
  return {
    rows,
    groups: [...groups.values()].filter((group) => group.length > 1),
    compared: compared.size,
    pairs: pairs.sort((p, q) => q.similarity - p.similarity || p.a - q.a || p.b - q.b).slice(0, limit),
    found: 1 - (1 - threshold ** each) ** bands,
  }
}

/** Numbers of the shingles of a text, ascending, each once. A text shorter than a shingle is one itself. */
function shinglesOf(text: string, length: number): Uint32Array {
  const plain = text.toLowerCase().replace(/\s+/gu, ' ').trim()
  if (plain === '') return new Uint32Array(0)
  const found = new Set<number>()
  for (let i = 0; i === 0 || i + length <= plain.length; i++) found.add(fnv(plain.slice(i, i + length)))
  return Uint32Array.from(found).sort()
}

/** Source: Fowler, Noll and Vo, FNV-1a. */
function fnv(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}

/** The least of each of n hashes over a set: two sets agree in one with the chance of their Jaccard similarity. */
function signature(set: Uint32Array, n: number): Uint32Array {
  const least = new Uint32Array(n).fill(0xffffffff)
  for (const value of set)
    for (let i = 0; i < n; i++) {
      const hash = mixed(value ^ Math.imul(i + 1, 0x9e3779b9))
      if (hash < least[i]) least[i] = hash
    }
  return least
}

/** Mixes 32 bits so that each depends on all. Source: Appleby, MurmurHash3 finalizer. */
function mixed(x: number): number {
  let h = x ^ (x >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function jaccard(a: Uint32Array, b: Uint32Array): number {
  let common = 0
  let j = 0
  for (const value of a) {
    while (j < b.length && b[j] < value) j++
    if (j < b.length && b[j] === value) common++
  }
  return common / (a.length + b.length - common)
}

/** The longest bands with which a pair at the threshold is still found nearly surely: fewer pairs are compared in vain. */
function bandsFor(threshold: number, hashes: number): { readonly bands: number; readonly each: number } {
  let best = { bands: hashes, each: 1 }
  for (let each = 1; each <= hashes; each++) {
    const bands = Math.floor(hashes / each)
    if (1 - (1 - threshold ** each) ** bands < 0.99) break
    best = { bands, each }
  }
  return best
}
