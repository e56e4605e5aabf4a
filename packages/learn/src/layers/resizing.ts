import { PodError } from '@mlpod/contract'
import { pad, resize, slice, type Value } from '@mlpod/graph'
import type { Layer, Scope } from './layer.ts'
import { known, unfit, whole } from './shape.ts'

const MODES = {
  nearest: { mode: 'nearest', coordinateTransformationMode: 'half_pixel', nearestMode: 'round_prefer_ceil' },
  linear: { mode: 'linear' },
  cubic: { mode: 'cubic', cubicCoeffA: -0.75 },
} as const

/** Settings of `resizing`. */
export interface ResizingOptions {
  /** Default `linear`. */
  readonly mode?: keyof typeof MODES
  /** Whether smaller images average what they skip. Default false. */
  readonly antialias?: boolean
  /** Where height and width change by different factors: stretch (default), crop first, or pad first, around the middle. */
  readonly aspect?: 'stretch' | 'crop' | 'pad'
  /** What is padded. Default 0. */
  readonly fill?: number
}

const images = (x: Value, what: string, scope: Scope): readonly [number, number] => {
  if (x.shape.length !== 4) throw unfit(what, '[batch, channels, height, width]', x, scope)
  return [known(x, 2, what, scope), known(x, 3, what, scope)]
}

/** The part of these sizes in the middle. */
function middle(x: Value, [h, w]: readonly [number, number], height: number, width: number): Value {
  const [top, left] = [Math.floor((h - height) / 2), Math.floor((w - width) / 2)]
  return slice(x, [top, left], [top + height, left + width], { axes: [2, 3] })
}

/** The largest part in the middle with the aspect of the target. */
function cropped(x: Value, sizes: readonly [number, number], height: number, width: number): Value {
  const [h, w] = sizes
  const own = (limit: number, value: number): number => Math.max(1, Math.min(limit, Math.trunc(value)))
  return middle(x, sizes, own(h, (w * height) / width), own(w, (h * width) / height))
}

/**
 * Returns the layer that resizes images [batch, channels, h, w] to [batch, channels, height, width]. Throws `LAYER_INVALID`,
 * `SHAPE_MISMATCH`. Source: Keras Resizing, with torch's numbers.
 */
export function resizing(
  height: number,
  width: number,
  { mode = 'linear', antialias = false, aspect = 'stretch', fill = 0 }: ResizingOptions = {},
): Layer {
  whole('resizing', { height, width })
  if (antialias && mode === 'nearest') throw new PodError('LAYER_INVALID', 'a nearest resizing averages nothing')
  const settings = {
    sizes: [height, width],
    axes: [2, 3],
    ...MODES[mode],
    ...(antialias && { antialias: true, excludeOutside: true, ...(mode === 'cubic' && { cubicCoeffA: -0.5 }) }),
  }
  return (x, scope) => {
    if (x.shape.length !== 4) throw unfit('resizing', '[batch, channels, height, width]', x, scope)
    if (aspect === 'stretch') return resize(x, settings)
    const [h, w] = images(x, 'resizing', scope)
    if (aspect === 'crop') return resize(cropped(x, [h, w], height, width), settings)
    const [top, left] = [
      Math.max(0, Math.trunc((w * height) / width) - h),
      Math.max(0, Math.trunc((h * width) / height) - w),
    ].map((more) => Math.trunc(more / 2))
    return resize(pad(x, [0, 0, top, left, 0, 0, top, left], { value: fill }), settings)
  }
}

/**
 * Returns the layer that takes the middle of images [batch, channels, h, w]; of smaller ones the largest part of the aspect
 * asked for, resized. Throws `LAYER_INVALID`, `SHAPE_MISMATCH`. Source: Keras CenterCrop.
 */
export function centerCrop(height: number, width: number): Layer {
  whole('crop of the middle', { height, width })
  return (x, scope) => {
    const [h, w] = images(x, 'crop of the middle', scope)
    if (h >= height && w >= width) return middle(x, [h, w], height, width)
    return resize(cropped(x, [h, w], height, width), { sizes: [height, width], axes: [2, 3], ...MODES.linear })
  }
}
