/** What a text says of a moment so far. */
interface Said {
  hour?: number
  minute?: number
  second?: number
  half?: 0 | 1
  zone?: string
  offset?: number
}

/** Words between the parts of a date. */
const JUMPS = new Set([
  ' ',
  '.',
  ',',
  ';',
  '-',
  '/',
  "'",
  'at',
  'on',
  'and',
  'ad',
  'm',
  't',
  'of',
  'st',
  'nd',
  'rd',
  'th',
])
const WEEKDAYS = /^(mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday)$/
const MONTHS: Readonly<Record<string, number>> = Object.fromEntries(
  ['jan january', 'feb february', 'mar march', 'apr april', 'may', 'jun june', 'jul july', 'aug august']
    .concat('sep sept september', 'oct october', 'nov november', 'dec december')
    .flatMap((names, i) => names.split(' ').map((name) => [name, i + 1])),
)
/** Units of times by their words: hours, minutes, seconds. */
const UNITS: Readonly<Record<string, number>> = {
  h: 0,
  hour: 0,
  hours: 0,
  m: 1,
  minute: 1,
  minutes: 1,
  s: 2,
  second: 2,
  seconds: 2,
}
const HALVES: Readonly<Record<string, 0 | 1>> = { am: 0, a: 0, pm: 1, p: 1 }

const month = (token: string | undefined): number | undefined => MONTHS[token?.toLowerCase() ?? '']
const unit = (token: string | undefined): number | undefined => UNITS[token?.toLowerCase() ?? '']
const half = (token: string | undefined): 0 | 1 | undefined => HALVES[token?.toLowerCase() ?? '']
const jumps = (token: string): boolean => JUMPS.has(token.toLowerCase())

class Unreadable extends Error {}
const no = (): never => {
  throw new Unreadable()
}
const whole = (text: string | undefined): number => (text !== undefined && /^\d+$/.test(text) ? Number(text) : no())
const decimal = (text: string | undefined): number =>
  text !== undefined && /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : no()

/**
 * Tells whether a text names a day or a moment in some way that people write them: `2020-01-03`, `Jan 3rd, 2020 at 3pm`, `3.1.20`,
 * `20200103T1530`, `10:30 UTC`. What it does not say (the year of `3 March`) is taken to be possible.
 * Source: the rules of dateutil 2.9 (`parser.parse`, not fuzzy), with its order of month, day and year.
 */
export function isDateText(text: string): boolean {
  try {
    return read(split(text))
  } catch (error) {
    if (error instanceof Unreadable) return false
    throw error
  }
}

const LETTER = /^\p{L}$/u

/** Splits at changes between letters, digits and everything else; a dot joins what may be one number. */
function split(text: string): string[] {
  const tokens: string[] = []
  const characters = [...text].filter((c) => c !== '\0')
  const isDigit = (c: string): boolean => /^\d$/.test(c)
  for (let at = 0; at < characters.length; ) {
    const first = characters[at]
    if (!LETTER.test(first) && !isDigit(first)) {
      tokens.push(/^\s$/.test(first) ? ' ' : first)
      at++
      continue
    }
    let token = first
    let state = isDigit(first) ? '0' : 'a'
    let letters = state === 'a'
    for (at++; at < characters.length; at++) {
      const next = characters[at]
      if (state === 'a') {
        if (next === '.') state = 'a.'
        else if (!LETTER.test(next)) break
      } else if (state === '0') {
        if (next === '.' || (next === ',' && token.length >= 2)) state = '0.'
        else if (!isDigit(next)) break
      } else if (state === 'a.') {
        if (isDigit(next) && token.endsWith('.')) state = '0.'
        else if (next !== '.' && !LETTER.test(next)) break
      } else if (LETTER.test(next) && token.endsWith('.')) {
        state = 'a.'
        letters = true
      } else if (next !== '.' && !isDigit(next)) break
      token += next
    }
    const dots = token.split('.').length - 1
    if (state.length === 2 && (letters || dots > 1 || /[.,]$/.test(token)))
      tokens.push(...token.split(/([.,])/).filter((part) => part !== ''))
    else tokens.push(state === '0.' && dots === 0 ? token.replaceAll(',', '.') : token)
  }
  return tokens
}

type Part = 'year' | 'month' | 'day'

/** The numbers of a date in the order of the text, and which of them are already known for what. */
interface DateParts {
  readonly values: number[]
  readonly places: { [P in Part]?: number }
}

function add({ values, places }: DateParts, text: string | number, given?: Part): void {
  const isYear = typeof text === 'number' ? text > 100 : /^\d{3,}$/.test(text)
  if (isYear && given !== undefined && given !== 'year') no()
  const part = isYear ? 'year' : given
  values.push(typeof text === 'number' ? Math.trunc(text) : whole(text))
  if (part === undefined) return
  if (places[part] !== undefined) no()
  places[part] = values.length - 1
}

function read(tokens: string[]): boolean {
  const date: DateParts = { values: [], places: {} }
  const said: Said = {}
  let weekday = false
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (/^(\d+\.?\d*|\.\d+)$/.test(token)) i = readNumber(tokens, i, date, said)
    else if (WEEKDAYS.test(token.toLowerCase())) weekday = true
    else if (month(token) !== undefined) i = readMonth(tokens, i, date)
    else if (half(token) !== undefined) {
      if (said.hour === undefined || said.hour > 12) no()
      said.hour = inHalf(said.hour!, half(token)!)
    } else if (mayBeZone(token, said)) {
      said.zone = token
      if (tokens[i + 1] === '+' || tokens[i + 1] === '-') {
        // "GMT+3" names a zone by its offset
        if (/^(utc|gmt|z)$/i.test(token)) said.zone = undefined
      } else if (/^(utc|gmt|z)$/i.test(token)) said.offset = 0
    } else if (said.hour !== undefined && (token === '+' || token === '-')) i = readOffset(tokens, i, said)
    else if (!jumps(token)) no()
  }
  if (date.values.length === 0 && Object.keys(said).length === 0 && !weekday) return false
  return exists(date, said)
}

const inHalf = (hour: number, which: 0 | 1): number =>
  hour < 12 && which === 1 ? hour + 12 : hour === 12 && which === 0 ? 0 : hour

const mayBeZone = (token: string, { hour, zone, offset }: Said): boolean =>
  hour !== undefined &&
  zone === undefined &&
  offset === undefined &&
  token.length <= 5 &&
  (/^[A-Z]+$/.test(token) || token === 'z')

function readMonth(tokens: readonly string[], at: number, date: DateParts): number {
  add(date, month(tokens[at])!, 'month')
  const separator = tokens[at + 1]
  if (separator === '-' || separator === '/') {
    add(date, tokens[at + 2] ?? no())
    if (tokens[at + 3] !== separator) return at + 2
    add(date, tokens[at + 4] ?? no())
    return at + 4
  }
  if (separator === ' ' && tokens[at + 3] === ' ' && tokens[at + 2]?.toLowerCase() === 'of' && tokens.length > at + 4) {
    if (/^\d+$/.test(tokens[at + 4])) add(date, tokens[at + 4].padStart(4, '2'), 'year')
    return at + 4
  }
  return at
}

function readOffset(tokens: readonly string[], at: number, said: Said): number {
  const digits = tokens[at + 1] ?? no()
  let last = at + 1
  let minutes = 0
  if (digits.length === 4) minutes = whole(digits.slice(0, 2)) * 60 + whole(digits.slice(2))
  else if (tokens[at + 2] === ':') {
    minutes = whole(digits) * 60 + whole(tokens[at + 3])
    last = at + 3
  } else if (digits.length <= 2) minutes = whole(digits) * 60
  else no()
  said.offset = minutes
  const name = tokens[last + 3]
  if (jumps(tokens[last + 1] ?? '?') && tokens[last + 2] === '(' && tokens[last + 4] === ')' && name.length >= 3)
    last += 4
  return last
}

/** Seconds with their fraction. */
const seconds = (text: string | undefined): number => Math.trunc(decimal(text))

function readNumber(tokens: readonly string[], at: number, date: DateParts, said: Said): number {
  const token = tokens[at]
  const value = decimal(token)
  const next = tokens[at + 1]
  const n = token.length
  if (
    date.values.length === 3 &&
    (n === 2 || n === 4) &&
    said.hour === undefined &&
    (next === undefined || (next !== ':' && unit(next) === undefined))
  ) {
    said.hour = whole(token.slice(0, 2))
    if (n === 4) said.minute = whole(token.slice(2))
    return at
  }
  if (n === 6 || (n > 6 && token.indexOf('.') === 6)) {
    if (date.values.length === 0 && !token.includes('.'))
      for (const start of [0, 2, 4]) add(date, token.slice(start, start + 2))
    else {
      said.hour = whole(token.slice(0, 2))
      said.minute = whole(token.slice(2, 4))
      said.second = seconds(token.slice(4))
    }
    return at
  }
  if (n === 8 || n === 12 || n === 14) {
    add(date, token.slice(0, 4), 'year')
    add(date, token.slice(4, 6))
    add(date, token.slice(6, 8))
    if (n > 8) {
      said.hour = whole(token.slice(8, 10))
      said.minute = whole(token.slice(10, 12))
      if (n > 12) said.second = whole(token.slice(12))
    }
    return at
  }
  const label = labelOf(tokens, at)
  if (label !== undefined) {
    const which = unit(tokens[label])! + (label < at ? 1 : 0)
    if (which === 0) said.hour = Math.trunc(value)
    else if (which === 1) said.minute = Math.trunc(value)
    else if (which === 2) said.second = Math.trunc(value)
    return Math.max(at, label)
  }
  if (next === ':' && tokens[at + 2] !== undefined) {
    said.hour = Math.trunc(value)
    said.minute = Math.trunc(decimal(tokens[at + 2]))
    if (tokens[at + 3] !== ':' || tokens[at + 4] === undefined) return at + 2
    said.second = seconds(tokens[at + 4])
    return at + 4
  }
  if (next === '-' || next === '/' || next === '.') {
    add(date, token)
    const second = tokens[at + 2]
    if (second === undefined || jumps(second)) return at + 1
    addDayOrMonth(date, second)
    if (tokens[at + 3] !== next) return at + 2
    addDayOrMonth(date, tokens[at + 4] ?? no())
    return at + 4
  }
  if (next === undefined || jumps(next)) {
    const which = half(tokens[at + 2])
    if (which !== undefined) {
      said.hour = inHalf(Math.trunc(value), which)
      return at + 2
    }
    add(date, value)
    return at + 1
  }
  const which = half(next)
  if (which !== undefined && value < 24) {
    said.hour = inHalf(Math.trunc(value), which)
    return at + 1
  }
  if (mayBeDay(date, value)) {
    add(date, value)
    return at
  }
  return no()
}

const addDayOrMonth = (date: DateParts, token: string): void => {
  const named = month(token)
  if (named === undefined) add(date, token)
  else add(date, named, 'month')
}

/** The word that says what a number counts: after it, or before it. */
function labelOf(tokens: readonly string[], at: number): number | undefined {
  if (unit(tokens[at + 1]) !== undefined) return at + 1
  if (tokens[at + 1] === ' ' && unit(tokens[at + 2]) !== undefined) return at + 2
  if (at > 0 && unit(tokens[at - 1]) !== undefined) return at - 1
  return at > 1 && at === tokens.length - 1 && tokens[at - 1] === ' ' && unit(tokens[at - 2]) !== undefined
    ? at - 2
    : undefined
}

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year || 2000, month, 0)).getUTCDate()

function mayBeDay({ values, places }: DateParts, value: number): boolean {
  if (places.day !== undefined || value < 1) return false
  if (places.month === undefined) return value <= 31
  const year = places.year === undefined ? 2000 : values[places.year]
  return value <= daysIn(year, values[places.month])
}

/** Which of the numbers are year, month and day. */
function resolve({ values, places }: DateParts): { year?: number; month?: number; day?: number } {
  const known = Object.entries(places) as [Part, number][]
  if ((known.length === values.length && known.length > 0) || (values.length === 3 && known.length === 2)) {
    const found = new Map(known)
    if (values.length === 3 && known.length === 2) {
      const place = [0, 1, 2].find((i) => !known.some(([, p]) => p === i))!
      const part = (['year', 'month', 'day'] as const).find((p) => !found.has(p))!
      found.set(part, place)
    }
    return Object.fromEntries([...found].map(([part, place]) => [part, values[place]]))
  }
  const [a, b, c] = values
  const named = places.month
  const of = (...order: readonly Part[]) => Object.fromEntries(order.map((part, i) => [part, values[i]]))
  if (values.length > 3) return no()
  if (values.length === 0) return {}
  if (values.length === 1 || (named !== undefined && values.length === 2)) {
    const other = named === undefined ? a : values.at(named - 1)!
    const said = named === undefined ? {} : { month: values[named] }
    if (values.length === 1 && named !== undefined) return said
    return other > 31 ? { ...said, year: other } : { ...said, day: other }
  }
  if (values.length === 2) return a > 31 ? of('year', 'month') : b > 31 ? of('month', 'year') : of('month', 'day')
  void c
  if (named === 0) return b > 31 ? of('month', 'year', 'day') : of('month', 'day', 'year')
  if (named === 1) return a > 31 ? of('year', 'month', 'day') : of('day', 'month', 'year')
  if (named === 2) return b > 31 ? of('day', 'year', 'month') : of('year', 'day', 'month')
  if (a > 31 || places.year === 0) return of('year', 'month', 'day')
  return a > 12 ? of('day', 'month', 'year') : of('month', 'day', 'year')
}

function exists(date: DateParts, { hour = 0, minute = 0, second = 0, offset = 0 }: Said): boolean {
  const { year, month: m, day } = resolve(date)
  const full = year === undefined ? 2000 : year < 100 && date.places.year === undefined ? 2000 + year : year
  if (full < 1 || full > 9999 || (m !== undefined && (m < 1 || m > 12))) return false
  if (day !== undefined && (day < 1 || day > daysIn(full, m ?? 1))) return false
  return hour < 24 && minute < 60 && second < 60 && offset < 24 * 60
}
