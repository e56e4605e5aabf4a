import { didYouMean, PodError } from '@mlpod/contract'
import { auc, isotonicAt, isotonicRegression, random } from '@mlpod/math'
import type { ColumnData } from '../columns.ts'
import { unknownColumn } from '../query.ts'
import type { AnyRelation, Relation } from '../relation.ts'
import { type Chunking, checkChunking, chunksOf, timesOf } from './chunks.ts'
import { type EstimatedMetric, estimatedMetrics, limitsOf, type Predicted } from './metrics.ts'

/** Where the answers of a classifier stand. */
export interface CbpeOptions {
  /** The column of the probability of class 1; for more classes, one by class. */
  readonly score: string | Readonly<Record<string, string>>
  /** The column of the class that was predicted. */
  readonly predicted: string
  /** The column of the true class; needed of the reference alone. */
  readonly target: string
  readonly chunk: Chunking
  /** By default rocAuc and f1. Classes beyond two: each against the rest, and the mean over them. */
  readonly metrics?: readonly EstimatedMetric[]
  /** Standard deviations of the reference's chunks at which an estimate is an alert; 3 by default. */
  readonly deviations?: number
  readonly seed?: number
}

/** One metric of one chunk. */
export interface Estimate {
  readonly estimated: number
  /** The metric itself, where the truth is known. */
  readonly realized: number | null
  /** Standard deviation of the metric over samples of this size, on the reference. */
  readonly samplingError: number
  /** Three sampling errors below and above. */
  readonly lower: number
  readonly upper: number
  /** Between what the reference's chunks would lead one to expect. */
  readonly thresholds: readonly [number, number]
  readonly alert: boolean
}

/** What is estimated of one chunk. */
export interface ChunkEstimate {
  readonly key: string
  readonly rows: number
  readonly metrics: Readonly<Record<string, Estimate>>
}

/** An estimator that knows its reference. */
export interface Estimator {
  /** For each class whether its probabilities were calibrated: only where that brings them nearer to the truth. */
  readonly calibrated: Readonly<Record<string, boolean>>
  estimate(current: AnyRelation): Promise<ChunkEstimate[]>
}

/**
 * Returns an estimator of a classifier's performance where the truth is not known yet: calibrated probabilities say how often each answer will
 * turn out right, if only the distribution of the inputs has changed. Throws `OPTION_INVALID`, `METRIC_UNKNOWN`; when fitted `COLUMN_UNKNOWN`,
 * `CLASS_UNKNOWN`, `SAMPLE_TOO_SMALL`. Source: confidence-based performance estimation of NannyML 0.13.
 */
export function cbpe(options: CbpeOptions): { fit(reference: AnyRelation): Promise<Estimator> } {
  const { metrics = ['rocAuc', 'f1'], chunk, deviations = 3, seed = 0 } = options
  checkChunking(chunk)
  for (const metric of metrics)
    if (!(metric in estimatedMetrics))
      throw new PodError(
        'METRIC_UNKNOWN',
        `"${metric}" cannot be estimated${didYouMean(metric, Object.keys(estimatedMetrics))}`,
        {
          hint: `there are ${Object.keys(estimatedMetrics).join(', ')}`,
        },
      )
  return {
    async fit(reference) {
      const known = await readRows(reference, options, true)
      const calibrators = known.classes.map((name, k) => calibrator(known.scores[k], known.truths![k], seed, name))
      const [before] = [known]
      const cuts = chunksOf(before.rows, chunk, before.times)
      if (cuts.length === 0) throw new PodError('SAMPLE_TOO_SMALL', 'the reference has no whole chunk')
      const realized = (metric: EstimatedMetric, from: number, to: number): number =>
        macro(metric, before, before.truths!, from, to)
      const thresholds = Object.fromEntries(
        metrics.map((metric) => [
          metric,
          bounds(
            cuts.map(({ from, to }) => realized(metric, from, to)),
            metric,
            deviations,
          ),
        ]),
      )
      const errors = new Map<string, number>()
      const samplingError = (metric: EstimatedMetric, n: number): number => {
        const key = `${metric} ${n}`
        const found = errors.get(key) ?? resampled(metric, before, n, seed)
        errors.set(key, found)
        return found
      }
      return {
        calibrated: Object.fromEntries(known.classes.map((name, k) => [name, calibrators[k] !== undefined])),
        async estimate(current) {
          const rows = await readRows(current, options, false)
          const p = normalized(
            rows.scores.map((score, k) => score.map((v) => (calibrators[k] ? isotonicAt(calibrators[k], v) : v))),
          )
          return chunksOf(rows.rows, chunk, rows.times).map(({ key, from, to }) => ({
            key,
            rows: to - from,
            metrics: Object.fromEntries(
              metrics.map((metric) => {
                const estimated = macro(metric, rows, p, from, to)
                const error = samplingError(metric, to - from)
                const [least, most] = limitsOf(metric)
                const [low, high] = thresholds[metric]
                return [
                  metric,
                  {
                    estimated,
                    realized: rows.truths ? macro(metric, rows, rows.truths, from, to) : null,
                    samplingError: error,
                    lower: Math.max(least, estimated - 3 * error),
                    upper: Math.min(most, estimated + 3 * error),
                    thresholds: [low, high],
                    alert: estimated < low || estimated > high,
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

/** The rows of a table as the estimator sees them, each class against the rest. */
interface Rows {
  readonly rows: number
  readonly classes: readonly string[]
  readonly scores: readonly Float64Array[]
  readonly predicted: readonly Float64Array[]
  readonly truths?: readonly Float64Array[]
  readonly times?: readonly string[]
}

async function readRows(
  data: AnyRelation,
  { score, predicted, target, chunk }: CbpeOptions,
  known: boolean,
): Promise<Rows> {
  const scores = typeof score === 'string' ? { '1': score } : score
  const period = 'period' in chunk ? [chunk.by] : []
  const truth = known || data.columns.includes(target) ? [target] : []
  const names = [...Object.values(scores), predicted, ...truth, ...period]
  for (const name of names) if (!data.columns.includes(name)) throw unknownColumn(name, data.columns)
  const complete = (data as Relation).where(({ and, isNotNull, column }) =>
    and(...[...Object.values(scores), predicted, ...truth].map((name) => isNotNull(column(name)))),
  )
  const columns = await (period.length > 0 ? complete.orderBy(...period) : complete).toColumns(...names)
  const classes = Object.keys(scores)
  const isClass = (column: ColumnData, name: string): Float64Array =>
    Float64Array.from(column.data as ArrayLike<unknown>, (value) => Number(String(value) === name))
  const classOf = (column: ColumnData, from: string): readonly Float64Array[] => {
    const binary = classes.length === 1
    const strange = Array.from(column.data as ArrayLike<unknown>, String).find(
      (value) => !classes.includes(value) && !(binary && value === '0'),
    )
    if (strange !== undefined)
      throw new PodError('CLASS_UNKNOWN', `the column "${from}" holds "${strange}", which no score is of`, {
        hint: binary ? 'of two classes, 1 is the one whose probability the score is, and 0 the other' : undefined,
      })
    return classes.map((name) => isClass(column, name))
  }
  const truths = truth.length > 0 ? classOf(columns[target], target) : undefined
  return {
    rows: columns[predicted].data.length,
    classes,
    scores: Object.values(scores).map((name) => columns[name].data as Float64Array),
    predicted: classOf(columns[predicted], predicted),
    truths,
    times: period.length > 0 ? timesOf(columns[period[0]], period[0]) : undefined,
  }
}

/** A metric of a part of the rows: of the one class, or the mean over all. */
function macro(metric: EstimatedMetric, rows: Rows, p: readonly Float64Array[], from: number, to: number): number {
  const all = rows.classes.map(
    (_, k): Predicted => ({
      predicted: rows.predicted[k].subarray(from, to),
      score: rows.scores[k].subarray(from, to),
      p: p[k].subarray(from, to),
    }),
  )
  if (metric === 'accuracy' && all.length > 1) {
    // of many classes: how often the predicted one is right
    const right = all.reduce((sum, { predicted, p: q }) => sum + predicted.reduce((s, v, i) => s + v * q[i], 0), 0)
    return right / (to - from)
  }
  return all.reduce((sum, one) => sum + estimatedMetrics[metric](one), 0) / all.length
}

/** Probabilities of several classes add up to 1. */
function normalized(p: readonly Float64Array[]): readonly Float64Array[] {
  if (p.length === 1) return p
  const sums = p[0].map((_, i) => p.reduce((sum, q) => sum + q[i], 0))
  return p.map((q) => q.map((v, i) => (sums[i] > 0 ? v / sums[i] : 1 / p.length)))
}

/** Mean of the reference's chunks, and so many standard deviations (n) about it, within the metric's limits. */
function bounds(values: readonly number[], metric: EstimatedMetric, deviations: number): readonly [number, number] {
  const kept = values.filter((value) => !Number.isNaN(value))
  const mean = kept.reduce((sum, v) => sum + v, 0) / kept.length
  const sd = Math.sqrt(kept.reduce((sum, v) => sum + (v - mean) ** 2, 0) / kept.length)
  const [least, most] = limitsOf(metric)
  return [Math.max(least, mean - deviations * sd), Math.min(most, mean + deviations * sd)]
}

const RESAMPLES = 100

/** The standard deviation of a metric over samples of n rows drawn from the reference with replacement. */
function resampled(metric: EstimatedMetric, rows: Rows, n: number, seed: number): number {
  const values: number[] = []
  for (let k = 0; k < RESAMPLES; k++) {
    const draw = random({ seed, path: `resample ${k}` })
    const chosen = Uint32Array.from({ length: n }, (_, i) => Math.floor(draw.uniform(i) * rows.rows))
    const pick = (all: readonly Float64Array[]) => all.map((one) => Float64Array.from(chosen, (i) => one[i]))
    const part: Rows = { ...rows, rows: n, scores: pick(rows.scores), predicted: pick(rows.predicted) }
    const value = macro(metric, part, pick(rows.truths!), 0, n)
    if (!Number.isNaN(value)) values.push(value)
  }
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)
}

const SPLITS = 10
const ERROR_BINS = 10

/** Returns the calibrator of one class, if on rows held out it brings probabilities nearer to the truth. */
function calibrator(score: Float64Array, truth: Float64Array, seed: number, name: string) {
  const positives = truth.reduce((sum, v) => sum + v, 0)
  if (score.length < 4)
    throw new PodError('SAMPLE_TOO_SMALL', `${score.length} rows of the reference cannot calibrate the class "${name}"`)
  // one class alone, or a perfect order, leaves nothing to calibrate
  if (positives === 0 || positives === truth.length || auc(score, truth).auc > 0.999) return undefined
  const [raw, mapped, truths]: [number[], number[], number[]] = [[], [], []]
  for (let split = 0; split < SPLITS; split++) {
    const order = random({ seed, path: `calibration ${split}` }).permutation(score.length)
    const held = Math.max(1, Math.floor(score.length / 10))
    const [test, train] = [order.subarray(0, held), order.subarray(held)]
    const fitted = isotonicRegression(
      Float64Array.from(train, (i) => score[i]),
      Float64Array.from(train, (i) => truth[i]),
    )
    for (const i of test) {
      raw.push(score[i])
      mapped.push(isotonicAt(fitted, score[i]))
      truths.push(truth[i])
    }
  }
  return calibrationError(mapped, truths) < calibrationError(raw, truths) ? isotonicRegression(score, truth) : undefined
}

/** Mean distance of probability and truth over bins of equally many rows. */
function calibrationError(p: readonly number[], truth: readonly number[]): number {
  const order = Array.from(p.keys()).sort((i, j) => p[i] - p[j] || i - j)
  const size = Math.max(1, Math.floor(p.length / ERROR_BINS))
  let error = 0
  for (let from = 0; from < p.length; from += size) {
    const bin = order.slice(from, from + size)
    error += Math.abs(bin.reduce((sum, i) => sum + p[i] - truth[i], 0)) / p.length
  }
  return error
}
