import { PodError } from '@mlpod/contract'
import { moments, normalQuantile, sortNumbers, variance } from '@mlpod/math'
import { unknownColumn, untyped } from '../query.ts'
import type { AnyRelation } from '../relation.ts'

/** What a model says of rows, given as columns of numbers: a prediction (or a loss) each, and its derivative by each column. */
export type Gradients = (columns: Readonly<Record<string, Float64Array>>) => Promise<{
  readonly prediction: ArrayLike<number>
  readonly gradient: Readonly<Record<string, ArrayLike<number>>>
}>

/** How the weight of drift is told. */
export interface DriftImpactOptions {
  /** Columns of numbers that the model reads. */
  readonly columns: readonly string[]
  readonly model: Gradients
  /** The change of the mean prediction that does not matter, in the prediction's own unit; by default a tenth of its standard deviation on the reference. */
  readonly tolerance?: number
  /** The confidence of verdicts; 0.95 by default. */
  readonly confidence?: number
  /** Points on the way from a row to where drift takes it, at which the gradient is asked for; 8 by default. */
  readonly steps?: number
  /** Rows a side, every k-th; 10,000 by default. */
  readonly maxRows?: number
}

/** What the drift of one column does. */
export interface ColumnImpact {
  readonly column: string
  /** How far its values moved on average, in standard deviations of the reference. */
  readonly moved: number
  /** The change of the mean prediction that its move makes, and the standard error of it. */
  readonly change: number
  readonly error: number
  /** `matters`: beyond the tolerance, `harmless`: within it, with the confidence asked for; else more rows would tell. */
  readonly verdict: 'matters' | 'harmless' | 'undecided'
}

/** What drift does to predictions. */
export interface DriftImpact {
  /** In the order of the size of their change. */
  readonly columns: readonly ColumnImpact[]
  /** The change of the mean prediction, as it was found on both tables. */
  readonly change: number
  /** The part of it that no column's own move makes: columns hang together otherwise than before, or the points on the way are too few. */
  readonly rest: number
  readonly tolerance: number
  readonly rows: { readonly reference: number; readonly current: number }
}

/**
 * Tells what drift does to a model's predictions, column by column: each row of the reference goes to where the drift of its columns takes it (a value to that of
 * the same rank in the current table), and the gradient along the way, times the move of a column, is that column's part of the change. Parts add up to the whole
 * change but for what columns have to do with each other, which is `rest`. With the gradient of a loss in place of the prediction's, it tells what drift does
 * to the loss. Rows with a missing value are left out. Throws `COLUMN_UNKNOWN`, `COLUMN_TYPE`, `OPTION_INVALID`, `SHAPE_MISMATCH` for a model that gives too few numbers.
 * Source: integrated gradients (Sundararajan, Taly, Yan 2017) along the monotone transport of each column.
 */
export async function driftImpact(
  reference: AnyRelation,
  current: AnyRelation,
  { columns, model, tolerance, confidence = 0.95, steps = 8, maxRows = 10_000 }: DriftImpactOptions,
): Promise<DriftImpact> {
  if (!(confidence > 0.5 && confidence < 1))
    throw new PodError('OPTION_INVALID', `the confidence ${confidence} is not between 0.5 and 1`)
  if (!(Number.isSafeInteger(steps) && steps >= 1)) throw new PodError('OPTION_INVALID', `${steps} points are no way`)
  if (columns.length === 0) throw new PodError('OPTION_INVALID', 'the drift of no column does nothing')
  const [before, now] = [await readRows(reference, columns, maxRows), await readRows(current, columns, maxRows)]
  const n = before[columns[0]].length
  if (n === 0 || now[columns[0]].length === 0)
    throw new PodError('OPTION_INVALID', 'one of the tables has no row without a missing value')
  const moves = Object.fromEntries(columns.map((name) => [name, transport(before[name], now[name])]))
  const parts = Object.fromEntries(columns.map((name) => [name, new Float64Array(n)]))
  for (let step = 0; step < steps; step++) {
    // the middle of one of equal pieces of the way
    const t = (step + 0.5) / steps
    const at = Object.fromEntries(columns.map((name) => [name, before[name].map((x, i) => x + t * moves[name][i])]))
    const { gradient } = await model(at)
    for (const name of columns) {
      const slope = gradient[name]
      if (slope?.length !== n)
        throw new PodError(
          'SHAPE_MISMATCH',
          `the model gave ${slope?.length ?? 'no'} derivatives by "${name}" for ${n} rows`,
        )
      for (let i = 0; i < n; i++) parts[name][i] += (slope[i] * moves[name][i]) / steps
    }
  }
  const [said, saidNow] = [(await model(before)).prediction, (await model(now)).prediction]
  const spreadOfPrediction = moments(Float64Array.from(said))
  const change = moments(Float64Array.from(saidNow)).mean - spreadOfPrediction.mean
  const limit = tolerance ?? 0.1 * Math.sqrt(variance(spreadOfPrediction) || 0)
  const z = normalQuantile((1 + confidence) / 2)
  const found = columns.map((name): ColumnImpact => {
    const part = moments(parts[name])
    const error = n > 1 ? Math.sqrt(variance(part) / n) : Number.POSITIVE_INFINITY
    const sd = Math.sqrt(variance(moments(before[name])) || 0)
    const moved = moments(moves[name]).mean
    const [low, high] = [Math.abs(part.mean) - z * error, Math.abs(part.mean) + z * error]
    return {
      column: name,
      moved: sd === 0 ? 0 : moved / sd,
      change: part.mean,
      error,
      verdict: low > limit ? 'matters' : high <= limit ? 'harmless' : 'undecided',
    }
  })
  return {
    columns: found.sort((a, b) => Math.abs(b.change) - Math.abs(a.change)),
    change,
    rest: change - found.reduce((sum, one) => sum + one.change, 0),
    tolerance: limit,
    rows: { reference: n, current: now[columns[0]].length },
  }
}

/** How far each value is from that of its rank in the other sample; equal values go to the mean of where they would go. */
function transport(from: Float64Array, to: Float64Array): Float64Array {
  const target = sortNumbers(Float64Array.from(to))
  const order = Array.from(from.keys()).sort((a, b) => from[a] - from[b] || a - b)
  // the integral of the quantile function over a rank's share, from its cumulative sums
  const sums = new Float64Array(target.length + 1)
  for (let i = 0; i < target.length; i++) sums[i + 1] = sums[i] + target[i]
  const integral = (u: number): number => {
    const x = Math.min(target.length, u * target.length)
    const whole = Math.min(target.length - 1, Math.floor(x))
    return (sums[whole] + (x - whole) * target[whole]) / target.length
  }
  const moves = new Float64Array(from.length)
  for (let i = 0; i < order.length; ) {
    let end = i
    while (end < order.length && from[order[end]] === from[order[i]]) end++
    const [a, b] = [i / order.length, end / order.length]
    const goal = (integral(b) - integral(a)) / (b - a)
    for (; i < end; i++) moves[order[i]] = goal - from[order[i]]
  }
  return moves
}

async function readRows(
  data: AnyRelation,
  columns: readonly string[],
  most: number,
): Promise<Record<string, Float64Array>> {
  const infos = new Map((await data.describe()).map((info) => [info.name, info]))
  for (const name of columns) {
    const info = infos.get(name)
    if (!info) throw unknownColumn(name, data.columns)
    if (info.type !== 'int' && info.type !== 'float')
      throw new PodError('COLUMN_TYPE', `the column "${name}" is ${info.sqlType}, by which nothing has a derivative`)
  }
  const { sql } = data.engine
  const kept = untyped(data).where(
    sql.and(
      ...columns.map((name) => {
        const value = sql.cast(sql.column(name), 'DOUBLE')
        return sql.and(sql.isNotNull(value), new sql.FunctionNode('isfinite', [value]))
      }),
    ),
  )
  const read = await kept.select(...columns).toColumns(...columns)
  const every = Math.max(1, Math.ceil(read[columns[0]].data.length / most))
  return Object.fromEntries(
    columns.map((name) => [name, Float64Array.from(read[name].data as Float64Array).filter((_, i) => i % every === 0)]),
  )
}
