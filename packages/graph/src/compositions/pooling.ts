import { conv } from '../operators/convolution.ts'
import { abs, div, greater, mul, pow, where } from '../operators/elementwise.ts'
import { gatherElements, scatterElements } from '../operators/indexing.ts'
import { argMax, reduceMean, reduceSum } from '../operators/reduction.ts'
import { constantOfShape, reshape } from '../operators/structure.ts'

import { int, ints } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import { type Window, windowOf } from '../window.ts'
import {
  atLeast,
  minus,
  over,
  padSpatial,
  padsInRun,
  plus,
  reachOf,
  type Size,
  sizeAt,
  sizeList,
  spatialOf,
  times,
} from '../windows.ts'
import type { Composition, Use } from './composition.ts'

const spatialAxes = (x: Value): number[] => x.shape.slice(2).map((_, i) => i + 2)

/** Returns what is put around x: before it, after it, and after that where a last window reaches further. */
function around(
  use: Use,
  window: Window,
  kernel: readonly number[],
): Readonly<Record<'begins' | 'ends' | 'beyond', Size[]>> {
  const [x] = use.inputs as readonly [Value]
  const [begins, ends] = padsInRun(window, x, kernel)
  const { strides, dilations, ceil } = window
  const beyond = spatialOf(x).map((size, axis) => {
    if (!ceil) return 0
    const [stride, reach] = [strides[axis], reachOf(kernel[axis], dilations[axis])]
    const whole = plus(plus(size, begins[axis]), ends[axis])
    // How many steps the last window is from the first: it begins inside the input or before it.
    const most = over(plus(minus(whole, reach), stride - 1), stride)
    const inside = over(minus(plus(size, begins[axis]), 1), stride)
    const last = minus(most, atLeast(minus(most, inside), 0))
    return atLeast(minus(plus(times(last, stride), reach), whole), 0)
  })
  return { begins, ends, beyond }
}

/** Returns the sum over the window at each place, and in how many of its elements something lies. */
function windowSums(use: Use, x: Value): { readonly sums: Value; readonly counts: Value | number } {
  const kernel = ints(use, 'kernel_shape')!
  const window = windowOf(use, kernel, x.shape.slice(2))
  const { begins, ends, beyond } = around(use, window, kernel)
  const { strides, dilations } = window
  const dtype = dtypeOf(x)!
  const ones = constantOfShape([1, 1, ...kernel], 1, dtype)
  const summed = (image: Value): Value => conv(image, ones, null, { strides, dilations })
  const last = ends.map((size, axis) => plus(size, beyond[axis]))
  // Channels are summed each for itself: they become images.
  const parts = reshape(x, sizeList([-1, 1, ...spatialOf(x)]))
  const y = summed(padSpatial(parts, begins, last))
  const sums = reshape(y, sizeList([...[0, 1].map((axis) => sizeAt(x, axis)), ...spatialOf(y)]))
  const padded = int(use, 'count_include_pad', 0) === 1
  const empty = padded ? beyond : [...begins, ...last]
  if (empty.every((size) => size === 0)) return { sums, counts: kernel.reduce((a, b) => a * b, 1) }
  const sizes = spatialOf(x).map((size, axis) => (padded ? plus(size, plus(begins[axis], ends[axis])) : size))
  const filled = constantOfShape(sizeList([1, 1, ...sizes]), 1, dtype)
  const none = kernel.map(() => 0)
  return { sums, counts: summed(padded ? padSpatial(filled, none, beyond) : padSpatial(filled, begins, last)) }
}

/** |x|^p for a whole number p. */
const power = (x: Value, p: number): Value =>
  p === 1 ? abs(x) : p === 2 ? mul(x, x) : pow(p % 2 === 0 ? x : abs(x), p)

/** The p-th root, whose derivative at 0 is 0. */
function root(x: Value, p: number): Value {
  if (p === 1) return x
  const above = greater(x, 0)
  return where(above, pow(where(above, x, 1), 1 / p), 0)
}

/** What poolings are made of. */
export const pooling = {
  AveragePool: (use) => {
    const { sums, counts } = windowSums(use, use.inputs[0]!)
    return [div(sums, counts)]
  },
  LpPool: (use) => {
    const p = int(use, 'p', 2)
    return [root(windowSums(use, power(use.inputs[0]!, p)).sums, p)]
  },
  GlobalAveragePool: ({ inputs: [x] }) => [reduceMean(x!, { axes: spatialAxes(x!), keepDims: true })],
  GlobalMaxPool: ({ inputs: [x] }) => {
    const all = reshape(x!, [0, 0, -1])
    const largest = gatherElements(all, argMax(all, { axis: 2, keepDims: true }), { axis: 2 })
    return [reshape(largest, [0, 0, ...spatialAxes(x!).map(() => 1)])]
  },
  MaxUnpool: (use) => {
    const [x, indices, size] = use.inputs as readonly [Value, Value, Value | undefined]
    const kernel = ints(use, 'kernel_shape')!
    const { strides, pads } = windowOf(use, kernel, x.shape.slice(2))
    const rank = kernel.length
    const least = spatialOf(x).map((length, axis) =>
      plus(times(minus(length, 1), strides[axis]), kernel[axis] - pads![axis] - pads![axis + rank]),
    )
    const sizes = size ?? sizeList([sizeAt(x, 0), sizeAt(x, 1), ...least])
    const empty = constantOfShape(sizes, 0, dtypeOf(x))
    const laid = scatterElements(reshape(empty, [-1]), reshape(indices, [-1]), reshape(x, [-1]))
    return [reshape(laid, sizes)]
  },
  GlobalLpPool: (use) => {
    const [x] = use.inputs as readonly [Value]
    const p = int(use, 'p', 2)
    return [root(reduceSum(power(x, p), { axes: spatialAxes(x), keepDims: true }), p)]
  },
} as const satisfies Record<string, Composition>
