import { PodError } from '@mlpod/contract'
import { pad, slice, type Value } from '@mlpod/graph'
import type { Layer, Scope } from './layer.ts'
import { unfit } from './shape.ts'

/** How much each spatial axis gets or loses: a number for every side, or an axis a number or [begin, end]. */
export type Sides = number | readonly (number | readonly [begin: number, end: number])[]

const MODES = {
  zeros: 'constant',
  constant: 'constant',
  reflect: 'reflect',
  replicate: 'edge',
  circular: 'wrap',
} as const

/** Returns all begins and all ends of the spatial axes of x. */
function sidesOf(sides: Sides, what: string, x: Value, scope: Scope): readonly [number[], number[]] {
  const rank = x.shape.length - 2
  const each = typeof sides === 'number' ? new Array<number>(rank).fill(sides) : sides
  if (rank < 1 || each.length !== rank)
    throw unfit(what, `[batch, channels, ${typeof sides === 'number' ? 'sizes' : `${sides.length} sizes`}]`, x, scope)
  const pairs = each.map((one) => (typeof one === 'number' ? [one, one] : one))
  return [pairs.map(([begin]) => begin), pairs.map(([, end]) => end)]
}

function checkSides(sides: Sides, what: string): void {
  for (const side of [sides].flat(2))
    if (!(Number.isSafeInteger(side) && side >= 0))
      throw new PodError('LAYER_INVALID', `a side of a ${what} is ${side}, not a whole number of 0 or more`)
}

/**
 * Returns the layer that puts borders around images [batch, channels, sizes...]: zeros (default), another `value`, the mirrored
 * image without its edge, its edge, or its other end. Source: torch.nn.ZeroPad1d to ZeroPad3d, ConstantPad, ReflectionPad,
 * ReplicationPad, CircularPad (but sides are listed from the first axis, not the last). Throws `LAYER_INVALID`, and
 * `SHAPE_MISMATCH` when built.
 */
export function padding(
  sides: Sides,
  { mode = 'zeros', value = 0 }: { readonly mode?: keyof typeof MODES; readonly value?: number } = {},
): Layer {
  checkSides(sides, 'padding')
  return (x, scope) => {
    const [begins, ends] = sidesOf(sides, 'padding', x, scope)
    if (mode === 'reflect' || mode === 'circular') {
      const reach = mode === 'reflect' ? 1 : 0
      for (const [i, size] of x.shape.slice(2).entries())
        if (typeof size === 'number' && Math.max(begins[i], ends[i]) > size - reach)
          throw unfit(
            `${mode} padding`,
            `sizes above ${Math.max(begins[i], ends[i]) + reach - 1} on axis ${i + 2}`,
            x,
            scope,
          )
    }
    return pad(x, [0, 0, ...begins, 0, 0, ...ends], { mode: MODES[mode], ...(mode === 'constant' && { value }) })
  }
}

/** Returns the layer that takes borders off images [batch, channels, sizes...]. Source: Keras Cropping1D to Cropping3D. */
export function cropping(sides: Sides): Layer {
  checkSides(sides, 'cropping')
  return (x, scope) => {
    const [begins, ends] = sidesOf(sides, 'cropping', x, scope)
    const sizes = x.shape.slice(2)
    for (const [i, size] of sizes.entries())
      if (typeof size === 'number' && begins[i] + ends[i] >= size)
        throw unfit('cropping', `sizes above ${begins[i] + ends[i]} on axis ${i + 2}`, x, scope)
    const stops = ends.map((end) => (end === 0 ? Number.MAX_SAFE_INTEGER : -end))
    return slice(x, begins, stops, { axes: sizes.map((_, i) => i + 2) })
  }
}
