import { didYouMean, PodError } from '@mlpod/contract'

/** A setting that is tried: a threshold, or one value for each dimension. */
export type Lambda = number | readonly number[]

/** A risk at each setting: the mean of losses in [0, 1] over the rows that it is about. */
export interface RiskCurve {
  readonly name: string
  /** Targets are lower limits of one minus the loss (recall, accuracy), not upper limits of the loss. */
  readonly higherIsBetter: boolean
  /** Losses are 0 or 1. */
  readonly binary: boolean
  /** The risk is about the rows that meet a condition (precision, recall): their number counts, not that of all rows. */
  readonly conditional: boolean
  /** How each row's loss goes along the settings, if it goes one way whatever the data: the safe end is where it is least. */
  readonly direction?: 'increasing' | 'decreasing'
  /** Rows at each setting, and the sum of their losses. */
  readonly n: Float64Array
  readonly sum: Float64Array
  /** Returns the losses at setting `j`, in the order of the rows. */
  losses(j: number): Float64Array
}

/** The risks of a model on calibration rows at each setting. */
export interface RiskCurves {
  readonly lambdas: readonly Lambda[]
  /** The risks there are. */
  readonly names: readonly string[]
  /** Rows that were left out. */
  readonly dropped: number
  /** Returns a risk's curve, computed when first asked for. Throws `RISK_UNKNOWN`. */
  curve(name: string): RiskCurve
}

/** Returns the curves made when asked for by name, each once. */
export function lazyCurves(
  lambdas: readonly Lambda[],
  names: readonly string[],
  dropped: number,
  make: (name: string) => RiskCurve | undefined,
): RiskCurves {
  const made = new Map<string, RiskCurve>()
  return {
    lambdas,
    names,
    dropped,
    curve(name) {
      const known = made.get(name) ?? make(name)
      if (known === undefined)
        throw new PodError('RISK_UNKNOWN', `there is no risk "${name}"${didYouMean(name, names)}`)
      made.set(name, known)
      return known
    },
  }
}

/** Returns `count` thresholds equally spaced from `from` to `to`, both included. Throws `LAMBDAS_INVALID`. */
export function riskGrid(from: number, to: number, count: number): number[] {
  if (!(Number.isInteger(count) && count >= 1 && from <= to && Number.isFinite(to - from)))
    throw new PodError('LAMBDAS_INVALID', `${count} thresholds from ${from} to ${to} are no grid`)
  return Array.from({ length: count }, (_, i) => (count === 1 ? from : from + (i * (to - from)) / (count - 1)))
}

/** Throws `LAMBDAS_INVALID` unless the thresholds are finite and ascend. */
export function checkThresholds(lambdas: readonly number[]): void {
  if (lambdas.length === 0) throw new PodError('LAMBDAS_INVALID', 'there is no threshold to try')
  for (let j = 0; j < lambdas.length; j++)
    if (!Number.isFinite(lambdas[j]) || (j > 0 && lambdas[j] <= lambdas[j - 1]))
      throw new PodError('LAMBDAS_INVALID', `threshold ${j}, ${lambdas[j]}, does not ascend`, {
        hint: 'thresholds are finite and each is larger than the one before',
      })
}
