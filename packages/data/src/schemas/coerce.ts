import { identifier } from '../engine.ts'
import type { ColumnType } from '../schema.ts'
import { SQL_TYPE } from '../sqlType.ts'

const WHOLE = String.raw`\s*[+-]?[0-9]+(_[0-9]+)*(\.0+)?\s*`
const NUMBER = String.raw`\s*[+-]?([0-9]+(_[0-9]+)*\.?([0-9]+(_[0-9]+)*)?|\.[0-9]+)([eE][+-]?[0-9]+)?\s*`
const NAMED = String.raw`\s*[+-]?(inf|infinity|nan)\s*`
const DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
const ZONE = '(z|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?'
const MIDNIGHT = `${DAY}[t _]00:00(:00([.,]0+)?)?${ZONE}`
const MOMENT = `${DAY}[t _]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,][0-9]+)?)?${ZONE}`

const matches = (text: string, pattern: string): string => `regexp_full_match(${text}, '${pattern}', 'i')`
const trimmed = (text: string): string => String.raw`replace(regexp_replace(${text}, '\s+', '', 'g'), '_', '')`
/** A moment as the engine reads it: T, a point, six digits, a colon in the zone. */
const regular = (text: string): string =>
  [
    ['^(.{10}).', String.raw`\1T`],
    [',', '.'],
    [String.raw`(\.[0-9]{6})[0-9]+`, String.raw`\1`],
    ['([+-][0-9]{2}):?([0-9]{2})$', String.raw`\1:\2`],
    ['z$', 'Z'],
  ].reduce((inner, [from, to]) => `regexp_replace(${inner}, '${from}', '${to}')`, text)
const moment = (text: string): string =>
  `CASE WHEN regexp_matches(${text}, '(z|[+-][0-9]{2}:?[0-9]{2})$', 'i') THEN TRY_CAST(${regular(text)} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' ELSE TRY_CAST(${regular(text)} AS TIMESTAMP) END`
/** Seconds since 1970, or milliseconds beyond 2e10. */
const ofUnix = (number: string): string =>
  `CASE WHEN abs(${number}) > 2e10 AND abs(${number}) < 2.6e14 THEN make_timestamp(CAST(${number} * 1000 AS BIGINT)) WHEN abs(${number}) <= 2e10 THEN make_timestamp(CAST(${number} * 1000000 AS BIGINT)) END`
const dayOf = (time: string): string => `CASE WHEN ${time} = date_trunc('day', ${time}) THEN CAST(${time} AS DATE) END`
const truthOf = (number: string): string => `CASE ${number} WHEN 1 THEN true WHEN 0 THEN false END`
const wholeOf = (number: string): string =>
  `CASE WHEN isfinite(${number}) AND ${number} = trunc(${number}) THEN TRY_CAST(${number} AS BIGINT) END`
const cast = (type: ColumnType) => (value: string) => `CAST(${value} AS ${SQL_TYPE[type]})`

type Coercion = (value: string) => string

/**
 * SQL of a value of one type as another, NULL where it is none: what the lax mode of rows takes, but for seconds since 1970
 * that are written as a text.
 */
const coercions: { readonly [From in ColumnType]: { readonly [To in ColumnType]?: Coercion } } = {
  string: {
    int: (t) => `CASE WHEN ${matches(t, WHOLE)} THEN TRY_CAST(split_part(${trimmed(t)}, '.', 1) AS BIGINT) END`,
    float: (t) =>
      `CASE WHEN ${matches(t, NUMBER)} OR ${matches(t, NAMED)} THEN TRY_CAST(ltrim(${trimmed(t)}, '+') AS DOUBLE) END`,
    bool: (t) =>
      `CASE WHEN lower(${t}) IN ('1', 't', 'true', 'y', 'yes', 'on') THEN true WHEN lower(${t}) IN ('0', 'f', 'false', 'n', 'no', 'off') THEN false END`,
    date: (t) =>
      `CASE WHEN ${matches(t, DAY)} OR ${matches(t, MIDNIGHT)} THEN TRY_CAST(substr(${t}, 1, 10) AS DATE) END`,
    timestamp: (t) =>
      `CASE WHEN ${matches(t, DAY)} THEN TRY_CAST(${t} AS TIMESTAMP) WHEN ${matches(t, MOMENT)} THEN ${moment(t)} END`,
  },
  int: { float: cast('float'), bool: truthOf, timestamp: ofUnix, date: (v) => dayOf(`(${ofUnix(v)})`) },
  float: { int: wholeOf, bool: truthOf, timestamp: ofUnix, date: (v) => dayOf(`(${ofUnix(v)})`) },
  bool: { int: cast('int'), float: cast('float') },
  date: { timestamp: cast('timestamp') },
  timestamp: { date: dayOf },
}

/** Returns the SQL of a column as another type, if values of the one can be read as the other. */
export const coercion = (name: string, from: ColumnType | undefined, to: ColumnType): string | undefined =>
  from && coercions[from][to]?.(identifier(name))
