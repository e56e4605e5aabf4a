import type { Column, ColumnType } from '../schema.ts'
import { bare, loosen, type Notes, REFUSED, type Reader, type ReadOptions, refuse, WrittenAsFloat } from './reader.ts'
import { isDay, isMoment, type ReadTime, timeOfLimit, timeOfText, timeOfUnix } from './times.ts'

type Judge<T> = (value: T, notes: Notes, input: unknown) => unknown
type Scalar = (column: Column, options: ReadOptions) => Reader

/** Readers of each type of column: what pydantic takes for one, in its lax and in its strict mode, from JSON. */
export const scalars: { readonly [T in ColumnType]: Scalar } = {
  int: (column, { strict, bigints }) => {
    const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity, multipleOf } = column as NumberColumn
    const judge = limits(column)
    const exact = (value: bigint, notes: Notes, input: unknown) => {
      const number = Number(value)
      if (Number.isSafeInteger(number)) return judge(number, notes, input)
      const kept = judge(value, notes, input)
      return kept === REFUSED || bigints ? kept : refuse(notes, 'int_unsafe', input)
    }
    return {
      holds: (value) =>
        typeof value === 'number' &&
        Number.isSafeInteger(value) &&
        (value !== 0 || Object.is(value, 0)) &&
        value >= min &&
        value <= max &&
        value > above &&
        value < below &&
        (multipleOf === undefined || value % multipleOf === 0),
      read(value, notes) {
        if (typeof value === 'bigint') return exact(value, notes, value)
        if (value instanceof WrittenAsFloat && strict) return refuse(notes, 'int_type', value)
        const number = bare(value)
        if (value !== number) loosen(notes, 2)
        if (typeof number === 'number') {
          if (Number.isSafeInteger(number)) return judge(number + 0, notes, value)
          if (strict && !Number.isInteger(number)) return refuse(notes, 'int_type', number)
          if (!Number.isFinite(number)) return refuse(notes, 'finite_number', number)
          // beyond 2^53 a number may have been rounded already
          return refuse(notes, Number.isInteger(number) ? 'int_unsafe' : 'int_from_float', number)
        }
        if (strict) return refuse(notes, 'int_type', value)
        loosen(notes, 2)
        if (typeof value === 'boolean') return judge(value ? 1 : 0, notes, value)
        if (typeof value !== 'string') return refuse(notes, 'int_type', value)
        const text = WHOLE.exec(value)
        if (text === null) return refuse(notes, 'int_parsing', value)
        const written = digits(text[1])
        return written.length < 16 ? judge(Number(written) + 0, notes, value) : exact(BigInt(written), notes, value)
      },
    }
  },

  float: (column, { strict }) => {
    const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity, multipleOf } = column as NumberColumn
    const { finite = true } = column
    const bounded = limits(column)
    const isOpen = [min, max, above, below].every((limit) => Math.abs(limit) === Infinity) && multipleOf === undefined
    const judge: Judge<number> = (value, notes, input) =>
      finite && !Number.isFinite(value) ? refuse(notes, 'finite_number', input) : bounded(value, notes, input)
    return {
      holds: isOpen
        ? (value) => typeof value === 'number' && (!finite || Number.isFinite(value))
        : (value) =>
            typeof value === 'number' &&
            Number.isFinite(value) &&
            value >= min &&
            value <= max &&
            value > above &&
            value < below &&
            (multipleOf === undefined || isMultiple(value, multipleOf)),
      read(value, notes) {
        const number = typeof value === 'bigint' ? Number(value) : bare(value)
        if (typeof number === 'number') {
          if (value === number && Number.isInteger(number)) loosen(notes, 1)
          return judge(number, notes, number)
        }
        if (strict) return refuse(notes, 'float_type', value)
        loosen(notes, 2)
        if (typeof value === 'boolean') return judge(value ? 1 : 0, notes, value)
        if (typeof value !== 'string') return refuse(notes, 'float_type', value)
        const text = value.trim()
        if (NUMBER.test(text)) return judge(Number(digits(text)), notes, value)
        const named = NAMED.exec(text)
        if (named === null) return refuse(notes, 'float_parsing', value)
        const [, sign, name] = named
        return judge(name.toLowerCase() === 'nan' ? Number.NaN : sign === '-' ? -Infinity : Infinity, notes, value)
      },
    }
  },

  bool: (_, { strict }) => ({
    holds: (value) => typeof value === 'boolean',
    read(value, notes) {
      if (typeof value === 'boolean') return value
      if (strict) return refuse(notes, 'bool_type', value)
      loosen(notes, 2)
      const number = bare(value)
      if (typeof number === 'number')
        return number === 0 || number === 1
          ? number === 1
          : refuse(notes, Number.isInteger(number) ? 'bool_parsing' : 'bool_type', number)
      if (typeof value !== 'string')
        return refuse(notes, typeof value === 'bigint' ? 'bool_parsing' : 'bool_type', value)
      return TRUTHS.get(value.toLowerCase()) ?? refuse(notes, 'bool_parsing', value)
    },
  }),

  string: ({ minLength = 0, maxLength = Infinity, pattern }) => {
    const expression = pattern === undefined ? undefined : new RegExp(pattern, 'u')
    const isLong = minLength === 0 && maxLength === Infinity ? () => true : lengthBetween(minLength, maxLength)
    return {
      holds:
        expression === undefined
          ? (value) => typeof value === 'string' && isLong(value)
          : (value) => typeof value === 'string' && isLong(value) && expression.test(value),
      read(value, notes) {
        if (typeof value !== 'string') return refuse(notes, 'string_type', value)
        if (!isLong(value)) {
          const isShort = codePoints(value) < minLength
          return isShort
            ? refuse(notes, 'string_too_short', value, { min_length: minLength })
            : refuse(notes, 'string_too_long', value, { max_length: maxLength })
        }
        if (expression !== undefined && !expression.test(value))
          return refuse(notes, 'string_pattern_mismatch', value, { pattern: pattern! })
        return value
      },
    }
  },

  date: (column, { strict }) => {
    const judge = timeLimits(column, ({ day }) => day)
    return {
      holds: (value) => typeof value === 'string' && isDay(value) && judge.holds(value),
      read(value, notes) {
        if (typeof value === 'string') {
          if (isDay(value)) return judge.read(value, notes, value)
          const time = timeOfText(value)
          // seconds since 1970 in a text are a way to write a day, even strictly
          const isMeant = time?.zero && (!strict || time.unix)
          if (isMeant || !(strict || YEAR_ZERO.test(value))) return dayOf(time, notes, value)
          return refuse(notes, 'date_parsing', value, { error: NO_DAY })
        }
        const number = strict ? undefined : unix(value)
        return number === undefined ? refuse(notes, 'date_type', value) : dayOf(timeOfUnix(number), notes, number)
      },
    }
    function dayOf(time: ReadTime | undefined, notes: Notes, input: unknown): unknown {
      if (time === undefined) return refuse(notes, 'date_from_datetime_parsing', input, { error: NO_TIME })
      if (!time.zero) return refuse(notes, 'date_from_datetime_inexact', input)
      loosen(notes, 2)
      return judge.read(time.day, notes, input)
    }
  },

  timestamp: (column, { strict }) => {
    const judge = timeLimits(column, ({ moment }) => moment.slice(0, -1))
    const read = (moment: string, notes: Notes, input: unknown) =>
      judge.read(moment.slice(0, -1), notes, input) === REFUSED ? REFUSED : moment
    return {
      holds: judge.open
        ? (value) => typeof value === 'string' && isMoment(value)
        : (value) => typeof value === 'string' && isMoment(value) && judge.holds(value.slice(0, -1)),
      read(value, notes) {
        if (typeof value === 'string') {
          const time = timeOfText(value)
          if (time === undefined || (strict && time.dayAlone))
            return refuse(
              notes,
              strict || YEAR_ZERO.test(value) ? 'datetime_parsing' : 'datetime_from_date_parsing',
              value,
              {
                error: NO_TIME,
              },
            )
          if (time.dayAlone) loosen(notes, 2)
          return read(time.moment, notes, value)
        }
        const number = strict ? undefined : unix(value)
        if (number === undefined) return refuse(notes, 'datetime_type', value)
        const time = timeOfUnix(number)
        if (time === undefined) return refuse(notes, 'datetime_parsing', number, { error: NO_UNIX })
        loosen(notes, 2)
        return read(time.moment, notes, value)
      },
    }
  },
}

type NumberColumn = Column & { readonly min?: number; readonly max?: number }

/** A whole number as a text, underscores between digits and zeros behind the point allowed; the digits are the first group. */
const WHOLE = /^\s*([+-]?\d+(?:_\d+)*)(?:\.0+)?\s*$/
const NUMBER = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+)(?:[eE][+-]?\d+)?$/
const NAMED = /^([+-]?)(inf|infinity|nan)$/i
/** The text without underscores, and without a plus in front (BigInt knows none). */
const digits = (text: string): string => {
  const plain = text.includes('_') ? text.replaceAll('_', '') : text
  return plain[0] === '+' ? plain.slice(1) : plain
}
const YEAR_ZERO = /^0000-(?:0[1-9]|1[0-2])-\d\d$/
const NO_DAY = 'it is no day of the calendar'
const NO_TIME = 'it is no day or moment in ISO 8601'
const NO_UNIX = 'the years 1 to 9999 are as far as seconds since 1970 go'

const TRUTHS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'true', 'y', 'yes', 'on'].map((word) => [word, true] as const),
  ...['0', 'f', 'false', 'n', 'no', 'off'].map((word) => [word, false] as const),
])

const unix = (value: unknown): number | undefined => {
  const number = typeof value === 'bigint' ? Number(value) : bare(value)
  return typeof number === 'number' ? number : undefined
}

/** Tells whether a number is a whole multiple of another, up to a part in 10^9 of it. Source: pydantic-core. */
const isMultiple = (value: number, unit: number): boolean => {
  const rest = Math.abs(value % unit)
  const slack = Math.abs(value) / 1e9
  return rest <= slack || Math.abs(rest - unit) <= slack
}

/** Judges a number by the limits of a column, in pydantic's order: the first that is not kept is told. */
function limits({ type, min, max, above, below, multipleOf }: Column): Judge<number | bigint> {
  const isWhole = (value: number | bigint): boolean =>
    typeof value === 'bigint'
      ? Number.isInteger(multipleOf) && value % BigInt(multipleOf!) === 0n
      : type === 'int'
        ? value % multipleOf! === 0
        : isMultiple(value, multipleOf!)
  // NaN is within no limits, so every one is asked for, not for its contrary
  return (value, notes, input) => {
    if (multipleOf !== undefined && !isWhole(value))
      return refuse(notes, 'multiple_of', input, { multiple_of: multipleOf })
    if (max !== undefined && !(value <= (max as number))) return refuse(notes, 'less_than_equal', input, { le: max })
    if (below !== undefined && !(value < below)) return refuse(notes, 'less_than', input, { lt: below })
    if (min !== undefined && !(value >= (min as number))) return refuse(notes, 'greater_than_equal', input, { ge: min })
    if (above !== undefined && !(value > above)) return refuse(notes, 'greater_than', input, { gt: above })
    return value
  }
}

/** Judges days or moments by the limits of a column: in one form, texts are in the order of time. */
function timeLimits({ min, max }: Column, form: (time: ReadTime) => string) {
  const [low, high] = [min, max].map((limit) => {
    const time = limit === undefined ? undefined : timeOfLimit(String(limit))
    return time && form(time)
  })
  const read: Judge<string> = (value, notes, input) => {
    if (high !== undefined && value > high) return refuse(notes, 'less_than_equal', input, { le: String(max) })
    if (low !== undefined && value < low) return refuse(notes, 'greater_than_equal', input, { ge: String(min) })
    return value
  }
  const holds = (value: string): boolean => (high === undefined || value <= high) && (low === undefined || value >= low)
  return { read, holds, open: low === undefined && high === undefined }
}

/** The number of code points of a text. */
export function codePoints(text: string): number {
  let n = text.length
  for (let i = text.length - 1; i > 0; i--)
    if ((text.charCodeAt(i) & 0xfc00) === 0xdc00 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800) {
      n -= 1
      i -= 1
    }
  return n
}

/** Lengths in code points are between half the number of units and their number: mostly nothing need be counted. */
const lengthBetween =
  (least: number, most: number) =>
  (text: string): boolean => {
    const units = text.length
    if (units < least || units > 2 * most) return false
    if (units >= 2 * least && units <= most) return true
    const points = codePoints(text)
    return points >= least && points <= most
  }
