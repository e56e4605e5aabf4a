import { PodError, type Tensor } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { namedRows, rowsOf, type TrainingData, takeRows } from './data.ts'
import { type Fitted, fit } from './fit.ts'
import type { FitOptions } from './fitOptions.ts'
import { predict } from './predict.ts'

/** Settings of `crossValidate`. */
export interface CrossValidateOptions extends Omit<FitOptions, 'data' | 'validation' | 'checkpoint' | 'resume'> {
  readonly data: TrainingData
  /** How many parts; 5 by default. */
  readonly folds?: number
  /** Whether each part has the classes in the same shares; by default, where there is one target of class numbers. */
  readonly stratified?: boolean
  /** The group of each row: a group is in one part. */
  readonly groups?: readonly (string | number)[]
}

/** A mean over the folds, with its standard deviation (n - 1). */
export interface Spread {
  readonly mean: number
  readonly sd: number
}

/** What training on all folds but one says of the one, for each. */
export interface CrossValidated {
  readonly folds: readonly {
    readonly fitted: Fitted
    readonly rows: readonly number[]
    readonly loss: number
    readonly metrics: Readonly<Record<string, number>>
  }[]
  /** The loss over the held-out rows. */
  readonly loss: Spread
  readonly metrics: Readonly<Record<string, Spread>>
  /** The outputs for every row, each from the network that has not seen it. */
  readonly outOfFold: Readonly<Record<string, Tensor<'float32'>>>
}

/**
 * Trains as often as there are folds, each time on all rows but those of one, and judges by that one. Rows are dealt in an order
 * drawn from the seed; the same options give the same bits. Throws `OPTION_INVALID` and what `fit` throws.
 */
export async function crossValidate({
  data,
  folds = 5,
  stratified,
  groups,
  ...options
}: CrossValidateOptions): Promise<CrossValidated> {
  const n = rowsOf(data)
  const parts = partsOf(data, n, { folds, stratified, groups, seed: options.seed })
  const results: CrossValidated['folds'][number][] = []
  const outOfFold: Record<string, Tensor<'float32'>> = {}
  for (const [k, rows] of parts.entries()) {
    const others = parts.flatMap((part, i) => (i === k ? [] : part)).sort((a, b) => a - b)
    const held = takeRows(data, rows)
    const fitted = await fit({ ...options, data: takeRows(data, others), validation: held })
    const record = fitted.history[fitted.epoch - 1]
    results.push({ fitted, rows, loss: record.validation!, metrics: record.validationMetrics ?? {} })
    await fill(outOfFold, fitted, held, rows, n)
  }
  const names = Object.keys(results[0].metrics)
  return {
    folds: results,
    loss: spreadOf(results.map(({ loss }) => loss)),
    metrics: Object.fromEntries(names.map((name) => [name, spreadOf(results.map(({ metrics }) => metrics[name]))])),
    outOfFold,
  }
}

function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) }
}

/** The rows of each fold. */
function partsOf(
  data: TrainingData,
  n: number,
  {
    folds,
    stratified,
    groups,
    seed,
  }: Pick<CrossValidateOptions, 'stratified' | 'groups' | 'seed'> & { readonly folds: number },
): number[][] {
  if (!(Number.isSafeInteger(folds) && folds >= 2))
    throw new PodError('OPTION_INVALID', `${folds} folds are not possible: take 2 or more`)
  const order = Array.from(random({ seed, path: 'folds' }).permutation(n))
  const parts = Array.from({ length: folds }, (): number[] => [])
  const targets = Object.values(namedRows(data).targets)
  const [target] = targets
  const classes = targets.length === 1 && target.dtype === 'int64' && target.shape.length === 1
  if (groups) {
    if (groups.length !== n) throw new PodError('LENGTH_MISMATCH', `there are ${groups.length} groups for ${n} rows`)
    const members = Map.groupBy(order, (row) => groups[row])
    if (members.size < folds)
      throw new PodError('OPTION_INVALID', `${members.size} groups cannot be dealt to ${folds} folds`)
    // the largest groups first, each to the fold that has the fewest rows
    for (const rows of [...members.values()].toSorted((a, b) => b.length - a.length))
      parts.reduce((least, part) => (part.length < least.length ? part : least)).push(...rows)
  } else {
    if (n < folds) throw new PodError('OPTION_INVALID', `${n} rows cannot be dealt to ${folds} folds`)
    if (stratified === true && !classes)
      throw new PodError('OPTION_INVALID', 'folds are stratified by one target of class numbers')
    const label = (row: number): bigint => (target.data as BigInt64Array)[row]
    const dealt = (stratified ?? classes) ? order.toSorted((a, b) => Number(label(a) - label(b))) : order
    dealt.forEach((row, i) => void parts[i % folds].push(row))
  }
  return parts.map((part) => part.sort((a, b) => a - b))
}

/** Writes what a network says of some rows into the outputs for all. */
async function fill(
  all: Record<string, Tensor<'float32'>>,
  fitted: Fitted,
  held: TrainingData,
  rows: readonly number[],
  n: number,
): Promise<void> {
  for (const [name, { shape, data }] of Object.entries(await predict(fitted, namedRows(held).inputs))) {
    const width = data.length / rows.length
    all[name] ??= { dtype: 'float32', shape: [n, ...shape.slice(1)], data: new Float32Array(n * width) }
    for (const [i, row] of rows.entries())
      all[name].data.set((data as Float32Array).subarray(i * width, (i + 1) * width), row * width)
  }
}
