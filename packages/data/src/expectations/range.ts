import type { Bounds } from './expectation.ts'

/** Says a range in words. */
export function range({ min, max, strictMin, strictMax }: Bounds): string {
  const lower = given(min) ? `${strictMin ? 'above' : 'at least'} ${grouped(min)}` : undefined
  const upper = given(max) ? `${strictMax ? 'below' : 'at most'} ${grouped(max)}` : undefined
  return [lower, upper].filter(Boolean).join(' and ') || 'anything'
}

/** Long whole numbers in groups of three. */
const grouped = (bound: number | string): string =>
  Number.isSafeInteger(bound) && Math.abs(bound as number) >= 10_000 ? bound.toLocaleString('en') : String(bound)

/** Tells whether a bound is there: files of others write null for none. */
export const given = <T>(bound: T | null | undefined): bound is T => bound !== undefined && bound !== null

/** Returns what is wrong with a range. */
export function refuseRange({ min, max }: { min?: number | string; max?: number | string }): string | undefined {
  if (Number.isNaN(min) || Number.isNaN(max)) return 'a bound is NaN'
  if (!given(min) || !given(max)) return undefined
  if (typeof min !== typeof max) return `its bounds ${min} and ${max} are of two kinds`
  return min > max ? `its minimum ${min} is above its maximum ${max}` : undefined
}

/** Tells whether a number or text lies in a range. */
export const within = (observed: number | string | bigint, { min, max, strictMin, strictMax }: Bounds): boolean =>
  (!given(min) || (strictMin ? observed > min : observed >= min)) &&
  (!given(max) || (strictMax ? observed < max : observed <= max))

/** Says a list of values in words; a long one is cut. */
export const listed = (values: readonly unknown[] | null): string =>
  values === null
    ? '{ anything }'
    : values.length > 12
      ? `{ ${values.slice(0, 12).join(', ')}, and ${values.length - 12} more }`
      : `{ ${values.join(', ')} }`
