import { PodError } from '@mlpod/contract'
import { normalQuantile } from '@mlpod/math'

/** An estimate from few labels and many predictions. */
export interface PoweredEstimate {
  readonly estimate: number
  readonly lower: number
  readonly upper: number
  readonly standardError: number
  /** How far the predictions are trusted: 0 is labels alone, 1 the plain form. */
  readonly lambda: number
  /** Labelled rows, and rows with predictions alone. */
  readonly n: number
  readonly unlabelled: number
  /** What the labels alone say. */
  readonly classical: { readonly estimate: number; readonly standardError: number }
}

/** Settings of estimates from predictions. */
export interface PoweredOptions {
  /** 0.95 by default. */
  readonly confidence?: number
  /**
   * The trust in predictions, in [0, 1]; by default the one with the smallest variance (PPI++), which is never worse than labels
   * alone for many rows. 1 is the plain form (Angelopoulos et al. 2023).
   */
  readonly lambda?: number
}

/** Labels with predictions of the same rows, and predictions of rows without labels. */
export interface PoweredRows {
  readonly labels: ArrayLike<number>
  readonly predictions: ArrayLike<number>
  /**
   * Predictions of the other rows; several lists of the same rows (from the models of each fold, whose predictions of labelled
   * rows are out of fold) are averaged: cross-prediction (Zrnic, Candes 2024).
   */
  readonly unlabelled: ArrayLike<number> | readonly ArrayLike<number>[]
}

/** Returns the half width of a normal interval in standard errors. Throws `CONFIDENCE_INVALID`. */
export function normalWidth(confidence: number): number {
  if (!(confidence > 0 && confidence < 1))
    throw new PodError('CONFIDENCE_INVALID', `the confidence ${confidence} is not between 0 and 1`, {
      hint: 'write 0.95 for 95 %',
    })
  return -normalQuantile((1 - confidence) / 2)
}

/** Throws `LEVEL_INVALID` for a trust outside [0, 1]. */
export function checkLambda(lambda: number | undefined): void {
  if (lambda !== undefined && !(lambda >= 0 && lambda <= 1))
    throw new PodError('LEVEL_INVALID', `the trust ${lambda} in predictions is not between 0 and 1`)
}

const isLists = (values: PoweredRows['unlabelled']): values is readonly ArrayLike<number>[] =>
  typeof values[0] === 'object'

/** Returns the rows with one prediction each, checked. Throws `LENGTH_MISMATCH`, `SAMPLE_TOO_SMALL`, `VALUE_NAN`. */
export function checkedRows({ labels, predictions, unlabelled }: PoweredRows): {
  readonly labels: ArrayLike<number>
  readonly predictions: ArrayLike<number>
  readonly unlabelled: ArrayLike<number>
} {
  if (labels.length !== predictions.length)
    throw new PodError('LENGTH_MISMATCH', `${labels.length} labels do not match ${predictions.length} predictions`)
  const lists = isLists(unlabelled) ? unlabelled : [unlabelled as ArrayLike<number>]
  const size = lists[0]?.length ?? 0
  for (const list of lists)
    if (list.length !== size) throw new PodError('LENGTH_MISMATCH', `folds predict ${size} and ${list.length} rows`)
  if (labels.length < 2 || size < 2)
    throw new PodError(
      'SAMPLE_TOO_SMALL',
      `${labels.length} labelled and ${size} other rows are too few to tell an error`,
    )
  const mean =
    lists.length === 1
      ? lists[0]
      : Float64Array.from(lists[0], (_, i) => lists.reduce((s, l) => s + l[i], 0) / lists.length)
  for (const column of [labels, predictions, mean])
    for (let i = 0; i < column.length; i++)
      if (Number.isNaN(column[i]))
        throw new PodError('VALUE_NAN', `row ${i} holds NaN`, { hint: 'leave such rows out' })
  return { labels, predictions, unlabelled: mean }
}
