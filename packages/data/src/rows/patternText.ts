import { PodError } from '@mlpod/contract'
import type { Dice } from './dice.ts'

type Maker = (dice: Dice) => string

const between = (low: number, high: number): number[] => Array.from({ length: high - low + 1 }, (_, i) => low + i)
const codes = (text: string): number[] => [...text].map((c) => c.codePointAt(0)!)
const WORD = codes('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_')
const DIGIT = codes('0123456789')
const SPACE = codes(' \t')
/** What `.` and negated classes are drawn from: printable ASCII. */
const PRINTABLE = between(32, 126)
const without = (codes: readonly number[]): number[] => PRINTABLE.filter((code) => !codes.includes(code))
const CLASSES: Readonly<Record<string, readonly number[]>> = {
  d: DIGIT,
  w: WORD,
  s: SPACE,
  D: without(DIGIT),
  W: without(WORD),
  S: without(SPACE),
}
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', 0: '\0' }

const pick = <T>(dice: Dice, list: readonly T[]): T => list[dice.below(list.length)]

/**
 * Compiles a regular expression into a maker of texts that it matches, beginning and end of it taken for those of the text:
 * literals, classes, groups, alternatives, quantifiers and anchors at the ends. Throws `PATTERN_UNSUPPORTED` for anything else
 * (look-around, back references, properties of characters).
 */
export function patternText(pattern: string): Maker {
  let at = 0
  const unsupported = (): never => {
    throw new PodError('PATTERN_UNSUPPORTED', `no text can be made for the pattern ${pattern} at place ${at}`, {
      hint: 'list some texts with `values`, or say it without look-around and back references',
    })
  }
  const alternatives = (): Maker => {
    const options = [sequence()]
    while (pattern[at] === '|') {
      at++
      options.push(sequence())
    }
    return options.length === 1 ? options[0] : (dice) => pick(dice, options)(dice)
  }
  const sequence = (): Maker => {
    const parts: Maker[] = []
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') parts.push(quantified(atom()))
    return (dice) => parts.map((part) => part(dice)).join('')
  }
  const atom = (): Maker => {
    const c = String.fromCodePoint(pattern.codePointAt(at)!)
    at += c.length
    if (c === '^' || c === '$') return () => ''
    if (c === '.') return ofCodes(PRINTABLE)
    if (c === '(') return group()
    if (c === '[') return ofCodes(charClass())
    if (c === '\\') return escape()
    return () => c
  }
  const group = (): Maker => {
    if (pattern[at] === '?') {
      const named = /^\?(?::|<[A-Za-z_]\w*>)/.exec(pattern.slice(at))
      if (named === null) return unsupported()
      at += named[0].length
    }
    const made = alternatives()
    if (pattern[at] !== ')') return unsupported()
    at++
    return made
  }
  const escaped = (): readonly number[] => {
    const c = pattern[at++] ?? unsupported()
    if (Object.hasOwn(CLASSES, c)) return CLASSES[c]
    const numbered = /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]+)\})/.exec(pattern.slice(at - 1))
    if (numbered) {
      at += numbered[0].length - 1
      return [Number.parseInt(numbered[1] ?? numbered[2] ?? numbered[3], 16)]
    }
    if (/[1-9kpPcu]/.test(c)) return unsupported()
    return codes(ESCAPES[c] ?? c)
  }
  const escape = (): Maker => {
    if (/[bB]/.test(pattern[at] ?? '')) return unsupported()
    return ofCodes(escaped())
  }
  const charClass = (): readonly number[] => {
    const negated = pattern[at] === '^'
    if (negated) at++
    const found: number[] = []
    const one = (): readonly number[] => {
      const c = String.fromCodePoint(pattern.codePointAt(at) ?? unsupported())
      at += c.length
      return c === '\\' ? escaped() : codes(c)
    }
    while (pattern[at] !== ']') {
      const low = one()
      if (pattern[at] === '-' && pattern[at + 1] !== ']') {
        at++
        const high = one()
        if (low.length !== 1 || high.length !== 1) return unsupported()
        found.push(...between(low[0], high[0]))
      } else found.push(...low)
    }
    at++
    return negated ? without(found) : found
  }
  const quantified = (made: Maker): Maker => {
    const found = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(pattern.slice(at))
    if (found === null) return made
    at += found[0].length
    const [, sign, from, comma, to] = found
    const least = sign === undefined ? Number(from) : sign === '+' ? 1 : 0
    const most =
      sign === undefined
        ? comma === undefined
          ? least
          : to === ''
            ? least + 5
            : Number(to)
        : sign === '?'
          ? 1
          : least + 5
    return (dice) => Array.from({ length: least + dice.below(most - least + 1) }, () => made(dice)).join('')
  }
  const ofCodes = (list: readonly number[]): Maker => {
    if (list.length === 0) unsupported()
    return (dice) => String.fromCodePoint(pick(dice, list))
  }
  const made = alternatives()
  if (at < pattern.length) unsupported()
  return made
}
