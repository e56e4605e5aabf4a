import { PodError } from '@mlpod/contract'
import { spread, symmetricEigen, variance } from '@mlpod/math'
import { dot, type Rows } from './matrix.ts'

/** Principal components of standardised columns. */
export interface Basis {
  readonly center: readonly number[]
  readonly scale: readonly number[]
  /** Directions as rows, the widest first, and how much they hold. */
  readonly vectors: Float64Array
  readonly values: Float64Array
}

/** Returns the principal components of rows. */
export function basisOf({ columns, n }: Rows): Basis {
  const d = columns.length
  const spreads = columns.map((column) => spread(column))
  const center = spreads.map(({ mean }) => mean)
  const scale = spreads.map((s) => Math.sqrt(variance(s, { ddof: 0 })) || 1)
  const z = columns.map((column, j) => column.map((v) => (v - center[j]) / scale[j]))
  const covariance = new Float64Array(d * d)
  for (let i = 0; i < d; i++)
    for (let j = 0; j <= i; j++) covariance[i * d + j] = covariance[j * d + i] = dot(z[i], z[j]) / n
  return { center, scale, ...symmetricEigen(covariance, d) }
}

/** Returns rows along the first components of others. */
export function project(of: Rows, sides: readonly Rows[], components: number): Rows[] {
  const { center, scale, vectors } = basisOf(of)
  const d = center.length
  if (!(Number.isInteger(components) && components > 0 && components <= d))
    throw new PodError('OPTION_INVALID', `${components} components cannot be kept of ${d} columns`)
  return sides.map(({ n, columns }) => ({
    n,
    columns: Array.from({ length: components }, (_, k) =>
      Float64Array.from({ length: n }, (_, i) =>
        columns.reduce((s, column, j) => s + ((column[i] - center[j]) / scale[j]) * vectors[k * d + j], 0),
      ),
    ),
  }))
}
