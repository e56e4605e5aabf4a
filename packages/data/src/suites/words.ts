import type { Json } from '@mlpod/contract'
import type { ExpectationResult } from '../expectations/expectation.ts'

const short = (value: unknown): string => {
  const text =
    typeof value === 'string'
      ? JSON.stringify(value)
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/** Returns a share in per cent, with as many digits as tell it from 0 and from 100. */
export function percentText(share: number): string {
  if (share === 0 || share === 1) return `${100 * share} %`
  const percent = 100 * share
  const digits = percent < 0.01 || percent > 99.99 ? 4 : percent < 1 || percent > 99 ? 2 : 1
  const text = percent.toFixed(digits)
  return Number(text) === 0 ? '< 0.0001 %' : Number(text) === 100 ? '> 99.9999 %' : `${Number(text)} %`
}

/** Returns a number as people read it. */
export const numberText = (value: Json | undefined): string =>
  typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : short(value ?? null)

/** Returns in words what an expectation showed: how many rows, which values first; or what was measured. */
export function expectationWords({
  byRow,
  status,
  unexpected,
  unexpectedShare,
  sample,
  observed,
  message,
  vacuous,
  details,
  elements,
  missing,
}: ExpectationResult): string {
  if (status === 'error') return message ?? 'could not be tried'
  if (vacuous) return 'there was nothing to look at'
  if (!byRow) {
    if (observed !== null) return `observed ${typeof observed === 'object' ? short(observed) : numberText(observed)}`
    return details === undefined ? 'nothing was observed' : short(details)
  }
  if (unexpected === 0) return `${(elements - missing).toLocaleString('en')} values, all as expected`
  // each value once, and rows of several columns by their values alone
  const values = sample.map((value) =>
    typeof value === 'object' && value !== null ? `(${Object.values(value).map(short).join(', ')})` : short(value),
  )
  const shown = [...new Set(values)].slice(0, 5).join(', ')
  const count = `${unexpected.toLocaleString('en')} unexpected (${percentText(unexpectedShare ?? 0)})`
  return shown === ''
    ? count
    : `${count}: ${shown}${new Set(values).size > 5 || unexpected > sample.length ? ', …' : ''}`
}
