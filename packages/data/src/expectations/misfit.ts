import { unknownColumn } from '../query.ts'
import type { ColumnInfo } from '../relation.ts'
import type { Expectation, Fit } from './expectation.ts'

const FITS: Readonly<Record<Fit, readonly (string | undefined)[]>> = {
  any: ['int', 'float', 'bool', 'string', 'date', 'timestamp', undefined],
  number: ['int', 'float', 'bool'],
  text: ['string'],
  ordered: ['int', 'float', 'date', 'timestamp', 'string'],
}

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
        if (bound !== undefined && (typeof bound === 'string') !== isText)
          return `the column "${name}" is ${info.sqlType} and cannot be compared with ${JSON.stringify(bound)}`
    if ('values' in expectation)
      for (const value of expectation.values)
        if ((typeof value === 'string') !== isText)
          return `the column "${name}" is ${info.sqlType} and never equals ${JSON.stringify(value)}`
  }
  return undefined
}
