import { PodError } from '@mlpod/contract'
import { type Dice, diceOf } from '../rows/dice.ts'
import { patternText } from '../rows/patternText.ts'
import { codePoints } from '../rows/scalars.ts'
import { timeOfLimit, timeOfUnix } from '../rows/times.ts'
import type { RuleName } from '../rules.ts'
import type { Column, RowSchema } from '../schema.ts'

type Value = string | number | boolean | null
type Row = Record<string, Value>

/** Tries for a value that fulfils everything at once before it is given up. */
const TRIES = 1000
/** How often a value is missing where it may be. */
const MISSING = 0.1
/** How often a number is a limit itself. */
const EDGE = 0.1

/**
 * Makes n rows that a schema allows, by a seed: the same seed gives the same rows. Limits themselves and missing values are among
 * them. Throws `ROWS_EXHAUSTED` when no more row can be found (of unique values there may be fewer than n), and
 * `PATTERN_UNSUPPORTED` for patterns that no text can be made for.
 */
export function rowsOf<R>(schema: RowSchema<R>, n: number, { seed = 0 }: { readonly seed?: number } = {}): R[] {
  const sets = [
    ...Object.keys(schema.columns)
      .filter((name) => schema.columns[name].unique)
      .map((name) => [name]),
    ...(schema.unique ?? []),
  ]
  const makers = Object.entries(schema.columns).map(([name, column]) => [name, makerOf(name, column)] as const)
  const dice = diceOf(seed, 'rows')
  const seen = sets.map(() => new Set<string>())
  const keyOf = (row: Row, names: readonly string[]): string | undefined => {
    const values = names.map((name) => row[name])
    return values.every((value) => value === null) ? undefined : JSON.stringify(values)
  }
  return Array.from({ length: n }, (_, i) => {
    for (let tries = 0; tries < TRIES; tries++) {
      const row: Row = Object.fromEntries(makers.map(([name, make]) => [name, make(dice)]))
      const keys = sets.map((names) => keyOf(row, names))
      if (keys.some((key, j) => key !== undefined && seen[j].has(key))) continue
      keys.forEach((key, j) => {
        if (key !== undefined) seen[j].add(key)
      })
      return row as R
    }
    throw new PodError('ROWS_EXHAUSTED', `of the schema only ${i} rows were found, not ${n}`, {
      hint: 'ask for fewer rows, or allow more values where they must be unique',
    })
  })
}

/** A row with one value that its schema does not allow. */
export interface BrokenRow<R> {
  readonly row: R
  readonly column: string
  readonly rule: RuleName
}

/** Makes n rows by a seed that each break one rule of one column (other rules of that column may break with it). */
export function brokenRowsOf<R>(
  schema: RowSchema<R>,
  n: number,
  { seed = 0 }: { readonly seed?: number } = {},
): BrokenRow<R>[] {
  const dice = diceOf(seed, 'broken rows')
  const ways = Object.entries(schema.columns).flatMap(([column, said]) =>
    Object.entries(breakers).flatMap(([rule, breaker]) => {
      const value = breaker(said, diceOf(seed, `${rule} of ${column}`))
      return value === undefined ? [] : [{ column, rule: rule as RuleName, value }]
    }),
  )
  if (ways.length === 0) throw new PodError('ROWS_EXHAUSTED', 'the schema allows every value: no row breaks it')
  return rowsOf(schema, n, { seed }).map((row) => {
    const { column, rule, value } = ways[dice.below(ways.length)]
    return { row: { ...row, [column]: value }, column, rule }
  })
}

function makerOf(name: string, column: Column): (dice: Dice) => Value {
  const make = column.values ? one(column.values) : makers[column.type](column, name)
  return column.nullable ? (dice) => (dice.uniform() < MISSING ? null : make(dice)) : make
}

const one =
  (values: readonly Value[]) =>
  (dice: Dice): Value =>
    values[dice.below(values.length)]

type Maker = (column: Column, name: string) => (dice: Dice) => Value

/** Makers of the values of each type. */
const makers: { readonly [T in Column['type']]: Maker } = {
  int: ({ min, max, above, below, multipleOf = 1 }, name) => {
    const unit = Number.isInteger(multipleOf) ? multipleOf : refuse(name)
    const low = Math.max(
      ...[min, above === undefined ? undefined : Math.floor(above) + 1].filter(isNumber).map(Math.ceil),
    )
    const high = Math.min(
      ...[max, below === undefined ? undefined : Math.ceil(below) - 1].filter(isNumber).map(Math.floor),
    )
    const from = Math.ceil((Number.isFinite(low) ? low : Math.min(-1000 * unit, high - 1000 * unit)) / unit)
    const to = Math.floor((Number.isFinite(high) ? high : Math.max(1000 * unit, (from + 1000) * unit)) / unit)
    if (from > to) return refuse(name)
    return (dice) => {
      const edge = dice.uniform()
      const step = edge < EDGE / 2 ? from : edge < EDGE ? to : from + dice.below(to - from + 1)
      return step * unit + 0
    }
  },
  float: ({ min, max, above, below, multipleOf }, name) => {
    const low = Math.max(...[min, above].filter(isNumber))
    const high = Math.min(...[max, below].filter(isNumber))
    const from = Number.isFinite(low) ? low : Math.min(-1000, high - 1000)
    const to = Number.isFinite(high) ? high : Math.max(1000, from + 1000)
    const isIn = (x: number): boolean =>
      x >= from && x <= to && !(above !== undefined && x <= above) && !(below !== undefined && x >= below)
    if (multipleOf !== undefined) {
      const [first, last] = [Math.ceil(from / multipleOf), Math.floor(to / multipleOf)]
      return found(name, (dice) => (first + dice.below(last - first + 1)) * multipleOf, isIn)
    }
    return found(
      name,
      (dice) => {
        const edge = dice.uniform()
        return edge < EDGE / 2 ? from : edge < EDGE ? to : from + dice.uniform() * (to - from)
      },
      isIn,
    )
  },
  bool: () => (dice) => dice.uniform() < 0.5,
  string: ({ minLength = 0, maxLength = minLength + 12, pattern }, name) => {
    if (pattern !== undefined) {
      const make = patternText(pattern)
      const expression = new RegExp(pattern, 'u')
      const isIn = (text: string): boolean => {
        const length = codePoints(text)
        return length >= minLength && length <= maxLength && expression.test(text)
      }
      return found(name, make, isIn)
    }
    return (dice) => {
      const length = minLength + dice.below(maxLength - minLength + 1)
      return Array.from({ length }, () => LETTERS[dice.below(LETTERS.length)]).join('')
    }
  },
  date: ({ min, max }, name) => {
    const [from, to] = days(min, max)
    if (from > to) return refuse(name)
    return (dice) => timeOfUnixSeconds((from + dice.below(to - from + 1)) * DAY).slice(0, 10)
  },
  timestamp: ({ min, max }, name) => {
    const [from, to] = [seconds(min, 'ceil') ?? FROM, seconds(max, 'floor') ?? TO]
    const [low, high] = [
      max === undefined ? from : Math.min(from, min === undefined ? to : from),
      Math.max(to, max === undefined ? from + YEAR : to),
    ]
    // within less than a second there may be no whole one
    const least = timeOfLimit(String(min ?? ''))?.moment
    if (low > high) return least === undefined ? refuse(name) : () => least
    return (dice) => timeOfUnixSeconds(low + dice.below(high - low + 1))
  },
}

/** Letters of one and of two units, a space and a quote. */
const LETTERS = [...`abcdefghijklmnopqrstuvwxyz ABCXYZ019'é\u{1f600}`]
const DAY = 86_400
const YEAR = 365 * DAY
const FROM = Date.UTC(2000, 0, 1) / 1000
const TO = Date.UTC(2030, 0, 1) / 1000
const isNumber = (limit: number | string | undefined): limit is number => typeof limit === 'number'
const seconds = (limit: number | string | undefined, round: 'ceil' | 'floor'): number | undefined => {
  const time = limit === undefined ? undefined : timeOfLimit(String(limit))
  return time && Math[round](Date.parse(time.moment) / 1000)
}
const days = (min: Column['min'], max: Column['max']): readonly [number, number] => {
  const [low, high] = [seconds(min, 'ceil'), seconds(max, 'floor')]
  const from = low ?? Math.min(FROM, (high ?? FROM) - YEAR)
  const to = high ?? Math.max(TO, from + YEAR)
  return [Math.ceil(from / DAY), Math.floor(to / DAY)]
}
/** A moment of whole seconds, however far from 1970. */
const timeOfUnixSeconds = (seconds: number): string =>
  timeOfUnix(Math.abs(seconds) > 2e10 ? seconds * 1000 : seconds)!.moment

function found<T extends Value>(name: string, make: (dice: Dice) => T, isIn: (value: T) => boolean): (dice: Dice) => T {
  return (dice) => {
    for (let tries = 0; tries < TRIES; tries++) {
      const value = make(dice)
      if (isIn(value)) return value
    }
    return refuse(name)
  }
}

function refuse(name: string): never {
  throw new PodError('ROWS_EXHAUSTED', `no value of the column "${name}" was found that fulfils all its rules`)
}

/** A value that breaks a rule, undefined where the rule is not stated. */
const breakers: { readonly [R in RuleName]?: (column: Column, dice: Dice) => Value | undefined } = {
  nullable: ({ nullable }) => (nullable ? undefined : null),
  finite: ({ type, finite = true, values }) => (type === 'float' && finite && !values ? Infinity : undefined),
  min: ({ type, min }) => (min === undefined ? undefined : typeof min === 'number' ? min - 1 : shifted(type, min, -1)),
  max: ({ type, max }) => (max === undefined ? undefined : typeof max === 'number' ? max + 1 : shifted(type, max, 1)),
  above: ({ type, above }) => (above === undefined ? undefined : type === 'int' ? Math.floor(above) : above),
  below: ({ type, below }) => (below === undefined ? undefined : type === 'int' ? Math.ceil(below) : below),
  multipleOf: ({ type, multipleOf }) =>
    multipleOf === undefined || (type === 'int' && multipleOf === 1)
      ? undefined
      : type === 'int'
        ? multipleOf + 1
        : 1.5 * multipleOf,
  values: ({ type, values }) => {
    if (values === undefined || type === 'bool') return undefined
    return type === 'string' ? `${values.join('')}?` : Math.max(...values.map(Number)) + 1
  },
  length: ({ minLength = 0, maxLength }) =>
    maxLength !== undefined ? 'x'.repeat(maxLength + 1) : minLength > 0 ? 'x'.repeat(minLength - 1) : undefined,
  pattern: ({ pattern }, dice) => {
    if (pattern === undefined) return undefined
    const expression = new RegExp(pattern, 'u')
    for (let tries = 0; tries < TRIES; tries++) {
      const text = Array.from({ length: dice.below(6) }, () => LETTERS[dice.below(LETTERS.length)]).join('')
      if (!expression.test(text)) return text
    }
    return undefined
  },
}

const shifted = (type: Column['type'], limit: string, by: 1 | -1): string => {
  const moment = timeOfUnixSeconds(seconds(limit, by > 0 ? 'ceil' : 'floor')! + by * DAY)
  return type === 'date' ? moment.slice(0, 10) : moment
}
