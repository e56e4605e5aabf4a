import { isPlain, type RowCondition } from './condition.ts'
import type { Expectation } from './expectation.ts'
import { entries } from './index.ts'

/** Returns what is expected, in words: `price is at least 0, where kind == "web", for at least 90 %`. */
export function sentenceOf(expectation: Expectation): string {
  const { where, mostly = 1 } = expectation as { where?: Expectation['where']; mostly?: number }
  const said = entries[expectation.type].sentence(expectation)
  const asked =
    where === undefined
      ? ''
      : `, where ${typeof where === 'string' ? where : isPlain(where) ? conditionWords(where) : 'a condition holds'}`
  return `${said}${asked}${mostly < 1 ? `, for at least ${Number((100 * mostly).toPrecision(12))} %` : ''}`
}

const OPERATORS: Readonly<Record<string, string>> = {
  in: 'in',
  notIn: 'not in',
  isNull: 'is missing',
  notNull: 'is not missing',
}

function conditionWords(where: RowCondition): string {
  if ('and' in where) return where.and.map(grouped).join(' and ')
  if ('or' in where) return where.or.map(grouped).join(' or ')
  if ('not' in where) return `not ${grouped(where.not)}`
  const { column, operator, value } = where
  const other = typeof value === 'object' && 'column' in value ? value.column : JSON.stringify(value)
  return [column, OPERATORS[operator] ?? operator, ...(value === undefined ? [] : [other])].join(' ')
}

const grouped = (where: RowCondition): string =>
  'column' in where ? conditionWords(where) : `(${conditionWords(where)})`
