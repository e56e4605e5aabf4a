import { type Claim, type Measured, type MeasuredPart, type Measurement, PodError } from '@mlpod/contract'
import { testOf } from './tests/index.ts'

/**
 * Returns the parts of what was measured; a whole is one part. Throws rather than let a verdict rest on what is no number:
 * `MEASUREMENT_EMPTY` for no part or no row, `MEASUREMENT_INVALID` for an estimate or standard error that is no number (or 0:
 * then nothing tells how far the truth may be) and for two parts of one name, `THRESHOLD_INVALID` for a threshold that the
 * quantity cannot reach, `OPERATOR_INVALID` for an equality of what has sampling error.
 */
export function checkMeasured(name: string, claim: Claim, measured: Measured): readonly MeasuredPart[] {
  const parts = measured.parts ?? (measured.whole ? [{ name: 'overall', measurement: measured.whole }] : [])
  const empty = (what: string): PodError =>
    new PodError('MEASUREMENT_EMPTY', `${what} was measured on nothing`, {
      because: measured.method,
      hint: 'look at the data that it reads: is a table empty?',
    })
  const rows = parts.map(({ measurement }) => testOf(measurement).n(measurement))
  if (!rows.some((n) => n > 0)) throw empty(`promise "${name}"`)
  const seen = new Set<string>()
  for (const [i, { name: part, measurement }] of parts.entries()) {
    const where = measured.parts ? `the part "${part}" of promise "${name}"` : `promise "${name}"`
    if (rows[i] === 0 && measurement.kind !== 'exact') throw empty(where)
    const wrong = WRONG[measurement.kind](measurement as never) ?? (seen.has(part) ? 'it is there twice' : undefined)
    if (wrong !== undefined)
      throw new PodError('MEASUREMENT_INVALID', `${where} cannot be judged: ${wrong}`, { because: measured.method })
    seen.add(part)
    checkClaim(where, claim, measurement)
  }
  return parts
}

type Wrong = {
  readonly [K in Measurement['kind']]: (measurement: Extract<Measurement, { kind: K }>) => string | undefined
}

/** Says what makes a measurement impossible to judge; counts are checked where they are used. */
const WRONG: Wrong = {
  proportion: () => undefined,
  difference: ({ first, second }) =>
    first.n > 0 && second.n > 0 ? undefined : 'one side of the difference has no rows',
  mean: ({ estimate, standardError }) =>
    !Number.isFinite(estimate)
      ? `the estimate is ${estimate}`
      : standardError > 0 && Number.isFinite(standardError)
        ? undefined
        : `its standard error is ${standardError}`,
  exact: ({ value }) => (Number.isNaN(value) ? 'the value is NaN' : undefined),
}

function checkClaim(where: string, { operator, threshold }: Claim, measurement: Measurement): void {
  const [least, most] = RANGES[measurement.kind](measurement)
  if (!(threshold >= least && threshold <= most))
    throw new PodError('THRESHOLD_INVALID', `${where} is from ${least} to ${most}, and the threshold is ${threshold}`, {
      hint: threshold > 1 && threshold <= 100 ? `write ${threshold / 100} for ${threshold} %` : undefined,
    })
  if (operator === '=' && measurement.kind !== 'exact')
    throw new PodError('OPERATOR_INVALID', `${where} has sampling error: no test shows that it equals ${threshold}`, {
      hint: 'claim atLeast and atMost',
    })
}

const ANYTHING = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

/** What the true value of a quantity can be. */
const RANGES: { readonly [K in Measurement['kind']]: (measurement: Measurement) => readonly [number, number] } = {
  proportion: () => [0, 1],
  difference: (measurement) => ('absolute' in measurement && measurement.absolute ? [0, 1] : [-1, 1]),
  mean: () => ANYTHING,
  exact: () => ANYTHING,
}
