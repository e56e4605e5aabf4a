import { isBeyondRe2 } from '../rules.ts'

/** A regular expression as the engine and as JavaScript know it. */
export interface Pattern {
  /** For the engine; undefined where it looks around or back, which the engine cannot. */
  readonly re2?: string
  readonly js: RegExp
}

/**
 * Returns a regular expression written for Python or JavaScript in the forms that we run: named groups, flags at its beginning and
 * the ends of a text are written differently. It matches anywhere in the text; `.` is any character but a line break.
 * Throws `SyntaxError`.
 */
export function patternOf(source: string): Pattern {
  const head = /^\(\?([aimsuxL]+)\)/.exec(source)
  const flags = head ? [...new Set(head[1])].filter((flag) => 'ims'.includes(flag)) : []
  if (head?.[1].includes('x')) throw new SyntaxError('verbose patterns are not read')
  const body = head ? source.slice(head[0].length) : source
  const unicode = unicodeClasses(body)
  const js = (unicode ?? unicodeClasses(body, { nested: true })!)
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll(/(?<!\\)((?:\\\\)*)\\A/g, '$1^')
    .replaceAll(/(?<!\\)((?:\\\\)*)\\Z/g, '$1$')
  const compiled = compile(js, flags.join(''), unicode === undefined ? 'v' : 'u')
  const re2 =
    unicode === undefined || isBeyondRe2(body) || /\(\?P=/.test(body)
      ? undefined
      : unicode.replaceAll(/(?<!\\)((?:\\\\)*)\\Z/g, '$1\\z')
  return {
    js: compiled,
    re2: re2 === undefined ? undefined : `${flags.length > 0 ? `(?${flags.join('')})` : ''}${re2}`,
  }
}

const LETTERS: Readonly<Record<string, string>> = { w: '\\p{L}\\p{N}_', d: '\\p{Nd}' }

/**
 * Writes `\w` and `\d`, which in Python are letters and digits of every script, as classes of Unicode. Undefined where the
 * opposite of one stands within a class, which can only be written by classes within classes (`nested`). (`\b` stays between letters of ASCII.)
 */
function unicodeClasses(pattern: string, { nested = false } = {}): string | undefined {
  let inClass = false
  let written = ''
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i]
    if (c === '\\') {
      const next = pattern[++i] ?? ''
      const letters = LETTERS[next.toLowerCase()]
      if (letters === undefined) written += c + next
      else if (next === next.toUpperCase() && inClass && !nested) return undefined
      else
        written +=
          inClass && next !== next.toUpperCase() ? letters : `[${next === next.toUpperCase() ? '^' : ''}${letters}]`
      continue
    }
    if (c === '[') inClass = true
    else if (c === ']') inClass = false
    written += c
  }
  return written
}

const compile = (source: string, flags: string, mode: 'u' | 'v'): RegExp => {
  try {
    return new RegExp(source, `${flags}${mode}`)
  } catch {
    // escapes of letters that mean nothing are errors only in unicode patterns
    return new RegExp(source, flags)
  }
}

/** Returns what is wrong with patterns, if anything. */
export function refusePatterns(patterns: readonly string[]): string | undefined {
  for (const pattern of patterns)
    try {
      patternOf(pattern)
    } catch {
      return `the pattern ${pattern} is no regular expression`
    }
  return patterns.length === 0 ? 'its list of patterns is empty' : undefined
}
