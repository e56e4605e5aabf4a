import { PodError } from '@mlpod/contract'
import type { Random } from '@mlpod/math'

/** An image: one plane a channel, each row by row. */
export interface Picture {
  readonly channels: number
  readonly height: number
  readonly width: number
  /** [channels, height, width]. */
  readonly data: Float32Array
}

/** What one image becomes; the random numbers are its own, and number i of them is always the same. */
export type Augmentation = (picture: Picture, draw: Random) => Picture

/** From where to where a number is drawn; one number f means [-f, f], or around 1 [1 - f, 1 + f]. */
export type Range = number | readonly [low: number, high: number]

/** Returns both ends of a range around `middle`. Throws `RANGE_INVALID`. */
export function rangeOf(range: Range, what: string, middle = 0): readonly [number, number] {
  const [low, high] = typeof range === 'number' ? [middle - range, middle + range] : range
  if (!(low <= high)) throw new PodError('RANGE_INVALID', `the range of a random ${what} is [${low}, ${high}]`)
  return [low, high]
}

/** Returns random number i in a range. */
export const drawn = (draw: Random, i: number, [low, high]: readonly [number, number]): number =>
  low + (high - low) * draw.uniform(i)

/** Throws `RANGE_INVALID` unless a probability is one. */
export function checkRate(rate: number, what: string): void {
  if (!(rate >= 0 && rate <= 1))
    throw new PodError('RANGE_INVALID', `the rate ${rate} of a random ${what} is not in [0, 1]`)
}

/** Returns the picture with each channel made anew. */
export function eachChannel(picture: Picture, make: (plane: Float32Array, channel: number) => Float32Array): Picture {
  const size = picture.height * picture.width
  const data = new Float32Array(picture.data.length)
  for (let c = 0; c < picture.channels; c++)
    data.set(make(picture.data.subarray(c * size, (c + 1) * size), c), c * size)
  return { ...picture, data }
}
