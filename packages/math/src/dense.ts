import { PodError } from '@mlpod/contract'
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix'

const checkSquare = (a: Float64Array, n: number): void => {
  if (a.length !== n * n)
    throw new PodError('SHAPE_MISMATCH', `a ${n} x ${n} matrix has ${n * n} elements, not ${a.length}`)
}

/**
 * Returns the lower triangular L with L L^T = A of a symmetric positive definite matrix (row-major, n x n).
 * `ridge` times the mean of the diagonal is added to the diagonal first. Throws `MATRIX_NOT_POSITIVE` naming the pivot.
 */
export function cholesky(a: Float64Array, n: number, { ridge = 0 }: { ridge?: number } = {}): Float64Array {
  checkSquare(a, n)
  let trace = 0
  for (let i = 0; i < n; i++) trace += a[i * n + i]
  const added = (ridge * trace) / n
  const l = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j] + (i === j ? added : 0)
      for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k]
      if (i !== j) l[i * n + j] = sum / l[j * n + j]
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum)
      else
        throw new PodError(
          'MATRIX_NOT_POSITIVE',
          `the matrix is not positive definite: pivot ${i + 1} of ${n} is ${sum}`,
          {
            hint: 'add a relative ridge, for example { ridge: 1e-8 }, or drop collinear columns',
          },
        )
    }
  }
  return l
}

/** Returns X with A X = B from the Cholesky factor `l` of A; `b` is row-major, n x columns (1 by default). */
export function choleskySolve(l: Float64Array, n: number, b: Float64Array, columns = 1): Float64Array {
  const x = Float64Array.from(b)
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < n; i++) {
      let sum = x[i * columns + c]
      for (let k = 0; k < i; k++) sum -= l[i * n + k] * x[k * columns + c]
      x[i * columns + c] = sum / l[i * n + i]
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = x[i * columns + c]
      for (let k = i + 1; k < n; k++) sum -= l[k * n + i] * x[k * columns + c]
      x[i * columns + c] = sum / l[i * n + i]
    }
  }
  return x
}

/** Returns the inverse of a symmetric positive definite matrix, exactly symmetric. Throws what `cholesky` throws. */
export function inverse(a: Float64Array, n: number, options: { ridge?: number } = {}): Float64Array {
  const identity = new Float64Array(n * n)
  for (let i = 0; i < n; i++) identity[i * n + i] = 1
  const x = choleskySolve(cholesky(a, n, options), n, identity, n)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) x[i * n + j] = x[j * n + i] = (x[i * n + j] + x[j * n + i]) / 2
  return x
}

/** Returns log det A from its Cholesky factor. */
export function logDeterminant(l: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += Math.log(l[i * n + i])
  return 2 * sum
}

/** Returns X with A X = B for symmetric positive definite A. Throws what `cholesky` throws. */
export const solve = (
  a: Float64Array,
  n: number,
  b: Float64Array,
  { ridge = 0, columns = 1 }: { ridge?: number; columns?: number } = {},
): Float64Array => choleskySolve(cholesky(a, n, { ridge }), n, b, columns)

const toMatrix = (a: Float64Array, rows: number, columns: number): Matrix =>
  Matrix.from1DArray(rows, columns, a as unknown as number[])

const fromMatrix = (m: Matrix): Float64Array => Float64Array.from(m.to1DArray())

/**
 * Returns the eigenvalues of a symmetric matrix in falling order, and its unit eigenvectors as the rows of `vectors`,
 * each with its largest component positive, so that the result is one and not one of many.
 */
export function symmetricEigen(a: Float64Array, n: number): { values: Float64Array; vectors: Float64Array } {
  checkSquare(a, n)
  const found = new EigenvalueDecomposition(toMatrix(a, n, n), { assumeSymmetric: true })
  const order = found.realEigenvalues
    .map((_, i) => i)
    .sort((x, y) => found.realEigenvalues[y] - found.realEigenvalues[x])
  const columns = found.eigenvectorMatrix
  const vectors = new Float64Array(n * n)
  order.forEach((column, row) => {
    let largest = 0
    for (let i = 1; i < n; i++)
      if (Math.abs(columns.get(i, column)) > Math.abs(columns.get(largest, column)) + 1e-12) largest = i
    const sign = columns.get(largest, column) < 0 ? -1 : 1
    for (let i = 0; i < n; i++) vectors[row * n + i] = sign * columns.get(i, column)
  })
  return { values: Float64Array.from(order, (i) => found.realEigenvalues[i]), vectors }
}

/** Returns the thin singular value decomposition A = U diag(values) V^T (row-major; U rows x k, V columns x k). */
export function singularValues(
  a: Float64Array,
  rows: number,
  columns: number,
): { u: Float64Array; values: Float64Array; v: Float64Array } {
  if (a.length !== rows * columns)
    throw new PodError(
      'SHAPE_MISMATCH',
      `a ${rows} x ${columns} matrix has ${rows * columns} elements, not ${a.length}`,
    )
  const found = new SingularValueDecomposition(toMatrix(a, rows, columns), { autoTranspose: true })
  return {
    u: fromMatrix(found.leftSingularVectors),
    values: Float64Array.from(found.diagonal),
    v: fromMatrix(found.rightSingularVectors),
  }
}
