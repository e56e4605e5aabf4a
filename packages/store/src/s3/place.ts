import { PodError } from '@mlpod/contract'

/** A place on S3, taken apart. The key of a whole bucket is empty. */
export interface S3Place {
  readonly bucket: string
  readonly key: string
}

/** Tells whether a path names objects on S3. */
export const isS3 = (path: string): boolean => path.startsWith('s3://')

/** Takes `s3://bucket/key` apart. Throws `PLACE_INVALID`. */
export function s3Place(place: string): S3Place {
  const [, bucket, key = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/s.exec(place) ?? []
  if (bucket === undefined)
    throw new PodError('PLACE_INVALID', `"${place}" names no place on S3`, {
      hint: 's3://bucket/key, the bucket of 3 to 63 small letters, digits, "." and "-"',
    })
  return { bucket, key }
}

/** Tells whether a key is a pattern of many. */
export const isKeyPattern = (key: string): boolean => /[*?[]/.test(key)

/** Returns what all keys of a pattern begin with. */
export const fixedPart = (pattern: string): string => pattern.slice(0, pattern.search(/[*?[]|$/))

/** Returns the expression of a pattern's keys: `*` and `?` stay within a folder, `**` is any number of folders, `[...]` one of some characters. */
export function keyPattern(pattern: string): RegExp {
  const words = pattern.match(/\*\*\/|\*\*|\*|\?|\[!?\]?[^\]]*\]|[^*?]/gsu) ?? []
  const text = words.map(
    (word) => WILD[word] ?? (word.length > 1 && word[0] === '[' ? oneOf(word) : RegExp.escape(word)),
  )
  return new RegExp(`^${text.join('')}$`, 'su')
}

const WILD: Readonly<Record<string, string>> = { '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]' }

const oneOf = (word: string): string => {
  const isNot = word[1] === '!'
  const members = word.slice(isNot ? 2 : 1, -1).match(/.-.|./gsu) ?? []
  const said = members.map((member) => {
    const [from, , to = from] = [...member]
    // a range that goes back holds nothing
    return from.codePointAt(0)! > to.codePointAt(0)! ? '' : `${point(from)}-${point(to)}`
  })
  return isNot ? `[^/${said.join('')}]` : `[${said.join('')}]`
}

const point = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`
