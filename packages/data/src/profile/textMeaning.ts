import { isAbsolute, parse } from 'node:path/posix'
import type { CountedCell } from './types.ts'

/** What all texts of a column are, where they are more than texts. */
export type TextMeaning =
  | {
      readonly kind: 'link'
      readonly schemes: readonly CountedCell[]
      readonly hosts: readonly CountedCell[]
      readonly paths: readonly CountedCell[]
      readonly queries: readonly CountedCell[]
      readonly fragments: readonly CountedCell[]
    }
  | {
      readonly kind: 'path'
      /** The folder that all of them are in. */
      readonly common: string
      readonly parents: readonly CountedCell[]
      readonly names: readonly CountedCell[]
      readonly stems: readonly CountedCell[]
      readonly suffixes: readonly CountedCell[]
      /** What is there, where files were asked for. */
      readonly files?: FileStatistics
    }
  | { readonly kind: 'truth'; readonly yes: number; readonly no: number }

/** What stands at paths, each distinct one once. */
export interface FileStatistics {
  readonly examined: number
  readonly absent: number
  /** Bytes. */
  readonly size: { readonly min: number; readonly mean: number; readonly max: number } | null
  /** Of the files that are images by their first bytes. */
  readonly images: {
    readonly count: number
    readonly formats: readonly CountedCell[]
    readonly width: { readonly min: number; readonly mean: number; readonly max: number }
    readonly height: { readonly min: number; readonly mean: number; readonly max: number }
  } | null
}

/** Source: the mapping of ydata-profiling 4.18. */
const TRUTH: ReadonlyMap<string, boolean> = new Map([
  ['t', true],
  ['f', false],
  ['yes', true],
  ['no', false],
  ['y', true],
  ['n', false],
  ['true', true],
  ['false', false],
])

/** Source: the grammar of RFC 3986, appendix B. */
const LINK = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]+)([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/i

/** Counts of the parts of texts, the most frequent first. */
function counted(
  texts: readonly string[],
  counts: ArrayLike<number>,
  part: (text: string) => string,
  top: number,
): CountedCell[] {
  const found = new Map<string, number>()
  texts.forEach((text, i) => {
    const key = part(text)
    found.set(key, (found.get(key) ?? 0) + counts[i])
  })
  return [...found]
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, top)
    .map(([value, count]) => ({ value, count }))
}

/**
 * Returns what all of these texts are: links with a scheme and a host, absolute paths, or words for yes and no; undefined where one of them is not.
 * Source: the types URL, Path and Boolean of ydata-profiling 4.18.
 */
export function meaningOf(texts: readonly string[], counts: ArrayLike<number>, top: number): TextMeaning | undefined {
  if (texts.length === 0) return undefined
  const by = (part: (text: string) => string) => counted(texts, counts, part, top)
  const [first] = texts
  if (LINK.test(first) && texts.every((text) => LINK.test(text))) {
    const piece = (i: number) => by((text) => LINK.exec(text)![i] ?? '')
    const scheme = by((text) => LINK.exec(text)![1].toLowerCase())
    return { kind: 'link', schemes: scheme, hosts: piece(2), paths: piece(3), queries: piece(4), fragments: piece(5) }
  }
  if (isAbsolute(first) && texts.every((text) => isAbsolute(text)))
    return {
      kind: 'path',
      common: commonFolder(texts),
      parents: by((text) => parse(text).dir),
      names: by((text) => parse(text).base),
      stems: by((text) => parse(text).name),
      suffixes: by((text) => parse(text).ext),
    }
  if (texts.length <= 2 * TRUTH.size && texts.every((text) => TRUTH.has(text.toLowerCase()))) {
    const total = (value: boolean): number =>
      texts.reduce((sum, text, i) => sum + (TRUTH.get(text.toLowerCase()) === value ? counts[i] : 0), 0)
    return { kind: 'truth', yes: total(true), no: total(false) }
  }
  return undefined
}

function commonFolder(texts: readonly string[]): string {
  let common = parse(texts[0]).dir.split('/')
  for (const text of texts) {
    const parts = parse(text).dir.split('/')
    const at = common.findIndex((name, i) => name !== parts[i])
    if (at >= 0) common = common.slice(0, at)
  }
  return common.join('/') || '/'
}
