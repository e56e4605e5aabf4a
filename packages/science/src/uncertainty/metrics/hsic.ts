import { PodError } from '@mlpod/contract'
import { sortOrder } from '@mlpod/math'
import { checkLength } from '../calibrate/calibrate.ts'

/**
 * Returns how much coverage depends on the size of intervals: the root of the Hilbert-Schmidt independence criterion with kernels
 * exp(-d^2 / size), 0 where it does not. O(n) memory: coverage has two values, so that one vector times the kernel matrix of the
 * widths is all that is left of the trace, and that is a sum of Gaussians in one dimension.
 * Throws `LENGTH_MISMATCH`, `KERNEL_INVALID` unless sizes are above 0, `WIDTH_INVALID` for infinite widths.
 * Source: Feldman, Bates, Romano 2021; MAPIE 1.6 `hsic`.
 */
export function hsic(
  covered: ArrayLike<number>,
  widths: ArrayLike<number>,
  { kernelSizes = [1, 1] }: { readonly kernelSizes?: readonly [widths: number, coverage: number] } = {},
): number {
  const n = covered.length
  checkLength(widths.length, n, 'widths')
  if (!kernelSizes.every((size) => size > 0))
    throw new PodError('KERNEL_INVALID', `the kernel sizes ${kernelSizes.join(' and ')} are not both above 0`)
  let mean = 0
  for (let i = 0; i < n; i++) {
    if (!Number.isFinite(widths[i])) throw new PodError('WIDTH_INVALID', `the width of row ${i} is ${widths[i]}`)
    mean += covered[i] / n
  }
  const order = sortOrder(widths)
  const x = Float64Array.from(order, (i) => widths[i])
  const a = Float64Array.from(order, (i) => covered[i] - mean)
  const sum = gaussianForm(x, a, kernelSizes[0])
  const distinct = 1 - Math.exp(-1 / kernelSizes[1])
  return Math.sqrt(Math.max(0, 2 * distinct * sum)) / (n - 1)
}

/** Terms of the series, enough for the error of a double where boxes are half a kernel wide. */
const TERMS = 48
/** Beyond this many kernel widths a Gaussian is below 1e-17. */
const REACH = 6.3

/**
 * Returns the sum over i and j of a_i a_j exp(-(x_i - x_j)^2 / size), x ascending: sources are gathered in boxes as moments about
 * their middle (Greengard, Strain 1991), so that a target looks at boxes, not at sources.
 */
function gaussianForm(x: Float64Array, a: Float64Array, size: number): number {
  const unit = Math.sqrt(size)
  const boxes: { readonly centre: number; readonly moments: Float64Array }[] = []
  for (let from = 0; from < x.length; ) {
    const centre = x[from] + unit / 4
    const moments = new Float64Array(TERMS)
    let to = from
    for (; to < x.length && x[to] <= centre + unit / 4; to++) {
      const d = (x[to] - centre) / unit
      let term = a[to] * Math.exp(-d * d)
      for (let k = 0; k < TERMS; k++) {
        moments[k] += term
        term *= d
      }
    }
    boxes.push({ centre, moments })
    from = to
  }
  // 2^k / k!
  const weights = new Float64Array(TERMS)
  for (let k = 0, w = 1; k < TERMS; w *= 2 / ++k) weights[k] = w
  let [total, first] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    while (boxes[first].centre < x[i] - REACH * unit) first++
    for (let b = first; b < boxes.length && boxes[b].centre <= x[i] + REACH * unit; b++) {
      const t = (x[i] - boxes[b].centre) / unit
      const { moments } = boxes[b]
      let series = 0
      for (let k = TERMS - 1; k >= 0; k--) series = series * t + moments[k] * weights[k]
      total += a[i] * Math.exp(-t * t) * series
    }
  }
  return total
}
