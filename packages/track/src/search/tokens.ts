import { PodError } from '@mlpod/contract'

/** One word of a filter; `at` is where it begins. Names keep their dots; quoted parts of names are opened. */
export interface Token {
  readonly type: 'name' | 'quoted' | 'number' | 'string' | 'symbol'
  readonly text: string
  readonly at: number
}

const NUMBER = /[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?(?![\p{L}\p{N}_.])/uy
const NAME = /[\p{L}_][\p{L}\p{N}_./:-]*/uy
const SYMBOL = /!=|>=|<=|[=<>(),]/y

/**
 * Cuts a filter into words. Strings stand in single or double quotes (doubled inside to mean themselves); a key of any
 * characters stands in backticks or double quotes after its dot. Throws `FILTER_MALFORMED` at what is no word.
 */
export function tokens(text: string): readonly Token[] {
  const list: Token[] = []
  let at = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at++
      continue
    }
    const start = at
    const number = match(NUMBER)
    if (number !== undefined) {
      at += number.length
      list.push({ type: 'number', text: number, at: start })
      continue
    }
    const name = match(NAME)
    if (name !== undefined) {
      at += name.length
      const quote = text[at]
      if (name.endsWith('.') && (quote === '`' || quote === '"'))
        list.push({ type: 'name', text: name + quoted(), at: start })
      else list.push({ type: 'name', text: name, at: start })
      continue
    }
    if (text[at] === '`') {
      list.push({ type: 'quoted', text: quoted(), at: start })
      continue
    }
    if (text[at] === "'" || text[at] === '"') {
      list.push({ type: 'string', text: quoted(), at: start })
      continue
    }
    const symbol = match(SYMBOL)
    if (symbol === undefined)
      throw new PodError('FILTER_MALFORMED', `the filter has "${text[at]}", which means nothing`, {
        at: `${text}\n${' '.repeat(at)}^`,
      })
    at += symbol.length
    list.push({ type: 'symbol', text: symbol, at: start })
  }
  return list

  function quoted(): string {
    const [quote, start] = [text[at], at]
    let value = ''
    for (at++; at < text.length; at++) {
      if (text[at] !== quote) value += text[at]
      else if (text[at + 1] === quote) value += text[at++]
      else {
        at++
        return value
      }
    }
    throw new PodError('FILTER_MALFORMED', `the filter has a quote ${quote} that is not closed`, {
      at: `${text}\n${' '.repeat(start)}^`,
    })
  }
}
