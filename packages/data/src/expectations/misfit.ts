import { unknownColumn } from '../query.ts'
import type { ColumnInfo } from '../relation.ts'
import { type ColumnType, isComparable } from '../schema.ts'
import type { Expectation, Fit } from './expectation.ts'

const FITS: Readonly<Record<Fit, readonly (string | undefined)[]>> = {
  any: ['int', 'float', 'bool', 'string', 'date', 'timestamp', undefined],
  number: ['int', 'float', 'bool'],
  text: ['string'],
  ordered: ['int', 'float', 'date', 'timestamp', 'string'],
}

/** Numbers of all kinds compare with each other, everything else with its like. */
const kindOf = (type: ColumnType | undefined): string | undefined =>
  type === 'int' || type === 'float' ? 'number' : type

/** Returns why an expectation cannot be tried on these columns, if it cannot. */
export function misfit(
  expectation: Expectation,
  names: readonly string[],
  found: ReadonlyMap<string, ColumnInfo>,
  fits: Fit,
): string | undefined {
  for (const name of names) {
    const info = found.get(name)
    if (!info) return unknownColumn(name, [...found.keys()]).message
    if (!FITS[fits].includes(info.type)) return `the column "${name}" is ${info.sqlType}, not ${fits}`
    const bounds = 'min' in expectation || 'max' in expectation ? [expectation.min, expectation.max] : []
    const isText = info.type === 'string' || info.type === 'date' || info.type === 'timestamp'
    if (expectation.type === 'between')
      for (const bound of bounds)
        if (bound !== undefined && ((typeof bound === 'string') !== isText || !isComparable(info.type, bound)))
          return `the column "${name}" is ${info.sqlType} and cannot be compared with ${JSON.stringify(bound)}`
    const [first] = names
    const other = found.get(first)
    if (expectation.type === 'columnPairGreater' || expectation.type === 'columnPairEqual')
      if (other && kindOf(other.type) !== kindOf(info.type))
        return `the column "${name}" is ${info.sqlType} and cannot be compared with "${first}", which is ${other.sqlType}`
    if ('values' in expectation)
      for (const value of expectation.values)
        if ((typeof value === 'string') !== isText || !isComparable(info.type, value))
          return `the column "${name}" is ${info.sqlType} and never equals ${JSON.stringify(value)}`
  }
  return undefined
}
