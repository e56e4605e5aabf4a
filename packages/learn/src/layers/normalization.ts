import { PodError, sizeOf } from '@mlpod/contract'
import {
  add,
  batchNormalization,
  cast,
  div,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  lrn,
  max,
  mul,
  pow,
  reduceL2,
  reduceMean,
  reduceSum,
  reshape,
  rmsNormalization,
  size,
  sqrt,
  stopGradient,
  sub,
  type Value,
} from '@mlpod/graph'
import type { Initializer, Layer } from './layer.ts'
import { known } from './shape.ts'

const filled =
  (value: number): Initializer =>
  (_, shape) =>
    new Float32Array(sizeOf(shape)).fill(value)
const UNIT = { fanIn: 1, fanOut: 1 }

/** Settings of `batchNorm`. */
export interface BatchNormOptions {
  /** Default 1e-5. */
  readonly epsilon?: number
  /** How much of the running statistics a batch replaces, as in torch. Default 0.1. */
  readonly momentum?: number
  /** Whether scale and shift are learned. */
  readonly affine?: boolean
}

/**
 * Returns batch normalisation over all axes but the channels (axis 1). In training it uses the batch's own statistics, and a
 * step moves the running ones: new = (1 - momentum) old + momentum batch, the variance with n - 1. `weight`, `bias`,
 * `running_mean`, `running_var`, as torch.nn.BatchNorm1d to BatchNorm3d, and as SyncBatchNorm on one device. A batch that is taken
 * in parts (`accumulate`, `dataParallel`) is normalised part by part: there it is not SyncBatchNorm. Source: Ioffe, Szegedy (2015).
 */
export const batchNorm =
  ({ epsilon = 1e-5, momentum = 0.1, affine = true }: BatchNormOptions = {}): Layer =>
  (x, scope) => {
    const channels = known(x, 1, 'batch normalisation', scope)
    const axes = x.shape.map((_, i) => i).filter((i) => i !== 1)
    const wide = (value: Value): Value => reshape(value, [channels, ...new Array<number>(x.shape.length - 2).fill(1)])
    const scale = affine ? scope.parameter('weight', [channels], filled(1), UNIT) : undefined
    const shift = affine ? scope.parameter('bias', [channels], filled(0), UNIT) : undefined
    const mean = reduceMean(x, { axes })
    const centered = sub(x, wide(mean))
    const variance = reduceMean(mul(centered, centered), { axes })
    const moved = (batch: Value) => (old: Value) => add(mul(old, 1 - momentum), mul(stopGradient(batch), momentum))
    const count = div(cast(size(x), 'float32'), channels)
    const sample = mul(variance, div(count, max(sub(count, 1), 1)))
    const running = scope.state('running_mean', [channels], filled(0), moved(mean))
    const spread = scope.state('running_var', [channels], filled(1), moved(sample))
    if (!scope.training) {
      const ones = scale ?? mul(running, 0)
      return batchNormalization(x, scale ?? add(ones, 1), shift ?? ones, running, spread, { epsilon })
    }
    const standard = div(centered, sqrt(add(wide(variance), epsilon)))
    return scale && shift ? add(mul(standard, wide(scale)), wide(shift)) : standard
  }

/** Settings of `layerNorm` and the like. */
export interface NormOptions {
  readonly epsilon?: number
  readonly affine?: boolean
}

/** Returns layer normalisation over the last axis, or the last ones. Source: Ba, Kiros, Hinton (2016); torch.nn.LayerNorm. */
export const layerNorm =
  ({ epsilon = 1e-5, affine = true, axes = 1 }: NormOptions & { readonly axes?: number } = {}): Layer =>
  (x, scope) => {
    const shape = Array.from({ length: axes }, (_, i) => known(x, i - axes, 'layer normalisation', scope))
    if (!affine) return layerNormalization(x, 1, null, { axis: -axes, epsilon })
    const scale = scope.parameter('weight', shape, filled(1), UNIT)
    return layerNormalization(x, scale, scope.parameter('bias', shape, filled(0), UNIT), { axis: -axes, epsilon })
  }

/** Returns x / sqrt(mean x^2 + epsilon) over the last axis, times a learned scale. Source: Zhang, Sennrich (2019); torch.nn.RMSNorm. */
export const rmsNorm =
  ({ epsilon = 2 ** -23, affine = true }: NormOptions = {}): Layer =>
  (x, scope) => {
    const width = known(x, -1, 'RMS normalisation', scope)
    return rmsNormalization(x, affine ? scope.parameter('weight', [width], filled(1), UNIT) : 1, { epsilon })
  }

/** Returns normalisation over each of `groups` parts of the channels. Source: Wu, He (2018); torch.nn.GroupNorm. */
export const groupNorm =
  (groups: number, { epsilon = 1e-5 }: { readonly epsilon?: number } = {}): Layer =>
  (x, scope) => {
    const channels = known(x, 1, 'group normalisation', scope)
    if (channels % groups !== 0)
      throw new PodError('LAYER_INVALID', `${channels} channels do not divide into ${groups} groups at "${scope.path}"`)
    const [scale, bias] = [
      scope.parameter('weight', [channels], filled(1), UNIT),
      scope.parameter('bias', [channels], filled(0), UNIT),
    ]
    return groupNormalization(x, scale, bias, groups, { epsilon })
  }

/** Returns normalisation of each channel of each example by itself. Source: Ulyanov et al. (2016); torch.nn.InstanceNorm2d. */
export const instanceNorm =
  ({ epsilon = 1e-5 }: { readonly epsilon?: number } = {}): Layer =>
  (x, scope) => {
    const channels = known(x, 1, 'instance normalisation', scope)
    const [scale, bias] = [
      scope.parameter('weight', [channels], filled(1), UNIT),
      scope.parameter('bias', [channels], filled(0), UNIT),
    ]
    return instanceNormalization(x, scale, bias, { epsilon })
  }

/** Returns normalisation by the channels around. Source: torch.nn.LocalResponseNorm. */
export const localResponseNorm =
  (channels: number, { alpha = 1e-4, beta = 0.75, k = 1 } = {}): Layer =>
  (x) =>
    lrn(x, channels, { alpha, beta, bias: k })

/** Returns x divided by its length along the last axis. Source: Keras UnitNormalization. */
export const unitNorm =
  ({ epsilon = 1e-12 } = {}): Layer =>
  (x) =>
    div(x, max(reduceL2(x, { axes: [-1], keepDims: true }), epsilon))

/**
 * Returns a layer whose weights are g v / |v|: their length is learned apart from their direction, and begins at 1. `dimension` is the axis
 * along which lengths differ (the units of a dense layer are 1, of a convolution 0). Source: Salimans, Kingma (2016).
 */
export const weightNorm =
  (layer: Layer, { dimension = 1 } = {}): Layer =>
  (x, scope) =>
    layer(x, {
      ...scope,
      parameter(name, shape, initialize, fans) {
        if (name !== 'weight') return scope.parameter(name, shape, initialize, fans)
        const direction = scope.parameter('weight_v', shape, initialize, fans)
        const axes = shape.map((_, i) => i).filter((i) => i !== dimension)
        const norm = sqrt(reduceSum(pow(direction, 2), { axes, keepDims: true }))
        const lengths = shape.map((dim, i) => (i === dimension ? dim : 1))
        const g = scope.parameter('weight_g', lengths, filled(1), UNIT)
        return mul(direction, div(g, norm))
      },
    })
