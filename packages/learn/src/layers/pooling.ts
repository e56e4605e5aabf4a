import {
  averagePool,
  concat,
  globalAveragePool,
  globalMaxPool,
  maxPool as largest,
  lpPool as powerPool,
  reduceMax,
  reduceMean,
  slice,
  squeeze,
  type Value,
} from '@mlpod/graph'
import type { Layer } from './layer.ts'
import { known } from './shape.ts'

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
