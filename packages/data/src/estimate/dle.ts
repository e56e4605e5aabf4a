import { didYouMean, PodError } from '@mlpod/contract'
import { type BoostedTrees, type BoostingOptions, boostedTrees, predictTrees } from '@mlpod/math'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, Relation } from '../relation.ts'
import type { ChunkEstimate, Estimate } from './cbpe.ts'
import { type Chunking, checkChunking, chunksOf, timesOf } from './chunks.ts'

/** The loss of one row, and what the mean of it becomes. Source: NannyML 0.13. */
const losses = {
  mae: { of: (y, p) => Math.abs(y - p), whole: (mean) => mean },
  mse: { of: (y, p) => (y - p) ** 2, whole: (mean) => mean },
  rmse: { of: (y, p) => (y - p) ** 2, whole: Math.sqrt },
  mape: { of: (y, p) => Math.abs(y - p) / Math.max(Number.EPSILON, Math.abs(y)), whole: (mean) => mean },
  msle: { of: (y, p) => (Math.log1p(y) - Math.log1p(p)) ** 2, whole: (mean) => mean },
  rmsle: { of: (y, p) => (Math.log1p(y) - Math.log1p(p)) ** 2, whole: Math.sqrt },
} as const satisfies Readonly<Record<string, { of: (y: number, p: number) => number; whole: (mean: number) => number }>>

/** The name of a loss that can be estimated. */
export type EstimatedLoss = keyof typeof losses

/** Where the answers of a regressor stand. */
export interface DleOptions {
  /** Columns of numbers that the model saw. */
  readonly features: readonly string[]
  readonly predicted: string
  /** The column of the true number; needed of the reference alone. */
  readonly target: string
  readonly chunk: Chunking
  /** By default mae and rmse. */
  readonly metrics?: readonly EstimatedLoss[]
  /** Standard deviations of the reference's chunks at which an estimate is an alert; 3 by default. */
  readonly deviations?: number
  /** Of the trees that learn the loss. */
  readonly trees?: BoostingOptions
}

/**
 * Returns an estimator of a regressor's losses where the truth is not known yet: trees learn on the reference how large the loss of a row is, by
 * its features and its prediction. Throws `OPTION_INVALID`, `METRIC_UNKNOWN`; when fitted `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `SAMPLE_TOO_SMALL`,
 * `VALUE_INVALID` (a negative number under a logarithm). Source: direct loss estimation of NannyML 0.13.
 */
export function dle(options: DleOptions): {
  fit(reference: AnyRelation): Promise<{ estimate(current: AnyRelation): Promise<ChunkEstimate[]> }>
} {
  const { metrics = ['mae', 'rmse'], chunk, deviations = 3, trees } = options
  checkChunking(chunk)
  for (const metric of metrics)
    if (!(metric in losses))
      throw new PodError(
        'METRIC_UNKNOWN',
        `"${metric}" cannot be estimated${didYouMean(metric, Object.keys(losses))}`,
        {
          hint: `there are ${Object.keys(losses).join(', ')}`,
        },
      )
  return {
    async fit(reference) {
      const known = await readRows(reference, options, true)
      const cuts = chunksOf(known.rows, chunk, known.times)
      if (cuts.length === 0) throw new PodError('SAMPLE_TOO_SMALL', 'the reference has no whole chunk')
      const learned = Object.fromEntries(
        metrics.map((metric) => {
          const loss = rowLosses(metric, known.target!, known.predicted)
          const model: BoostedTrees = boostedTrees(known.features, loss, trees)
          const values = cuts.map(({ from, to }) => losses[metric].whole(mean(loss, from, to)))
          const center = mean(values, 0, values.length)
          const sd = Math.sqrt(
            mean(
              values.map((v) => (v - center) ** 2),
              0,
              values.length,
            ),
          )
          const lossMean = mean(loss, 0, loss.length)
          const lossSd = Math.sqrt(
            mean(
              loss.map((v) => (v - lossMean) ** 2),
              0,
              loss.length,
            ),
          )
          return [
            metric,
            { model, thresholds: [Math.max(0, center - deviations * sd), center + deviations * sd] as const, lossSd },
          ]
        }),
      )
      return {
        async estimate(current) {
          const rows = await readRows(current, options, false)
          const expected = Object.fromEntries(
            metrics.map((metric) => [metric, predictTrees(learned[metric].model, rows.features)]),
          )
          const real = Object.fromEntries(
            metrics.map((metric) => [metric, rows.target && rowLosses(metric, rows.target, rows.predicted)]),
          )
          return chunksOf(rows.rows, chunk, rows.times).map(({ key, from, to }) => ({
            key,
            rows: to - from,
            metrics: Object.fromEntries(
              metrics.map((metric) => {
                const { thresholds, lossSd } = learned[metric]
                const { whole } = losses[metric]
                const average = Math.max(0, mean(expected[metric], from, to))
                const error = lossSd / Math.sqrt(to - from)
                const estimated = whole(average)
                const truth = real[metric]
                return [
                  metric,
                  {
                    estimated,
                    realized: truth ? whole(mean(truth, from, to)) : null,
                    // of the root: how far one error of the mean moves it
                    samplingError: whole(average + error) - estimated,
                    lower: whole(Math.max(0, average - 3 * error)),
                    upper: whole(average + 3 * error),
                    thresholds,
                    alert: estimated < thresholds[0] || estimated > thresholds[1],
                  } satisfies Estimate,
                ]
              }),
            ),
          }))
        },
      }
    },
  }
}

const mean = (values: ArrayLike<number>, from: number, to: number): number => {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]
  return sum / (to - from)
}

function rowLosses(metric: EstimatedLoss, target: Float64Array, predicted: Float64Array): Float64Array {
  const found = target.map((y, i) => losses[metric].of(y, predicted[i]))
  const wrong = found.findIndex((v) => Number.isNaN(v))
  if (wrong >= 0)
    throw new PodError(
      'VALUE_INVALID',
      `${metric} takes no logarithm of ${Math.min(target[wrong], predicted[wrong])}`,
      {
        hint: 'take mae or rmse where numbers may be negative',
      },
    )
  return found
}

async function readRows(data: AnyRelation, { features, predicted, target, chunk }: DleOptions, known: boolean) {
  const period = 'period' in chunk ? [chunk.by] : []
  const truth = known || data.columns.includes(target) ? [target] : []
  const names = [...features, predicted, ...truth, ...period]
  for (const name of names) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  const complete = (data as Relation).where(({ and, isNotNull, column }) =>
    and(...[predicted, ...truth].map((name) => isNotNull(column(name)))),
  )
  const columns = await (period.length > 0 ? complete.orderBy(...period) : complete).toColumns(...new Set(names))
  const numbers = (name: string): Float64Array => {
    const column = columns[name]
    if (column.kind !== 'number')
      throw new PodError('COLUMN_TYPE', `the column "${name}" holds no numbers`, {
        hint: 'encode categories as numbers, or leave the column out of `features`',
      })
    return column.data
  }
  return {
    rows: columns[predicted].data.length,
    features: [...features, predicted].map(numbers),
    predicted: numbers(predicted),
    target: truth.length > 0 ? numbers(target) : undefined,
    times: period.length > 0 ? timesOf(columns[period[0]], period[0]) : undefined,
  }
}
