import { PodError, sizeOf, type Tensor } from '@mlpod/contract'
import { namedRows, type TrainingData } from './data.ts'
import type { Loss } from './losses/index.ts'

/** Throws when rows cannot be learnt from; `what` names them. */
export function checkData(data: TrainingData, losses: Readonly<Record<string, Loss>>, what: string): void {
  const { inputs, targets, weights } = namedRows(data)
  const [first, ...others] = [
    ...Object.entries(inputs),
    ...Object.entries(targets),
    ...(weights ? [['weights', weights] as const] : []),
  ]
  const n = first?.[1].shape[0]
  if (!(n > 0)) throw new PodError('DATA_EMPTY', `${what} has no rows`)
  for (const [name, value] of [first, ...others]) {
    if (value.shape[0] !== n)
      throw new PodError('LENGTH_MISMATCH', `${what} has ${n} rows of ${first[0]}, but ${value.shape[0]} of ${name}`)
    if (value.data.length !== sizeOf(value.shape))
      throw new PodError(
        'LENGTH_MISMATCH',
        `${name} of ${what} has ${value.data.length} elements in the shape [${value.shape.join(', ')}]`,
      )
  }
  for (const [name, value] of Object.entries(inputs)) checkFinite(name, value, what)
  for (const [name, value] of Object.entries(targets)) checkTargets(name, value, losses[name], what)
  if (weights) checkWeights(weights, what)
}

function checkFinite(name: string, { dtype, shape, data }: Tensor, what: string): void {
  if (dtype !== 'float32' && dtype !== 'float64') return
  const values = data as Float32Array
  const bad = values.findIndex((v) => !Number.isFinite(v))
  if (bad < 0) return
  let count = 0
  for (const value of values) if (!Number.isFinite(value)) count++
  throw new PodError(
    'DATA_NOT_FINITE',
    `${name} of ${what} is ${values[bad]} in row ${Math.floor(bad / (values.length / shape[0]))}`,
    {
      because: count > 1 ? `${count} of its ${values.length} values are no finite numbers` : undefined,
      hint: 'impute missing values: fitPreprocess does',
    },
  )
}

function checkTargets(name: string, { dtype, data }: Tensor, loss: Loss, what: string): void {
  if (dtype !== loss.target)
    throw new PodError(
      'DTYPE_MISMATCH',
      `${loss.name} takes targets of ${loss.target}, but ${name} of ${what} is ${dtype}`,
    )
  const fits = loss.takes?.test ?? ((label: number): boolean => dtype !== 'int64' || label >= 0)
  const wrong =
    dtype === 'int64'
      ? (data as BigInt64Array).findIndex((v) => Number(v) !== loss.ignored && !fits(Number(v)))
      : (data as Float32Array).findIndex((v) => !Number.isFinite(v) || !fits(v))
  if (wrong >= 0)
    throw new PodError('LABEL_INVALID', `${name} of ${what} is ${data[wrong]} at position ${wrong}`, {
      because: loss.takes && `${loss.name} takes targets ${loss.takes.what}`,
    })
}

/** Throws `LABEL_INVALID` when a class number is not below the number of classes that the network tells apart. */
export function checkClasses(
  data: TrainingData,
  widths: Readonly<Record<string, number | undefined>>,
  losses: Readonly<Record<string, Loss>>,
  what: string,
): void {
  for (const [name, y] of Object.entries(namedRows(data).targets)) {
    const [scores, loss] = [widths[name], losses[name]]
    const classes = scores !== undefined && loss.classes ? loss.classes(scores) : scores
    if (y.dtype !== 'int64' || classes === undefined) continue
    const wrong = (y.data as BigInt64Array).findIndex((v) => v >= BigInt(classes) && Number(v) !== loss.ignored)
    if (wrong >= 0)
      throw new PodError('LABEL_INVALID', `${name} of ${what} is ${y.data[wrong]} at position ${wrong}`, {
        because: `the network gives ${scores} scores a row, for the classes 0 to ${classes - 1}`,
      })
  }
}

/** Throws `SHAPE_MISMATCH` or `DTYPE_MISMATCH` unless two sets of rows have the same columns of the same sizes and types. */
export function checkAlike(data: TrainingData, other: TrainingData, what: string): void {
  const [a, b] = [data, other].map(namedRows)
  for (const kind of ['inputs', 'targets'] as const)
    for (const name of new Set([...Object.keys(a[kind]), ...Object.keys(b[kind])])) {
      const [ours, theirs] = [a[kind][name]?.shape, b[kind][name]?.shape]
      const same = ours?.length === theirs?.length && ours?.every((size, axis) => axis === 0 || size === theirs?.[axis])
      const told = (shape: readonly number[] | undefined): string => (shape ? `[${shape.join(', ')}]` : 'missing')
      if (!same)
        throw new PodError('SHAPE_MISMATCH', `${name} is ${told(ours)} in the data and ${told(theirs)} in ${what}`)
      const [ourType, theirType] = [a[kind][name].dtype, b[kind][name].dtype]
      if (ourType !== theirType)
        throw new PodError('DTYPE_MISMATCH', `${name} is ${ourType} in the data and ${theirType} in ${what}`)
    }
}

function checkWeights({ shape, data }: Tensor<'float32'>, what: string): void {
  if (shape.length !== 1)
    throw new PodError('SHAPE_MISMATCH', `the weights of ${what} are [${shape.join(', ')}], not [${shape[0]}]`)
  if (data.some((w) => !(w >= 0 && w < Number.POSITIVE_INFINITY)))
    throw new PodError('WEIGHTS_INVALID', `a weight of ${what} is negative or not finite`)
  if (data.every((w) => w === 0)) throw new PodError('WEIGHTS_INVALID', `all weights of ${what} are 0`)
}
