import { PodError } from '@mlpod/contract'
import type { TrainingData } from './fit.ts'
import type { Loss } from './losses/index.ts'

/** Throws when rows cannot be learnt from; `what` names them. */
export function checkData({ x, y, weights }: TrainingData, loss: Loss, what: string): void {
  const n = x.shape[0]
  if (!(n > 0)) throw new PodError('DATA_EMPTY', `${what} has no rows`)
  for (const [name, value] of Object.entries({ y, weights }))
    if (value && value.shape[0] !== n)
      throw new PodError('LENGTH_MISMATCH', `${what} has ${n} rows of x, but ${value.shape[0]} of ${name}`)
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
  const negative =
    y.dtype === 'int64'
      ? (y.data as BigInt64Array).findIndex((v) => v < 0n)
      : (y.data as Float32Array).findIndex((v) => !Number.isFinite(v))
  if (negative >= 0) throw new PodError('LABEL_INVALID', `y of ${what} is ${y.data[negative]} at position ${negative}`)
  if (weights?.data.some((w) => !(w >= 0)))
    throw new PodError('WEIGHTS_INVALID', `a weight of ${what} is negative or NaN`)
}
