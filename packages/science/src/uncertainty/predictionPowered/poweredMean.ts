import { PodError } from '@mlpod/contract'
import { type AnyRelation, untyped } from '@mlpod/data'
import {
  checkedRows,
  checkLambda,
  normalWidth,
  type PoweredEstimate,
  type PoweredOptions,
  type PoweredRows,
} from './estimate.ts'

/** All that an estimate of a mean needs of the rows: counts, means, and sample (co)variances (divided by n - 1). */
export interface PoweredMoments {
  readonly n: number
  readonly label: number
  readonly labelVariance: number
  readonly prediction: number
  readonly predictionVariance: number
  readonly covariance: number
  readonly unlabelled: number
  readonly unlabelledPrediction: number
  readonly unlabelledVariance: number
}

/**
 * Returns the mean of the labels over all rows, with its confidence interval: the mean prediction where there is no label,
 * corrected by what predictions miss where there is one. Valid whatever the predictions (for large n, by the central limit),
 * and narrower than labels alone when they are good. Throws `LENGTH_MISMATCH`, `SAMPLE_TOO_SMALL`, `VALUE_NAN`,
 * `CONFIDENCE_INVALID`, `LEVEL_INVALID`. Source: Angelopoulos et al. (2023), "Prediction-powered inference"; PPI++,
 * Angelopoulos, Duchi, Zrnic (2024).
 */
export function poweredMean(rows: PoweredRows, options: PoweredOptions = {}): PoweredEstimate {
  const { labels, predictions, unlabelled } = checkedRows(rows)
  const [y, f, g] = [labels, predictions, unlabelled].map(meanOf)
  return poweredMeanOf(
    {
      n: labels.length,
      label: y,
      labelVariance: covarianceOf(labels, y, labels, y),
      prediction: f,
      predictionVariance: covarianceOf(predictions, f, predictions, f),
      covariance: covarianceOf(labels, y, predictions, f),
      unlabelled: unlabelled.length,
      unlabelledPrediction: g,
      unlabelledVariance: covarianceOf(unlabelled, g, unlabelled, g),
    },
    options,
  )
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

function covarianceOf(a: ArrayLike<number>, meanA: number, b: ArrayLike<number>, meanB: number): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] - meanA) * (b[i] - meanB)
  return sum / (a.length - 1)
}

/** Returns the mean from moments alone; see `poweredMean`. */
export function poweredMeanOf(
  moments: PoweredMoments,
  { confidence = 0.95, lambda }: PoweredOptions = {},
): PoweredEstimate {
  checkLambda(lambda)
  const { n, unlabelled } = moments
  if (!(n >= 2 && unlabelled >= 2))
    throw new PodError('SAMPLE_TOO_SMALL', `${n} labelled and ${unlabelled} other rows are too few to tell an error`)
  const width = normalWidth(confidence)
  // both samples tell the variance of predictions
  const spread =
    (moments.predictionVariance * (n - 1) + moments.unlabelledVariance * (unlabelled - 1)) / (n + unlabelled - 2)
  const trust =
    lambda ?? (spread > 0 ? Math.min(1, Math.max(0, moments.covariance / (spread * (1 + n / unlabelled)))) : 0)
  const rectifier = moments.labelVariance - 2 * trust * moments.covariance + trust * trust * moments.predictionVariance
  const variance = Math.max(0, rectifier) / n + (trust * trust * moments.unlabelledVariance) / unlabelled
  const estimate = moments.label + trust * (moments.unlabelledPrediction - moments.prediction)
  const standardError = Math.sqrt(variance)
  return {
    estimate,
    lower: estimate - width * standardError,
    upper: estimate + width * standardError,
    standardError,
    lambda: trust,
    n,
    unlabelled,
    classical: { estimate: moments.label, standardError: Math.sqrt(moments.labelVariance / n) },
  }
}

/**
 * Returns the difference of the means of two groups of rows that share none, first less second; see `poweredMean`. Two models
 * on the same rows are compared by the mean of the differences of their losses instead.
 */
export function poweredDifference(
  first: PoweredRows,
  second: PoweredRows,
  options: PoweredOptions = {},
): PoweredEstimate {
  const [a, b] = [poweredMean(first, options), poweredMean(second, options)]
  const width = normalWidth(options.confidence ?? 0.95)
  const [estimate, standardError] = [a.estimate - b.estimate, Math.hypot(a.standardError, b.standardError)]
  return {
    estimate,
    lower: estimate - width * standardError,
    upper: estimate + width * standardError,
    standardError,
    lambda: Math.min(a.lambda, b.lambda),
    n: a.n + b.n,
    unlabelled: a.unlabelled + b.unlabelled,
    classical: {
      estimate: a.classical.estimate - b.classical.estimate,
      standardError: Math.hypot(a.classical.standardError, b.classical.standardError),
    },
  }
}

/**
 * Returns the mean of a column of labels over a table in which most rows have none (they are missing), by a column of
 * predictions: one scan, and nine numbers leave the engine. Rows without a prediction are left out. See `poweredMean`.
 */
export async function poweredMeanOfTable(
  table: AnyRelation,
  { label, prediction }: { readonly label: string; readonly prediction: string },
  options: PoweredOptions = {},
): Promise<PoweredEstimate> {
  const sides = await untyped(table)
    .derive({
      y: ({ cast, column }) => cast(column(label), 'DOUBLE'),
      f: ({ cast, column }) => cast(column(prediction), 'DOUBLE'),
      labelled: ({ isNotNull, column }) => isNotNull(column(label)),
    })
    .where(({ isNotNull, column }) => isNotNull(column('f')))
    .groupBy(['labelled'], {
      n: ({ count }) => count(),
      y: ({ avg }) => avg('y'),
      f: ({ avg }) => avg('f'),
      yy: ({ variance }) => variance('y'),
      ff: ({ variance }) => variance('f'),
      yf: ({ covariance }) => covariance('y', 'f'),
    })
    .rows()
  const side = (labelled: boolean): Record<string, number> =>
    (sides.find((row) => row.labelled === labelled) ?? {}) as Record<string, number>
  const [known, other] = [side(true), side(false)]
  return poweredMeanOf(
    {
      n: known.n ?? 0,
      label: known.y,
      labelVariance: known.yy,
      prediction: known.f,
      predictionVariance: known.ff,
      covariance: known.yf,
      unlabelled: other.n ?? 0,
      unlabelledPrediction: other.f,
      unlabelledVariance: other.ff,
    },
    options,
  )
}
