import { PodError, type Tensor } from '@mlpod/contract'
import { matMul, type Value } from '@mlpod/graph'
import { symmetricEigen } from '@mlpod/math'
import { type KernelName, type KernelOptions, kernelMatrix, kernelValue } from './kernels.ts'
import type { Layer } from './layer.ts'
import { known, unfit } from './shape.ts'

// eigenvalues below it count as it: sklearn's
const LEAST = 1e-12

/**
 * Returns features k(x, landmarks) K^(-1/2) for landmarks [m, d]: their products come near the kernel's, and on the landmarks
 * are it. [batch, d] to [batch, m]; `components` and `normalization` are kept and not trained. Throws `LAYER_INVALID` for
 * landmarks that are no matrix of numbers. Source: Williams, Seeger (2001); sklearn.kernel_approximation.Nystroem.
 */
export function nystroem(
  landmarks: Tensor,
  { kernel = 'rbf', ...options }: KernelOptions & { readonly kernel?: KernelName } = {},
): Layer {
  const [m, d] = landmarks.shape
  if (landmarks.shape.length !== 2 || landmarks.dtype === 'string' || m === 0)
    throw new PodError(
      'LAYER_INVALID',
      `the landmarks are ${landmarks.dtype} [${landmarks.shape.join(', ')}], no matrix`,
    )
  const points = Float64Array.from(landmarks.data as ArrayLike<number>, Number)
  const { values, vectors } = symmetricEigen(kernelMatrix(points, m, kernel, options), m)
  // V sign(l) / sqrt|l| V^T: of a kernel that is not positive, as by its singular values
  const factors = values.map((value) => Math.sign(value || 1) / Math.sqrt(Math.max(Math.abs(value), LEAST)))
  const normalization = new Float32Array(m * m)
  for (let i = 0; i < m; i++)
    for (let j = 0; j < m; j++) {
      let sum = 0
      for (let k = 0; k < m; k++) sum += vectors[k * m + i] * factors[k] * vectors[k * m + j]
      normalization[i * m + j] = sum
    }
  const kept = (old: Value): Value => old
  return (x, scope) => {
    if (x.shape.length !== 2 || known(x, 1, 'layer of landmarks', scope) !== d)
      throw unfit('layer of landmarks', `[batch, ${d}]`, x, scope)
    const components = scope.state('components', [m, d], () => Float32Array.from(points), kept)
    const whitened = scope.state('normalization', [m, m], () => normalization, kept)
    return matMul(kernelValue(x, components, kernel, options), whitened)
  }
}
