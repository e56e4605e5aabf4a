import { didYouMean, type Json, PodError } from '@mlpod/contract'

/** A value that is computed when a suite is run. */
export interface SuiteParameter {
  /** An expression: a name, numbers, `+ - * / ^`, `now()`, `timedelta(days=1)`, `abs`, `round`, ... */
  readonly $PARAMETER: string
}

/** Returns a parameter of a suite, for use in place of a value of an expectation. */
export const parameter = (expression: string): SuiteParameter => ({ $PARAMETER: expression })

/** Tells whether a value is a parameter. */
export const isParameter = (value: unknown): value is SuiteParameter =>
  typeof value === 'object' && value !== null && '$PARAMETER' in value

/** What parameters are computed from. */
export interface ParameterWorld {
  readonly values: Readonly<Record<string, Json>>
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Returns a value with every parameter in it computed. Throws `PARAMETER_INVALID` and `PARAMETER_UNKNOWN`. */
export function resolve(value: Json | undefined, world: ParameterWorld): Json | undefined {
  if (isParameter(value)) return evaluate(value.$PARAMETER, world)
  if (Array.isArray(value)) return value.map((item) => resolve(item, world) ?? null)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, world)]))
}

/** Tells whether there is a parameter in a value. */
export const hasParameter = (value: unknown): boolean =>
  isParameter(value) ||
  (Array.isArray(value) && value.some(hasParameter)) ||
  (typeof value === 'object' && value !== null && Object.values(value).some(hasParameter))

type Value =
  | { readonly is: 'number'; readonly number: number }
  /** Milliseconds since 1970, and milliseconds. */
  | { readonly is: 'moment' | 'duration'; readonly ms: number }

const MS: Readonly<Record<string, number>> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
  microseconds: 0.001,
}

const numeric: Readonly<Record<string, (x: number) => number>> = {
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  exp: Math.exp,
  abs: Math.abs,
  trunc: Math.trunc,
  // Python rounds half to even
  round: (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)),
  sgn: (x) => (Math.abs(x) <= 1e-12 ? 0 : Math.sign(x)),
}
const CONSTANTS: Readonly<Record<string, number>> = { E: Math.E, PI: Math.PI }

const TOKEN = /\s*(?:(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?<word>[A-Za-z_][\w$.]*)|(?<mark>[-+*/^(),=]))/y

/**
 * Returns the value of an expression: a number, or an ISO text for a moment; a name alone gives its value whatever that is.
 * Source: the grammar of suite parameters of Great Expectations 1.24. Nothing but the functions named here can be called.
 */
export function evaluate(expression: string, { values, now }: ParameterWorld): Json {
  if (Object.hasOwn(values, expression)) return values[expression]
  const tokens: string[] = []
  const fail = (at: string): never => {
    throw new PodError('PARAMETER_INVALID', `the parameter ${JSON.stringify(expression)} is not understood at ${at}`)
  }
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < expression.trimEnd().length; ) {
    const start = TOKEN.lastIndex
    const match = TOKEN.exec(expression)
    if (match === null) return fail(`"${expression.slice(start).trim()}"`)
    tokens.push(match[0].trim())
  }
  let at = 0
  const peek = (): string => tokens[at] ?? ''
  const take = (text: string): boolean => {
    if (peek() !== text) return false
    at++
    return true
  }
  const expect = (text: string): void => {
    if (!take(text)) fail(peek() === '' ? 'its end' : `"${peek()}"`)
  }

  const total = (): Value => {
    let left = product()
    for (let sign = peek(); sign === '+' || sign === '-'; sign = peek()) {
      at++
      left = added(left, product(), sign === '+' ? 1 : -1)
    }
    return left
  }
  const product = (): Value => {
    let left = power()
    for (let sign = peek(); sign === '*' || sign === '/'; sign = peek()) {
      at++
      left = multiplied(left, power(), sign)
    }
    return left
  }
  const power = (): Value => {
    const base = signed()
    // from right to left: 2^3^2 is 2^9
    return take('^') ? { is: 'number', number: plain(base) ** plain(power()) } : base
  }
  const signed = (): Value => {
    if (take('+')) return signed()
    if (!take('-')) return atom()
    const value = signed()
    return value.is === 'number'
      ? { is: 'number', number: -value.number }
      : value.is === 'duration'
        ? { is: 'duration', ms: -value.ms }
        : fail('"-"')
  }
  const atom = (): Value => {
    if (take('(')) {
      const value = total()
      expect(')')
      return value
    }
    const token = peek()
    at++
    if (/^[\d.]/.test(token)) return { is: 'number', number: Number(token) }
    if (!/^[A-Za-z_]/.test(token)) return fail(token === '' ? 'its end' : `"${token}"`)
    return take('(') ? called(token) : variable(token)
  }
  const variable = (name: string): Value => {
    if (Object.hasOwn(values, name)) return valueOf(values[name], name)
    const constant = CONSTANTS[name.toUpperCase()]
    if (constant !== undefined) return { is: 'number', number: constant }
    throw new PodError(
      'PARAMETER_UNKNOWN',
      `there is no suite parameter "${name}"${didYouMean(name, Object.keys(values))}`,
      { hint: 'give its value when the suite is run: { parameters: { ... } }' },
    )
  }
  const valueOf = (value: Json, name: string): Value => {
    if (typeof value === 'number') return { is: 'number', number: value }
    const ms =
      typeof value === 'string'
        ? Date.parse(/\dZ$|[+-]\d\d:?\d\d$|^.{10}$/.test(value) ? value : `${value}Z`)
        : Number.NaN
    return Number.isNaN(ms) ? fail(`"${name}", which is ${JSON.stringify(value)}`) : { is: 'moment', ms }
  }
  function called(name: string): Value {
    const given: number[] = []
    const named: Record<string, number> = {}
    while (!take(')')) {
      if (tokens[at + 1] === '=') {
        const key = peek()
        at += 2
        named[key] = plain(total())
      } else given.push(plain(total()))
      if (peek() !== ')') expect(',')
    }
    if (name === 'now') return { is: 'moment', ms: now }
    if (name === 'datetime') {
      const [year, month = 1, day = 1, hour = 0, minute = 0, second = 0] = [
        'year',
        'month',
        'day',
        'hour',
        'minute',
        'second',
      ].map((unit, i) => given[i] ?? named[unit])
      return { is: 'moment', ms: Date.UTC(year, month - 1, day, hour, minute, second) }
    }
    if (name === 'timedelta') {
      const unknown = Object.keys(named).find((unit) => MS[unit] === undefined)
      if (unknown !== undefined) fail(`"${unknown}", which is no unit${didYouMean(unknown, Object.keys(MS))}`)
      const inOrder = ['days', 'seconds', 'microseconds', 'milliseconds', 'minutes', 'hours', 'weeks']
      const ms =
        given.reduce((sum, n, i) => sum + n * (MS[inOrder[i]] ?? 0), 0) +
        Object.entries(named).reduce((sum, [unit, n]) => sum + n * MS[unit], 0)
      return { is: 'duration', ms }
    }
    const call = Object.hasOwn(numeric, name) ? numeric[name] : undefined
    if (call === undefined)
      return fail(
        `"${name}", which is no function${didYouMean(name, [...Object.keys(numeric), 'now', 'datetime', 'timedelta'])}`,
      )
    return given.length === 1 ? { is: 'number', number: call(given[0]) } : fail(`"${name}", which takes one number`)
  }
  function added(a: Value, b: Value, sign: 1 | -1): Value {
    if (a.is === 'number' && b.is === 'number') return { is: 'number', number: a.number + sign * b.number }
    if (a.is === 'number' || b.is === 'number') return fail('a sum of a number and a time')
    if (b.is === 'duration') return { is: a.is, ms: a.ms + sign * b.ms }
    if (a.is === 'moment' && sign === -1) return { is: 'duration', ms: a.ms - b.ms }
    return a.is === 'duration' && sign === 1 ? { is: 'moment', ms: a.ms + b.ms } : fail('a sum of two moments')
  }
  function multiplied(a: Value, b: Value, sign: string): Value {
    if (a.is === 'number' && b.is === 'number')
      return { is: 'number', number: sign === '*' ? a.number * b.number : a.number / b.number }
    if (a.is === 'duration' && b.is === 'number')
      return { is: 'duration', ms: sign === '*' ? a.ms * b.number : a.ms / b.number }
    if (a.is === 'number' && b.is === 'duration' && sign === '*') return { is: 'duration', ms: a.number * b.ms }
    return fail(`"${sign}" of a time`)
  }
  const plain = (value: Value): number => (value.is === 'number' ? value.number : fail('a time where a number stands'))

  const value = total()
  if (at < tokens.length) fail(`"${peek()}"`)
  if (value.is === 'number') return Number.isFinite(value.number) ? value.number : fail(`its value ${value.number}`)
  if (value.is === 'duration') return value.ms / 1000
  return new Date(value.ms).toISOString().replace('.000Z', 'Z')
}
