import { PodError } from '@mlpod/contract'
import {
  averagePool,
  concat,
  gather,
  globalAveragePool,
  globalMaxPool,
  maxPool as largest,
  maxPoolWithIndices,
  maxUnpool,
  lpPool as powerPool,
  reduceMax,
  reduceMean,
  reshape,
  shape,
  slice,
  squeeze,
  type Value,
} from '@mlpod/graph'
import type { Layer } from './layer.ts'
import { known, unfit } from './shape.ts'

type PerAxis = number | readonly number[]

/** Settings of poolings. */
export interface PoolOptions {
  /** Default the kernel. */
  readonly stride?: PerAxis
  readonly padding?: PerAxis
  readonly dilation?: PerAxis
  readonly ceil?: boolean
}

const options = (x: Value, kernel: PerAxis, { stride = kernel, padding = 0, ceil }: PoolOptions) => {
  const rank = x.shape.length - 2
  const sides = typeof padding === 'number' ? new Array<number>(rank).fill(padding) : padding
  return { strides: stride, pads: [...sides, ...sides], ...(ceil !== undefined && { ceil }) }
}

/** Returns the layer that keeps the largest element of each window. Source: torch.nn.MaxPool1d to MaxPool3d. */
export const maxPool =
  (kernel: PerAxis, settings: PoolOptions = {}): Layer =>
  (x) =>
    largest(x, kernel, { ...options(x, kernel, settings), ...(settings.dilation && { dilations: settings.dilation }) })

/** Returns the layer that averages each window, its padding included as torch does by default. */
export const avgPool =
  (
    kernel: PerAxis,
    {
      countIncludePad = true,
      ...settings
    }: Omit<PoolOptions, 'dilation'> & { readonly countIncludePad?: boolean } = {},
  ): Layer =>
  (x) =>
    averagePool(x, kernel, { ...options(x, kernel, settings), countIncludePad })

/** Returns the layer that gives the p-norm of each window. Source: torch.nn.LPPool2d. */
export const lpPool =
  (
    kernel: PerAxis,
    { p = 2, ...settings }: Omit<PoolOptions, 'dilation' | 'padding'> & { readonly p?: number } = {},
  ): Layer =>
  (x) =>
    powerPool(x, kernel, { ...options(x, kernel, settings), p })

const flatSpatial = (x: Value): Value =>
  squeeze(
    x,
    x.shape.slice(2).map((_, i) => i + 2),
  )

/** Returns the layer that averages over all spatial axes: [batch, channels]. */
export const globalAvgPool = (): Layer => (x) => flatSpatial(globalAveragePool(x))

/** Returns the layer that keeps the largest element over all spatial axes: [batch, channels]. */
export const globalMaxPooling = (): Layer => (x) => flatSpatial(globalMaxPool(x))

/** Bin i of `outputs` spans floor(i size / outputs) to ceil((i + 1) size / outputs). */
function adaptive(x: Value, axis: number, outputs: number, size: number, reduce: typeof reduceMean): Value {
  if (outputs === size) return x
  if (size % outputs === 0 && outputs === 1) return reduce(x, { axes: [axis], keepDims: true })
  const bins = Array.from({ length: outputs }, (_, i) => {
    const [start, end] = [Math.floor((i * size) / outputs), Math.ceil(((i + 1) * size) / outputs)]
    return reduce(slice(x, [start], [end], { axes: [axis] }), { axes: [axis], keepDims: true })
  })
  return concat(bins, { axis })
}

const adaptivePool =
  (reduce: typeof reduceMean, what: string) =>
  (outputs: PerAxis): Layer =>
  (x, scope) =>
    x.shape.slice(2).reduce<Value>((value, _, i) => {
      const size = known(x, i + 2, what, scope)
      return adaptive(value, i + 2, typeof outputs === 'number' ? outputs : outputs[i], size, reduce)
    }, x)

/** Returns the layer that averages into a fixed number of bins an axis. Source: torch.nn.AdaptiveAvgPool2d. */
export const adaptiveAvgPool = adaptivePool(reduceMean, 'adaptive pooling')

/** Returns the layer that keeps the largest of a fixed number of bins an axis. Source: torch.nn.AdaptiveMaxPool2d. */
export const adaptiveMaxPool = adaptivePool(reduceMax, 'adaptive pooling')

/** A pooling that knows the way back. */
export interface Unpoolable {
  readonly values: Value
  /** Returns a value of the shape of `values` laid where each was found, zeros elsewhere, in the shape of what was pooled. */
  readonly unpool: (y: Value) => Value
}

/** Returns what `maxPool` gives, and how to lay such values back. Source: torch.nn.MaxPool2d with return_indices, MaxUnpool1d to MaxUnpool3d. */
export const unpoolable =
  (kernel: PerAxis, settings: Omit<PoolOptions, 'dilation' | 'ceil'> = {}): ((x: Value) => Unpoolable) =>
  (x) => {
    const { strides, pads } = options(x, kernel, settings)
    const { values, indices } = maxPoolWithIndices(x, kernel, { strides, pads })
    return {
      values,
      unpool: (y) => maxUnpool(y, indices, kernel, { strides, pads, outputShape: shape(x) }),
    }
  }

/**
 * Returns the layer that keeps the largest of windows whose steps are fractions: `outputs` of them an axis, the window i of
 * size k beginning at floor((i + u) a) - floor(u a), a = (size - k) / (outputs - 1), the last one at the end. u is the same
 * for all (torch draws one a channel). Source: Graham (2014); torch.nn.FractionalMaxPool2d. Throws `LAYER_INVALID`.
 */
export function fractionalMaxPool(kernel: PerAxis, outputs: PerAxis, { u = 0.5 } = {}): Layer {
  if (!(u >= 0 && u < 1)) throw new PodError('LAYER_INVALID', `the u of a fractional pooling is ${u}, not in [0, 1)`)
  const one = (value: PerAxis, i: number): number => (typeof value === 'number' ? value : value[i])
  return (x, scope) =>
    x.shape.slice(2).reduce<Value>((value, _, i) => {
      const [size, k, count] = [known(x, i + 2, 'fractional pooling', scope), one(kernel, i), one(outputs, i)]
      if (!(count >= 1 && count + k - 1 <= size))
        throw unfit('fractional pooling', `sizes of ${count + k - 1} or more on axis ${i + 2}`, x, scope)
      const step = count > 1 ? (size - k) / (count - 1) : 0
      const start = (at: number): number =>
        at === count - 1 ? size - k : Math.floor((at + u) * step) - Math.floor(u * step)
      const places = Array.from({ length: count * k }, (_, at) => start(Math.floor(at / k)) + (at % k))
      const seen = gather(value, places, { axis: i + 2 })
      const sizes = seen.shape.map((_, axis) => (axis === i + 2 ? [count, k] : [0]))
      // 0 keeps a size only where the axes are the same, so the axes after are told
      const after = value.shape.slice(i + 3).map((_, j) => known(x, i + 3 + j, 'fractional pooling', scope))
      return reduceMax(reshape(seen, [...sizes.slice(0, i + 3).flat(), ...after]), { axes: [i + 3] })
    }, x)
}
