import { PodError, sizeOf, type Tensor } from '@mlpod/contract'
import type { TrainingData } from './fit.ts'
import type { Loss } from './losses/index.ts'

/** Throws when rows cannot be learnt from; `what` names them. */
export function checkData({ x, y, weights }: TrainingData, loss: Loss, what: string): void {
  const n = x.shape[0]
  if (!(n > 0)) throw new PodError('DATA_EMPTY', `${what} has no rows`)
  for (const [name, value] of Object.entries({ x, y, weights } as Record<string, Tensor | undefined>)) {
    if (value && value.shape[0] !== n)
      throw new PodError('LENGTH_MISMATCH', `${what} has ${n} rows of x, but ${value.shape[0]} of ${name}`)
    if (value && value.data.length !== sizeOf(value.shape))
      throw new PodError(
        'LENGTH_MISMATCH',
        `${name} of ${what} has ${value.data.length} elements in the shape [${value.shape.join(', ')}]`,
      )
  }
  const bad = x.data.findIndex((v) => !Number.isFinite(v))
  if (bad >= 0)
    throw new PodError(
      'DATA_NOT_FINITE',
      `x of ${what} is ${x.data[bad]} in row ${Math.floor(bad / (x.data.length / n))}`,
      {
        hint: 'impute missing values: fitPreprocess does',
      },
    )
  if (y.dtype !== loss.target)
    throw new PodError('DTYPE_MISMATCH', `${loss.name} takes targets of ${loss.target}, but y of ${what} is ${y.dtype}`)
  checkTargets(y, loss, what)
  if (weights) checkWeights(weights, what)
}

function checkTargets(y: TrainingData['y'], { name, takes }: Loss, what: string): void {
  const wrong =
    y.dtype === 'int64'
      ? (y.data as BigInt64Array).findIndex((v) => v < 0n)
      : (y.data as Float32Array).findIndex((v) => !Number.isFinite(v) || takes?.test(v) === false)
  if (wrong >= 0)
    throw new PodError('LABEL_INVALID', `y of ${what} is ${y.data[wrong]} at position ${wrong}`, {
      because: takes && `${name} takes targets ${takes.what}`,
    })
}

/** Throws `LABEL_INVALID` when a class number is not below the number of classes that the network tells apart. */
export function checkClasses({ y }: TrainingData, classes: number | undefined, what: string): void {
  if (y.dtype !== 'int64' || classes === undefined) return
  const wrong = (y.data as BigInt64Array).findIndex((v) => v >= BigInt(classes))
  if (wrong >= 0)
    throw new PodError('LABEL_INVALID', `y of ${what} is ${y.data[wrong]} at position ${wrong}`, {
      because: `the network gives ${classes} scores a row, for the classes 0 to ${classes - 1}`,
    })
}

function checkWeights({ shape, data }: Tensor<'float32'>, what: string): void {
  if (shape.length !== 1)
    throw new PodError('SHAPE_MISMATCH', `the weights of ${what} are [${shape.join(', ')}], not [${shape[0]}]`)
  if (data.some((w) => !(w >= 0 && w < Number.POSITIVE_INFINITY)))
    throw new PodError('WEIGHTS_INVALID', `a weight of ${what} is negative or not finite`)
  if (data.every((w) => w === 0)) throw new PodError('WEIGHTS_INVALID', `all weights of ${what} are 0`)
}
