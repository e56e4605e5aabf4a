/** Two digits of a text as a number, -1 if they are none. */
const two = (text: string, at: number): number => {
  const a = text.charCodeAt(at) - 48
  const b = text.charCodeAt(at + 1) - 48
  return a >= 0 && a <= 9 && b >= 0 && b <= 9 ? 10 * a + b : -1
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)

/** Tells whether a text begins with a day of the calendar, YYYY-MM-DD. */
export function startsWithDay(text: string): boolean {
  const century = two(text, 0)
  const rest = two(text, 2)
  const month = two(text, 5)
  const day = two(text, 8)
  if (century < 0 || rest < 0 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false
  const year = 100 * century + rest
  if (year === 0 || month < 1 || month > 12 || day < 1) return false
  return day <= (month === 2 && isLeap(year) ? 29 : DAYS[month - 1])
}

/** Tells whether a text is a day, YYYY-MM-DD. */
export const isDay = (text: string): boolean => text.length === 10 && startsWithDay(text)

/** Tells whether a text is a moment as our tables write it: YYYY-MM-DDTHH:MM:SS(.ffffff)Z without zeros at the end. */
export function isMoment(text: string): boolean {
  const end = text.length - 1
  if (end < 19 || text.charCodeAt(end) !== 90 || text.charCodeAt(10) !== 84 || !startsWithDay(text)) return false
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return false
  const hour = two(text, 11)
  const minute = two(text, 14)
  const second = two(text, 17)
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false
  return end === 19 || (end <= 26 && FRACTION.test(text))
}
const FRACTION = /\.\d*[1-9]Z$/

/** A day or a moment that was read. `day` and `zero` are as written (in the zone of the text), `moment` is in UTC. */
export interface ReadTime {
  readonly day: string
  /** Whether the time of the day is 00:00:00. */
  readonly zero: boolean
  readonly moment: string
  /** Whether there was no time of the day. */
  readonly dayAlone: boolean
  /** Whether it was written as a number of seconds or milliseconds since 1970. */
  readonly unix: boolean
}

const WRITTEN = /^(\d{4}-\d\d-\d\d)(?:[Tt _](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?:[Zz]|([+-])(\d\d):?(\d\d))?)?$/
const UNIX = /^[+-]?\d+(?:\.\d+)?$/

/** Reads a text in ISO 8601 (also with a space for the T, or a day alone), or with seconds since 1970; undefined: it is neither. */
export function timeOfText(text: string): ReadTime | undefined {
  if (UNIX.test(text)) return timeOfUnix(Number(text))
  const found = WRITTEN.exec(text)
  if (found === null || !startsWithDay(text)) return undefined
  const [, day, ...rest] = found
  if (rest[0] === undefined) return { day, zero: true, moment: `${day}T00:00:00Z`, dayAlone: true, unix: false }
  const [hour, minute, second = '00', fraction = '', sign, hours = '0', minutes = '0'] = rest
  if (+hour > 23 || +minute > 59 || +second > 59 || +hours > 23 || +minutes > 59) return undefined
  // beyond microseconds nothing is kept
  const micros = fraction.slice(0, 6).replace(/0+$/, '')
  const time = `${day}T${hour}:${minute}:${second}`
  const zero = +hour === 0 && +minute === 0 && +second === 0 && micros === ''
  const offset = (sign === '-' ? -1 : 1) * (60 * +hours + +minutes)
  const utc = offset === 0 ? time : new Date(Date.parse(`${time}Z`) - 60_000 * offset).toISOString().slice(0, 19)
  return { day, zero, moment: `${utc}${micros && `.${micros}`}Z`, dayAlone: false, unix: false }
}

/** Reads a limit of a schema, which may leave out the minutes of its zone. */
export const timeOfLimit = (limit: string): ReadTime | undefined =>
  timeOfText(limit.replace(/:\d\d(?:\.\d+)?[+-]\d\d$/, '$&:00'))

const FIRST = Date.parse('0001-01-01T00:00:00Z') / 1000
const LAST = Date.UTC(9999, 11, 31, 23, 59, 59) / 1000

/** Reads seconds since 1970, or milliseconds where they are more than 2e10; undefined outside of the years 1 to 9999. */
export function timeOfUnix(number: number): ReadTime | undefined {
  if (!Number.isFinite(number)) return undefined
  const perSecond = Math.abs(number) > 2e10 ? 1000 : 1
  let seconds = Math.floor(number / perSecond)
  let micros = Math.round((number - seconds * perSecond) * (1e6 / perSecond))
  if (micros === 1e6) {
    seconds += 1
    micros = 0
  }
  if (seconds < FIRST || seconds > LAST) return undefined
  const time = new Date(seconds * 1000).toISOString().slice(0, 19)
  const fraction = micros === 0 ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`
  const day = time.slice(0, 10)
  return {
    day,
    zero: micros === 0 && time.endsWith('00:00:00'),
    moment: `${time}${fraction}Z`,
    dayAlone: false,
    unix: true,
  }
}
