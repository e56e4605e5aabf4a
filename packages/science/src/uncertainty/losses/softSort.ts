import {
  abs,
  add,
  cast,
  constant,
  dtypeOf,
  max,
  min,
  mul,
  range,
  reduceSum,
  relu,
  reshape,
  shape,
  softmax,
  sub,
  unsqueeze,
  type Value,
} from '@mlpod/graph'

/** How sharply numbers are sorted: a smaller temperature is nearer to the hard order, and has steeper derivatives. */
export interface SoftSortOptions {
  /** 0.1 by default. */
  readonly temperature?: number
}

/** The places 0 to n - 1 of x [n], as numbers of its kind. */
const placesOf = (x: Value): Value =>
  cast(range(constant(0n, 'int64'), reshape(shape(x, 0, 1), []), constant(1n, 'int64')), dtypeOf(x) ?? 'float32')

/**
 * Returns x [n] sorted ascending and softly: each place holds a mean of x that weighs most what stands there, so that all of x has a
 * derivative. Source: Grover, Wang, Zweig, Ermon 2019 (NeuralSort).
 */
export function softSort(x: Value, { temperature = 0.1 }: SoftSortOptions = {}): Value {
  const places = placesOf(x)
  const n = cast(reshape(shape(x, 0, 1), []), dtypeOf(x) ?? 'float32')
  const apart = reduceSum(abs(sub(unsqueeze(x, [1]), unsqueeze(x, [0]))), { axes: [1], keepDims: false })
  // row i: (2 i + 1 - n) x_j - sum over k of |x_j - x_k|
  const pull = sub(mul(unsqueeze(sub(add(mul(places, 2), 1), n), [1]), unsqueeze(x, [0])), unsqueeze(apart, [0]))
  const weights = softmax(mul(pull, 1 / temperature), { axis: 1 })
  return reduceSum(mul(weights, unsqueeze(x, [0])), { axes: [1], keepDims: false })
}

/**
 * Returns the soft `level`-quantile of scores [n], a scalar: what the rank rule reads from the sorted scores, at place level (n + 1) - 1
 * between two of them, at most the last. TorchCP 1.2.1 sorts downward and reads the quantile at alpha, not at 1 - alpha, from its losses.
 * Source: Stutz et al. 2022.
 */
export function softQuantile(scores: Value, level: number, options: SoftSortOptions = {}): Value {
  const sorted = softSort(scores, options)
  const places = placesOf(scores)
  const n = cast(reshape(shape(scores, 0, 1), []), dtypeOf(scores) ?? 'float32')
  const place = max(min(sub(mul(add(n, 1), level), 1), sub(n, 1)), 0)
  // weights 1 - |i - place|, 0 beyond: linear interpolation without a look-up
  return reduceSum(mul(sorted, relu(sub(1, abs(sub(places, place))))), { keepDims: false })
}
