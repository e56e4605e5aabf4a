import { PodError } from '@mlpod/contract'
import { conv as convolve, pad as padded, convTranspose as transposed, type Value } from '@mlpod/graph'
import { type ActivationName, activations } from './activations.ts'
import { type InitializerChoice, initializerOf, initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { known, unfit, whole } from './shape.ts'

/** One number for all spatial axes, or one an axis. */
type PerAxis = number | readonly number[]

/** Settings of convolutions. */
export interface ConvOptions {
  readonly stride?: PerAxis
  /**
   * `valid` (default): no padding; `same`: as many places as ceil(size / stride); `causal` (one axis): only the past is seen;
   * or numbers for both sides of each axis.
   */
  readonly padding?: PerAxis | 'valid' | 'same' | 'causal'
  /** What stands outside. Default zeros. */
  readonly paddingMode?: 'zeros' | 'reflect' | 'replicate' | 'circular'
  readonly dilation?: PerAxis
  readonly groups?: number
  readonly bias?: boolean
  readonly activation?: ActivationName
  readonly weightInitializer?: InitializerChoice
}

const list = (value: PerAxis, rank: number): number[] =>
  typeof value === 'number' ? new Array<number>(rank).fill(value) : [...value]

const MODES = { reflect: 'reflect', replicate: 'edge', circular: 'wrap' } as const

const product = (numbers: readonly number[]): number => numbers.reduce((all, one) => all * one, 1)

/**
 * Returns a convolution over images [batch, channels, sizes...]: `filters` of the size `kernel` (a list has one number an
 * axis: 1 to 3 of them; one number is a square of two axes). `weight` is stored [filters, channels / groups, kernel...], as
 * torch.nn.Conv1d to Conv3d. Throws `LAYER_INVALID`, and `SHAPE_MISMATCH` when built.
 */
export function conv(
  filters: number,
  kernel: PerAxis,
  {
    stride = 1,
    padding = 'valid',
    paddingMode = 'zeros',
    dilation = 1,
    groups = 1,
    bias = true,
    activation: name,
    weightInitializer = 'torch',
  }: ConvOptions = {},
): Layer {
  whole('convolution', { filters, groups })
  if (filters % groups !== 0)
    throw new PodError('LAYER_INVALID', `${filters} filters do not divide into ${groups} groups`)
  const size = typeof kernel === 'number' ? [kernel, kernel] : [...kernel]
  const rank = size.length
  if (padding === 'causal' && rank !== 1)
    throw new PodError('LAYER_INVALID', 'causal padding is for convolutions of one axis')
  return (x, scope) => {
    const channels = known(x, 1, 'convolution', scope)
    if (x.shape.length !== rank + 2)
      throw unfit('convolution', `[batch, channels, ${rank === 1 ? 'size' : `${rank} sizes`}]`, x, scope)
    if (channels % groups !== 0)
      throw new PodError('LAYER_INVALID', `${channels} channels do not divide into ${groups} groups at "${scope.path}"`)
    const fanIn = (channels / groups) * product(size)
    const fans = { fanIn, fanOut: (filters / groups) * product(size) }
    const weight = scope.parameter(
      'weight',
      [filters, channels / groups, ...size],
      initializerOf(weightInitializer),
      fans,
    )
    const b = bias ? scope.parameter('bias', [filters], initializers.torch, fans) : null
    const [strides, dilations] = [list(stride, rank), list(dilation, rank)]
    const reach = size.map((one, i) => (one - 1) * dilations[i])
    const sides =
      padding === 'valid'
        ? list(0, 2 * rank)
        : padding === 'causal'
          ? [reach[0], 0]
          : padding === 'same'
            ? paddingMode === 'zeros' && strides.some((one) => one > 1)
              ? undefined
              : [...reach.map((one) => Math.floor(one / 2)), ...reach.map((one) => Math.ceil(one / 2))]
            : [...list(padding, rank), ...list(padding, rank)]
    const options = { strides, dilations, group: groups }
    const y =
      sides === undefined
        ? convolve(x, weight, b, { ...options, autoPad: 'SAME_UPPER' })
        : paddingMode === 'zeros'
          ? convolve(x, weight, b, { ...options, pads: sides })
          : convolve(outside(x, sides, rank, paddingMode), weight, b, options)
    return name ? activations[name](y) : y
  }
}

function outside(x: Value, sides: readonly number[], rank: number, mode: keyof typeof MODES): Value {
  if (sides.every((one) => one === 0)) return x
  return padded(x, [0, 0, ...sides.slice(0, rank), 0, 0, ...sides.slice(rank)], { mode: MODES[mode] })
}

/** Returns a convolution of each channel by itself, with `multiplier` filters each. Source: Keras DepthwiseConv2D. */
export const depthwiseConv =
  (
    kernel: PerAxis,
    { multiplier = 1, ...options }: Omit<ConvOptions, 'groups'> & { readonly multiplier?: number } = {},
  ): Layer =>
  (x, scope) => {
    const channels = known(x, 1, 'depthwise convolution', scope)
    return conv(channels * multiplier, kernel, { ...options, groups: channels })(x, scope)
  }

/** Returns a depthwise convolution and one of size 1 that mixes the channels. Source: Keras SeparableConv2D. */
export function separableConv(filters: number, kernel: PerAxis, options: Omit<ConvOptions, 'groups'> = {}): Layer {
  const { activation, bias = true, ...rest } = options
  const rank = typeof kernel === 'number' ? 2 : kernel.length
  return (x, scope) =>
    conv(filters, new Array<number>(rank).fill(1), { bias, activation })(
      depthwiseConv(kernel, { ...rest, bias: false })(x, scope.at('depthwise')),
      scope.at('pointwise'),
    )
}

/** Settings of `convTranspose`. */
export interface ConvTransposeOptions {
  readonly stride?: PerAxis
  readonly padding?: PerAxis
  readonly outputPadding?: PerAxis
  readonly dilation?: PerAxis
  readonly groups?: number
  readonly bias?: boolean
  readonly activation?: ActivationName
}

/**
 * Returns a transposed convolution; `weight` is stored [channels, filters / groups, kernel...]. Source:
 * torch.nn.ConvTranspose1d to ConvTranspose3d.
 */
export function convTranspose(
  filters: number,
  kernel: PerAxis,
  {
    stride = 1,
    padding = 0,
    outputPadding = 0,
    dilation = 1,
    groups = 1,
    bias = true,
    activation: name,
  }: ConvTransposeOptions = {},
): Layer {
  whole('transposed convolution', { filters, groups })
  const size = typeof kernel === 'number' ? [kernel, kernel] : [...kernel]
  const rank = size.length
  return (x, scope) => {
    const channels = known(x, 1, 'transposed convolution', scope)
    // torch counts the fan of the stored weight
    const fans = { fanIn: (filters / groups) * product(size), fanOut: (channels / groups) * product(size) }
    const weight = scope.parameter('weight', [channels, filters / groups, ...size], initializers.torch, fans)
    const b = bias ? scope.parameter('bias', [filters], initializers.torch, fans) : null
    const pads = list(padding, rank)
    const y = transposed(x, weight, b, {
      strides: list(stride, rank),
      dilations: list(dilation, rank),
      pads: [...pads, ...pads],
      outputPadding: list(outputPadding, rank),
      group: groups,
    })
    return name ? activations[name](y) : y
  }
}
