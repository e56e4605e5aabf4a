import { tensor } from '@mlpod/contract'
import { random } from '@mlpod/math'
import type { FitOptions } from './fitOptions.ts'
import { adam, binaryCrossEntropyWithLogits, mlp } from './index.ts'

/** Returns a tensor of single precision. */
export const float = (shape: readonly number[], values: ArrayLike<number>) =>
  tensor('float32', shape, Float32Array.from(values))

/** Returns class numbers. */
export const classes = (values: readonly number[]) =>
  tensor('int64', [values.length], BigInt64Array.from(values, BigInt))

/** Returns a matcher of an error by its code and message. */
export const coded = (code: string, message?: RegExp) => ({
  code,
  ...(message && { message: expectMatching(message) }),
})

const expectMatching = (message: RegExp): { asymmetricMatch(value: unknown): boolean } => ({
  asymmetricMatch: (value) => typeof value === 'string' && message.test(value),
})

const n = 203
const x = float([n, 4], random({ seed: 1 }).fillNormal(new Float32Array(n * 4)))
const y = float(
  [n, 1],
  Array.from({ length: n }, (_, i) => (x.data[4 * i] - x.data[4 * i + 1] > 0.2 ? 1 : 0)),
)

/** 203 rows of four numbers and a yes or no, which a line tells apart. */
export const rows = { x, y } as const

/** A small network on them. */
export const small: FitOptions & { readonly data: typeof rows } = {
  network: mlp([8], 1),
  loss: binaryCrossEntropyWithLogits(),
  optimizer: adam({ learningRate: 0.02 }),
  data: rows,
  epochs: 5,
  batch: 32,
  seed: 7,
}
