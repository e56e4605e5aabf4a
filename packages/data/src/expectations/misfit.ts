import { unknownColumn } from '../query.ts'
import type { ColumnInfo } from '../relation.ts'
import type { Expectation, Fit } from './expectation.ts'
import type { Entry } from './plan.ts'

const FITS: Readonly<Record<Fit, readonly (string | undefined)[]>> = {
  any: ['int', 'float', 'bool', 'string', 'date', 'timestamp', undefined],
  number: ['int', 'float', 'bool'],
  text: ['string'],
  ordered: ['int', 'float', 'date', 'timestamp', 'string'],
}

/** Returns why an expectation cannot be tried on these columns, if it cannot. */
export function misfit(
  expectation: Expectation,
  entry: Entry<Expectation>,
  names: readonly string[],
  found: ReadonlyMap<string, ColumnInfo>,
): string | undefined {
  const columns: ColumnInfo[] = []
  for (const name of names) {
    const info = found.get(name)
    if (!info) return unknownColumn(name, [...found.keys()]).message
    if (!FITS[entry.fits].includes(info.type)) return `the column "${name}" is ${info.sqlType}, not ${entry.fits}`
    columns.push(info)
  }
  return entry.misfit?.(expectation, columns)
}
