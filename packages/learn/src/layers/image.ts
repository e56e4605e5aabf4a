import { PodError } from '@mlpod/contract'
import { col2Im, depthToSpace, gather, im2Col, resize, spaceToDepth } from '@mlpod/graph'
import type { Layer } from './layer.ts'
import { adaptiveAvgPool } from './pooling.ts'
import { known, unfit, whole } from './shape.ts'

type PerAxis = number | readonly number[]
const list = (value: PerAxis, rank: number): readonly number[] =>
  typeof value === 'number' ? new Array<number>(rank).fill(value) : value

/** Returns [N, C f f, H, W] as [N, C, f H, f W]: channels become places. Source: Shi et al. (2016); torch.nn.PixelShuffle. */
export function pixelShuffle(factor: number): Layer {
  whole('pixel shuffle', { factor })
  return (x, scope) => {
    if (x.shape.length !== 4 || known(x, 1, 'pixel shuffle', scope) % factor ** 2 !== 0)
      throw unfit('pixel shuffle', `[batch, a multiple of ${factor ** 2}, height, width]`, x, scope)
    return depthToSpace(x, factor, { mode: 'CRD' })
  }
}

/** Returns [N, C, f H, f W] as [N, C f f, H, W]: what `pixelShuffle` undoes. Source: torch.nn.PixelUnshuffle. */
export function pixelUnshuffle(factor: number): Layer {
  whole('pixel unshuffle', { factor })
  return (x, scope) => {
    if (x.shape.length !== 4) throw unfit('pixel unshuffle', '[batch, channels, height, width]', x, scope)
    const channels = known(x, 1, 'pixel unshuffle', scope)
    const block = factor ** 2
    // the operator lays places before channels, torch channels before places
    const order = Array.from({ length: channels * block }, (_, i) => (i % block) * channels + Math.floor(i / block))
    return gather(spaceToDepth(x, factor), order, { axis: 1 })
  }
}

/** Returns the layer that deals the channels of `groups` groups out in turn. Source: Zhang et al. (2018); torch.nn.ChannelShuffle. */
export function channelShuffle(groups: number): Layer {
  whole('channel shuffle', { groups })
  return (x, scope) => {
    const channels = known(x, 1, 'channel shuffle', scope)
    if (channels % groups !== 0)
      throw new PodError('LAYER_INVALID', `${channels} channels do not divide into ${groups} groups at "${scope.path}"`)
    const own = channels / groups
    const order = Array.from({ length: channels }, (_, i) => (i % groups) * own + Math.floor(i / groups))
    return gather(x, order, { axis: 1 })
  }
}

// which operator's settings give what torch gives
const MODES = {
  nearest: { mode: 'nearest', coordinateTransformationMode: 'asymmetric', nearestMode: 'floor' },
  nearestExact: { mode: 'nearest', coordinateTransformationMode: 'half_pixel', nearestMode: 'round_prefer_ceil' },
  linear: { mode: 'linear' },
  cubic: { mode: 'cubic', cubicCoeffA: -0.75 },
} as const

/** Settings of `upsample`: either a factor or a size, for all spatial axes or one an axis. */
export interface UpsampleOptions {
  readonly scale?: PerAxis
  readonly size?: PerAxis
  /** Default `nearest`. `area` (with `size`) is the mean of what each place covers; `cubic` is for two axes. */
  readonly mode?: keyof typeof MODES | 'area'
  /** Whether the corners of both images are the same places, not their outer edges. For `linear` and `cubic`. */
  readonly alignCorners?: boolean
}

/**
 * Returns the layer that resizes images [batch, channels, sizes...]. Source: torch.nn.Upsample, Keras UpSampling1D to
 * UpSampling3D and Resizing. Throws `LAYER_INVALID`.
 */
export function upsample({ scale, size, mode = 'nearest', alignCorners = false }: UpsampleOptions): Layer {
  if ((scale === undefined) === (size === undefined))
    throw new PodError('LAYER_INVALID', 'an upsampling takes a scale or a size, one of the two')
  for (const one of [scale ?? size!].flat())
    if (!(one > 0 && (scale !== undefined || Number.isSafeInteger(one))))
      throw new PodError('LAYER_INVALID', `the ${scale ? 'scale' : 'size'} of an upsampling is ${one}`)
  if (alignCorners && mode !== 'linear' && mode !== 'cubic')
    throw new PodError('LAYER_INVALID', `an upsampling of mode ${mode} cannot align corners`)
  if (mode === 'area') {
    if (size === undefined) throw new PodError('LAYER_INVALID', 'an upsampling of mode area takes a size')
    return adaptiveAvgPool(size)
  }
  return (x, scope) => {
    const rank = x.shape.length - 2
    const wanted = list(scale ?? size!, rank)
    if (rank < 1 || wanted.length !== rank || (mode === 'cubic' && rank !== 2))
      throw unfit('upsampling', `[batch, channels, ${mode === 'cubic' ? '2' : wanted.length || ''} sizes]`, x, scope)
    return resize(x, {
      ...(scale === undefined ? { sizes: wanted } : { scales: wanted }),
      axes: wanted.map((_, i) => i + 2),
      ...MODES[mode],
      ...(alignCorners && { coordinateTransformationMode: 'align_corners' }),
    })
  }
}

/** How blocks lie on an image. */
export interface BlockOptions {
  readonly stride?: PerAxis
  readonly padding?: PerAxis
  readonly dilation?: PerAxis
}

const window = ({ stride = 1, padding = 0, dilation = 1 }: BlockOptions, rank: number) => ({
  strides: list(stride, rank),
  dilations: list(dilation, rank),
  pads: [...list(padding, rank), ...list(padding, rank)],
})

/** Returns what a block sees at each place: [N, C, sizes...] to [N, C elements, places]. Source: torch.nn.Unfold. */
export function unfold(block: readonly number[], options: BlockOptions = {}): Layer {
  whole('block of an unfold', Object.fromEntries(block.entries()))
  return (x, scope) => {
    if (x.shape.length !== block.length + 2) throw unfit('unfold', `[batch, channels, ${block.length} sizes]`, x, scope)
    return im2Col(x, block, window(options, block.length))
  }
}

/**
 * Returns columns [N, C elements, places] laid back into images of `sizes`, summed where they meet: the transpose of `unfold`.
 * Source: torch.nn.Fold.
 */
export function fold(sizes: readonly number[], block: readonly number[], options: BlockOptions = {}): Layer {
  whole('block of a fold', Object.fromEntries(block.entries()))
  if (sizes.length !== block.length)
    throw new PodError('LAYER_INVALID', `a fold has ${sizes.length} sizes and a block of ${block.length}`)
  return (x, scope) => {
    if (x.shape.length !== 3) throw unfit('fold', '[batch, channels * elements, places]', x, scope)
    return col2Im(x, sizes, block, window(options, block.length))
  }
}
