import type { Preprocess } from 'mlpod/learn'

/** One candidate's training, epoch by epoch. */
export interface Training {
  readonly name: string
  /** Log loss on the validation rows of the epoch that was kept, and its standard error. */
  readonly validation: number
  readonly standardError: number
  readonly loss: readonly number[]
  readonly validationLoss: readonly number[]
}

/** Which model was chosen, from what, and how raw columns become features. */
export interface Choice {
  readonly chosen: string
  readonly candidates: readonly Training[]
  readonly preprocess: Preprocess
  /** Mean of each feature in the training rows: where attributions start from. */
  readonly baseline: readonly number[]
  /** Standard deviations of the numbers in the training rows, in their own units. */
  readonly scales: Readonly<Record<string, number>>
}

/** Numbers on the test rows. */
export interface Metrics {
  readonly rows: number
  readonly auc: number
  readonly logLoss: number
  readonly baseRateLogLoss: number
  readonly coverage: number
  readonly oneLabel: number
  readonly abstained: number
}
