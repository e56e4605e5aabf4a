import { didYouMean, PodError } from '@mlpod/contract'

/** A number, or what the same metric was on the reference, give or take a share of it or an amount. */
export type Threshold = number | { readonly reference: { readonly relative?: number; readonly absolute?: number } }

/** What a metric must be; all that is said must hold. */
export interface Condition {
  readonly eq?: Threshold
  readonly notEq?: Threshold
  readonly gt?: Threshold
  readonly gte?: Threshold
  readonly lt?: Threshold
  readonly lte?: Threshold
  readonly in?: readonly (number | string)[]
  readonly notIn?: readonly (number | string)[]
  /** A condition that is not critical only warns; it is by default. */
  readonly critical?: boolean
}

/** What one condition showed. `error`: it could not be tried. */
export interface ConditionResult {
  readonly metric: string
  readonly value: number | string | null
  readonly status: 'pass' | 'fail' | 'warning' | 'error'
  /** In words: `rmse 1.2 is at most 1.1`. */
  readonly sentence: string
}

/** How far the value may be from the reference, upwards or downwards. Source: Evidently 0.7, `Reference(relative, absolute)`. */
const slack = (reference: number, { relative = 0, absolute = 0 }: { relative?: number; absolute?: number }): number =>
  Math.max(Math.abs(reference) * relative, absolute)

type Limit = { readonly at: number; readonly slack: number }

const COMPARISONS = {
  eq: { said: 'is', holds: (v, { at, slack: s }) => Math.abs(v - at) <= s },
  notEq: { said: 'is not', holds: (v, { at, slack: s }) => Math.abs(v - at) > s },
  gt: { said: 'is above', holds: (v, { at, slack: s }) => v > at - s },
  gte: { said: 'is at least', holds: (v, { at, slack: s }) => v >= at - s },
  lt: { said: 'is below', holds: (v, { at, slack: s }) => v < at + s },
  lte: { said: 'is at most', holds: (v, { at, slack: s }) => v <= at + s },
} as const satisfies Readonly<Record<string, { said: string; holds: (value: number, limit: Limit) => boolean }>>

/**
 * Compares numbers of a report with conditions; a metric is named by its path: `error.mean`, `byLabel.a.recall`. Throws `METRIC_UNKNOWN` for a path that leads nowhere,
 * `OPTION_INVALID` for a comparison with a reference that is not given.
 */
export function checkMetrics(
  found: object,
  conditions: Readonly<Record<string, Condition>>,
  { reference }: { readonly reference?: object } = {},
): ConditionResult[] {
  return Object.entries(conditions).flatMap(([metric, { critical = true, in: among, notIn, ...limits }]) => {
    const value = valueAt(found, metric)
    const result = (said: string, holds: boolean | undefined): ConditionResult => ({
      metric,
      value,
      status: holds === undefined ? 'error' : holds ? 'pass' : critical ? 'fail' : 'warning',
      sentence: `${metric} ${value ?? 'without a value'} ${said}`,
    })
    const compared = Object.entries(limits).map(([name, threshold]) => {
      const { said, holds } = COMPARISONS[name as keyof typeof COMPARISONS]
      const limit = limitOf(threshold, metric, reference)
      const shown = limit.slack > 0 ? `${limit.at} give or take ${limit.slack}` : String(limit.at)
      const usable = typeof value === 'number' && !Number.isNaN(limit.at)
      return result(`${said} ${shown}`, usable ? holds(value, limit) : undefined)
    })
    if (among)
      compared.push(result(`is one of ${among.join(', ')}`, value === null ? undefined : among.includes(value)))
    if (notIn)
      compared.push(result(`is none of ${notIn.join(', ')}`, value === null ? undefined : !notIn.includes(value)))
    return compared
  })
}

function limitOf(threshold: Threshold, metric: string, reference: object | undefined): Limit {
  if (typeof threshold === 'number') return { at: threshold, slack: 0 }
  if (reference === undefined)
    throw new PodError('OPTION_INVALID', `"${metric}" is compared with a reference, and none is given`)
  const at = Number(valueAt(reference, metric) ?? Number.NaN)
  return { at, slack: slack(at, threshold.reference) }
}

function valueAt(found: object, path: string): number | string | null {
  let at: unknown = found
  for (const step of path.split('.')) {
    if (typeof at !== 'object' || at === null || !(step in at))
      throw new PodError(
        'METRIC_UNKNOWN',
        `there is no metric "${path}"${typeof at === 'object' && at !== null ? didYouMean(step, Object.keys(at)) : ''}`,
        { hint: typeof at === 'object' && at !== null ? `there are ${Object.keys(at).join(', ')}` : undefined },
      )
    at = (at as Readonly<Record<string, unknown>>)[step]
  }
  if (Array.isArray(at)) return at.length
  if (at === null || typeof at === 'number' || typeof at === 'string') return at
  if (typeof at === 'boolean') return Number(at)
  throw new PodError('METRIC_UNKNOWN', `"${path}" is no number`, {
    hint: `it holds ${Object.keys(at as object).join(', ')}`,
  })
}
