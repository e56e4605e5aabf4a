import { PodError } from '@mlpod/contract'
import { ints, text } from '../attribute.ts'
import { capture } from '../site.ts'
import type { Attribute } from '../value.ts'
import type { AutoPad } from '../window.ts'

/** One number for all spatial axes, or one an axis. */
export type PerAxis = number | readonly number[]

/** How a window slides over the spatial axes, all but the first two. */
export interface WindowOptions {
  /** Steps from place to place. Default 1. */
  readonly strides?: PerAxis
  /** Steps from element to element of the window. Default 1. */
  readonly dilations?: PerAxis
  /** Zeros around the input: one number for every side, or all begins, then all ends. Default 0. */
  readonly pads?: PerAxis
  /** `SAME_UPPER`, `SAME_LOWER`: as many zeros as give ceil(size / stride) places, the odd one at the end or the begin. Default `NOTSET`: `pads`. */
  readonly autoPad?: AutoPad
}

/** Returns a list of `count` numbers as an attribute; nothing for what is not given. */
export function perAxis(name: string, value: PerAxis | undefined, count: number): Readonly<Record<string, Attribute>> {
  if (value === undefined) return {}
  if (typeof value !== 'number') return { [name]: ints(value) }
  if (count < 0)
    throw new PodError('RANK_UNKNOWN', `how many spatial axes one number as ${name} is for is not known`, {
      at: capture().at,
      hint: 'list one number an axis of [batch, channels, sizes...]',
    })
  return { [name]: ints(new Array<number>(count).fill(value)) }
}

/** Returns a window's attributes for `rank` spatial axes. */
export const windowAttributes = (
  { strides, dilations, pads, autoPad }: WindowOptions,
  rank: number,
): Readonly<Record<string, Attribute>> => ({
  ...perAxis('strides', strides, rank),
  ...perAxis('dilations', dilations, rank),
  ...perAxis('pads', pads, 2 * rank),
  ...(autoPad === undefined ? {} : { auto_pad: text(autoPad) }),
})
