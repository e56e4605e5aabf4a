import { conv, deformConv as deformed, mul, sigmoid, split } from '@mlpod/graph'
import { initializers } from './initializers.ts'
import type { Layer } from './layer.ts'
import { known, unfit, whole } from './shape.ts'

/** Settings of `deformConv`. */
export interface DeformConvOptions {
  readonly stride?: number
  readonly padding?: number
  readonly dilation?: number
  readonly bias?: boolean
  /** Whether each moved element is weighted too, from 0 to 2. Source: Zhu et al. (2019). */
  readonly modulated?: boolean
}

/**
 * Returns a convolution of images [N, C, H, W] whose window is moved, element by element, by what a second convolution of the
 * image says; it begins as the plain one. `weight`, `bias` as of `conv`, `offset_weight`, `offset_bias` of the second. Source: Dai et
 * al. (2017); torchvision.ops.DeformConv2d, with its offsets.
 */
export function deformConv(
  filters: number,
  kernel: number,
  { stride = 1, padding = 0, dilation = 1, bias = true, modulated = false }: DeformConvOptions = {},
): Layer {
  whole('deformable convolution', { filters, kernel, stride, dilation })
  return (x, scope) => {
    if (x.shape.length !== 4) throw unfit('deformable convolution', '[batch, channels, height, width]', x, scope)
    const channels = known(x, 1, 'deformable convolution', scope)
    const elements = kernel ** 2
    const fans = { fanIn: channels * elements, fanOut: filters * elements }
    const weight = scope.parameter('weight', [filters, channels, kernel, kernel], initializers.torch, fans)
    const b = bias ? scope.parameter('bias', [filters], initializers.torch, fans) : undefined
    const moves = (modulated ? 3 : 2) * elements
    const window = { strides: stride, pads: padding, dilations: dilation }
    const said = conv(
      x,
      scope.parameter('offset_weight', [moves, channels, kernel, kernel], initializers.zeros, fans),
      scope.parameter('offset_bias', [moves], initializers.zeros, fans),
      window,
    )
    if (!modulated) return deformed(x, weight, said, { ...window, ...(b && { bias: b }) })
    const [offset, logits] = split(said, [2 * elements, elements], { axis: 1 })
    return deformed(x, weight, offset, { ...window, mask: mul(2, sigmoid(logits)), ...(b && { bias: b }) })
  }
}
