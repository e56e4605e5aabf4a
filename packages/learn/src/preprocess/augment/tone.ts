import { PodError } from '@mlpod/contract'
import { blurred, smoothed } from './filter.ts'
import { type Augmentation, checkRate, drawn, eachChannel, type Picture, type Range, rangeOf } from './picture.ts'

/** The values that black and white have. */
export interface ValueRange {
  /** Default [0, 1]. */
  readonly values?: readonly [black: number, white: number]
}

/** Returns the picture with every value made anew and kept in its range. */
export const clipped = (
  picture: Picture,
  [low, high]: readonly [number, number],
  of: (value: number, i: number) => number,
): Picture => ({
  ...picture,
  data: picture.data.map((value, i) => Math.max(low, Math.min(high, of(value, i)))),
})

/** Black and white. */
export const UNIT = [0, 1] as const

/** Returns the picture with a share of white added to all. Source: Keras RandomBrightness. */
export function randomBrightness(shares: Range, { values = UNIT }: ValueRange = {}): Augmentation {
  const range = rangeOf(shares, 'brightness')
  return (picture, draw) => {
    const delta = drawn(draw, 0, range) * (values[1] - values[0])
    return clipped(picture, values, (value) => value + delta)
  }
}

/** Returns the picture with the distances to each channel's mean multiplied; a number f is [1 - f, 1 + f]. Source: Keras RandomContrast. */
export function randomContrast(factors: Range, { values = UNIT }: ValueRange = {}): Augmentation {
  const range = rangeOf(factors, 'contrast', 1)
  return (picture, draw) => {
    const factor = drawn(draw, 0, range)
    const spread = eachChannel(picture, (plane) => {
      const mean = plane.reduce((a, b) => a + b, 0) / plane.length
      return plane.map((value) => (value - mean) * factor + mean)
    })
    return clipped(spread, values, (value) => value)
  }
}

/** Returns the picture with black and white exchanged, in `rate` of all cases. Source: Keras RandomInvert. */
export function randomInvert(rate: number, { values = UNIT }: ValueRange = {}): Augmentation {
  checkRate(rate, 'inversion')
  return (picture, draw) =>
    draw.uniform(0) < rate ? { ...picture, data: picture.data.map((value) => values[0] + values[1] - value) } : picture
}

/** Returns the picture with the first so many bits of each value, of 8. Source: Keras RandomPosterization. */
export function randomPosterization(bits: Range, { values = UNIT }: ValueRange = {}): Augmentation {
  const range = typeof bits === 'number' ? ([bits, bits] as const) : rangeOf(bits, 'posterization')
  if (!(range[0] >= 1 && range[1] <= 8))
    throw new PodError('RANGE_INVALID', `a posterization leaves 1 to 8 bits, not ${range.join(' to ')}`)
  return (picture, draw) => {
    const dropped = 8 - Math.min(range[1], Math.floor(drawn(draw, 0, [range[0], range[1] + 1])))
    return eightBits(picture, values, (value) => (Math.trunc(value) >> dropped) << dropped)
  }
}

/** A function of values from 0 to 255. */
const eightBits = (
  picture: Picture,
  [low, high]: readonly [number, number],
  of: (value: number) => number,
): Picture => ({
  ...picture,
  data: picture.data.map((value) => (of(((value - low) / (high - low)) * 255) / 255) * (high - low) + low),
})

/**
 * Returns the picture with a share of white added, and then with what is above a share of white inverted. Source: Keras
 * Solarization.
 */
export function randomSolarization(
  thresholds: Range,
  { additions = 0, values = UNIT }: ValueRange & { readonly additions?: Range } = {},
): Augmentation {
  const own = typeof thresholds === 'number' ? ([thresholds, thresholds] as const) : rangeOf(thresholds, 'solarization')
  const more = rangeOf(additions, 'solarization')
  return (picture, draw) => {
    const [threshold, added] = [drawn(draw, 0, own) * 255, drawn(draw, 1, more) * 255]
    return eightBits(picture, values, (value) => {
      const moved = Math.max(0, Math.min(255, value + added))
      return moved < threshold ? moved : 255 - moved
    })
  }
}

/** Returns the picture from smoothed (0) over unchanged (1) to sharpened (2). Source: Keras RandomSharpness, whose factor is half of it. */
export function randomSharpness(amounts: Range, { values = UNIT }: ValueRange = {}): Augmentation {
  const range = rangeOf(amounts, 'sharpness', 1)
  return (picture, draw) => {
    const amount = drawn(draw, 0, range)
    const soft = smoothed(picture)
    return clipped(picture, values, (value, i) => value + (1 - amount) * (soft.data[i] - value))
  }
}

/** Returns the picture blurred by a Gaussian over `size` pixels (odd), in `rate` of all cases. Source: Keras RandomGaussianBlur. */
export function randomGaussianBlur(
  size: number,
  sigmas: Range,
  { rate = 1 }: { readonly rate?: number } = {},
): Augmentation {
  checkRate(rate, 'blur')
  const range = typeof sigmas === 'number' ? ([sigmas, sigmas] as const) : rangeOf(sigmas, 'blur')
  if (!(Number.isInteger(size) && size % 2 === 1 && range[0] > 0))
    throw new PodError('RANGE_INVALID', `a blur is over an odd number of pixels with deviations above 0, not ${size}`)
  return (picture, draw) => (draw.uniform(0) < rate ? blurred(picture, [size, drawn(draw, 1, range)]) : picture)
}

/** Returns each channel stretched from black to white. Source: Keras AutoContrast. */
export const autoContrast = ({ values = UNIT }: ValueRange = {}): Augmentation => {
  const [low, high] = values
  return (picture) =>
    eachChannel(picture, (plane) => {
      const [least, most] = [plane.reduce((a, b) => Math.min(a, b)), plane.reduce((a, b) => Math.max(a, b))]
      return most === least ? plane : plane.map((value) => ((value - least) / (most - least)) * (high - low) + low)
    })
}

/** Returns each channel with its values spread such that all are about equally frequent. Source: Keras Equalization. */
export function equalization({
  bins = 256,
  values = UNIT,
}: ValueRange & { readonly bins?: number } = {}): Augmentation {
  const [low, high] = values
  return (picture) =>
    eachChannel(picture, (plane) => {
      const levels = Array.from(plane, (value) =>
        Math.max(0, Math.min(bins - 1, Math.trunc(((value - low) / (high - low)) * (bins - 1) + 1e-6))),
      )
      const counts = new Array<number>(bins).fill(0)
      for (const level of levels) counts[level]++
      const filled = counts.filter((count) => count > 0)
      if (filled.length <= 1) return plane
      let sum = 0
      const table = counts.map((count) => {
        sum += count
        return Math.round(Math.max(0, ((sum - filled[0]) * 255) / (plane.length - filled[0])))
      })
      return Float32Array.from(levels, (level) => (table[level] / 255) * (high - low) + low)
    })
}
