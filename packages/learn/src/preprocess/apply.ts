import { didYouMean, PodError, type Tensor } from '@mlpod/contract'
import type { Relation } from '@mlpod/data'
import {
  add,
  cast,
  compile,
  concat,
  constant,
  div,
  dtypeOf,
  equal,
  gather,
  greater,
  input,
  isNaN as isNaNValue,
  log,
  not,
  or,
  reduceMax,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import { score } from '../score.ts'
import { type Feature, type FittedCategorical, type FittedNumeric, features, type Preprocess } from './plan.ts'

/** Features as a value: [N, d], with the name and the source column of each. */
export interface Preprocessed {
  readonly features: Value
  readonly columns: readonly string[]
  readonly sources: readonly string[]
}

/**
 * Returns the features of raw columns as values. Each input is [N, 1]: float32 with NaN for missing for numbers, truth
 * values and whole numbers, string with "" for missing for texts. Throws `COLUMN_MISSING`, `DTYPE_MISMATCH`.
 */
export function applyPreprocess(fitted: Preprocess, inputs: Readonly<Record<string, Value>>): Preprocessed {
  const named = (column: string, dtype: 'float32' | 'string'): Value => {
    const value = inputs[column]
    if (!value)
      throw new PodError(
        'COLUMN_MISSING',
        `preprocessing needs an input "${column}"${didYouMean(column, Object.keys(inputs))}`,
      )
    if (dtypeOf(value) !== dtype)
      throw new PodError('DTYPE_MISMATCH', `the input "${column}" is ${dtypeOf(value)}, but it was fitted as ${dtype}`)
    return value
  }
  const parts = [
    ...numericFeatures(fitted.numeric, named),
    ...fitted.categorical.map((column) => categoricalFeatures(column, named)),
  ]
  const list: readonly Feature[] = features(fitted)
  return {
    features: parts.length === 1 ? parts[0] : concat(parts, { axis: 1 }),
    columns: list.map(({ name }) => name),
    sources: list.map(({ source }) => source),
  }
}

type Named = (column: string, dtype: 'float32' | 'string') => Value
const joined = (values: readonly Value[]): Value => (values.length === 1 ? values[0] : concat(values, { axis: 1 }))
const row = (values: readonly number[]): Value =>
  constant({ dtype: 'float32', shape: [1, values.length], data: Float32Array.from(values) })

/** All columns of numbers at once: missing ones filled, then centred and scaled; after them the indicators. */
function numericFeatures(columns: readonly FittedNumeric[], named: Named): Value[] {
  if (columns.length === 0) return []
  const raw = joined(
    columns.map(({ column, log: logged }) => {
      const value = named(column, 'float32')
      // What has no logarithm is missing, as in fitting.
      return logged ? log(where(greater(value, -1), add(value, 1), Number.NaN)) : value
    }),
  )
  const missing = isNaNValue(raw)
  const filled = where(missing, row(columns.map(({ fill }) => fill)), raw)
  const scaled = columns.every(({ mean, scale }) => mean === 0 && scale === 1)
    ? filled
    : div(sub(filled, row(columns.map(({ mean }) => mean))), row(columns.map(({ scale }) => scale)))
  const indicated = columns.flatMap(({ missingIndicator }, i) => (missingIndicator ? [i] : []))
  if (indicated.length === 0) return [scaled]
  return [
    scaled,
    cast(indicated.length === columns.length ? missing : gather(missing, indicated, { axis: 1 }), 'float32'),
  ]
}

/** One feature a category, then one for missing and one for new values where they were asked for. */
function categoricalFeatures({ column, categories, missing, unknown }: FittedCategorical, named: Named): Value {
  const isText = typeof categories[0] === 'string'
  const value = named(column, isText ? 'string' : 'float32')
  const list = isText
    ? constant({ dtype: 'string', shape: [1, categories.length], data: categories as readonly string[] })
    : row(categories as readonly number[])
  const known = cast(equal(value, list), 'float32')
  const absent = isText ? equal(value, constant('', 'string')) : isNaNValue(value)
  const parts = [known]
  if (missing === 'category') parts.push(cast(absent, 'float32'))
  if (unknown === 'category') {
    const any = cast(reduceMax(known, { axes: [1], keepDims: true }), 'bool')
    parts.push(cast(not(or(any, absent)), 'float32'))
  }
  return joined(parts)
}

/** Returns the inputs that raw columns have in a model: [N, 1] each. */
export function rawInputs({ numeric, categorical }: Preprocess): Record<string, Value> {
  const text = (column: FittedCategorical): boolean => typeof column.categories[0] === 'string'
  return Object.fromEntries([
    ...numeric.map(({ column }) => [column, input(column, 'float32', ['N', 1])] as const),
    ...categorical.map((c) => [c.column, input(c.column, text(c) ? 'string' : 'float32', ['N', 1])] as const),
  ])
}

/** A name that no column has. */
const OUTPUT = '[features]'

/**
 * Returns the features of the rows of a relation as numbers [N, d], computed by the same graph that serves: what training
 * sees is what the model will see. Throws what `applyPreprocess` and `score` throw.
 */
export async function transform<Row>(fitted: Preprocess, rows: Relation<Row>): Promise<Tensor<'float32'>> {
  const inputs = rawInputs(fitted)
  const { features: made } = applyPreprocess(fitted, inputs)
  const model = compile({ inputs, outputs: { [OUTPUT]: made }, name: 'preprocess' })
  return (await score(model, rows))[OUTPUT] as Tensor<'float32'>
}
