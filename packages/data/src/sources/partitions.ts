import { didYouMean, PodError } from '@mlpod/contract'
import type { OpenOptions } from './format.ts'

/** Returns the keys and values of the folders `key=value` in a path. */
export function partitionsOf(path: string): ReadonlyMap<string, string> {
  const pairs = path
    .split('/')
    .slice(0, -1)
    .flatMap((part): (readonly [string, string])[] => {
      const at = part.indexOf('=')
      return at < 1 ? [] : [[part.slice(0, at), decoded(part.slice(at + 1))]]
    })
  return new Map(pairs)
}

/** Returns the paths of the partitions that are wanted. Throws `PARTITION_UNKNOWN` for a key that no folder has, `PARTITION_MISSING` where nothing is left. */
export function partitionsWanted<T>(
  items: readonly T[],
  pathOf: (item: T) => string,
  partitions: OpenOptions['partitions'] = {},
  name: string,
): readonly T[] {
  const wanted = Object.entries(partitions).map(([key, values]) => [key, new Set([values].flat().map(String))] as const)
  const found = items.map((item) => partitionsOf(pathOf(item)))
  for (const [key] of wanted) {
    const keys = new Set(found.flatMap((each) => [...each.keys()]))
    if (!keys.has(key))
      throw new PodError('PARTITION_UNKNOWN', `${name} is not partitioned by "${key}"${didYouMean(key, keys)}`)
  }
  const left = items.filter((_, i) => wanted.every(([key, values]) => values.has(found[i].get(key) ?? '')))
  if (left.length > 0 || items.length === 0) return left
  const [key, values] = wanted.find(([each, some]) => !found.some((one) => some.has(one.get(each) ?? ''))) ?? wanted[0]
  const there = [...new Set(found.map((each) => each.get(key) ?? ''))].sort()
  throw new PodError('PARTITION_MISSING', `${name} has no part with ${key}=${[...values].join(' or ')}`, {
    hint: `it has ${there.slice(0, 20).join(', ')}`,
  })
}

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
