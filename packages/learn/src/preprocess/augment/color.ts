import { PodError } from '@mlpod/contract'
import { blurred, smoothed } from './filter.ts'
import { type Augmentation, checkRate, drawn, eachChannel, type Picture, type Range, rangeOf } from './picture.ts'

/** The values that black and white have. */
export interface ValueRange {
  /** Default [0, 1]. */
  readonly values?: readonly [black: number, white: number]
}

const clipped = (
  picture: Picture,
  [low, high]: readonly [number, number],
  of: (value: number, i: number) => number,
): Picture => ({
  ...picture,
  data: picture.data.map((value, i) => Math.max(low, Math.min(high, of(value, i)))),
})

const UNIT = [0, 1] as const

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

/** Three channels as hue, saturation and value, or back, all from 0 to 1. */
function eachColor(picture: Picture, make: (color: Color) => Color): Picture {
  if (picture.channels !== 3)
    throw new PodError('SHAPE_MISMATCH', `colours are of three channels, not ${picture.channels}`)
  const size = picture.height * picture.width
  const data = new Float32Array(3 * size)
  for (let i = 0; i < size; i++) {
    const found = make([picture.data[i], picture.data[size + i], picture.data[2 * size + i]])
    for (let c = 0; c < 3; c++) data[c * size + i] = found[c]
  }
  return { ...picture, data }
}

type Color = readonly [number, number, number]

/** Source: Smith (1978), the hexcone of hues. */
function toHsv([r, g, b]: Color): Color {
  const [most, least] = [Math.max(r, g, b), Math.min(r, g, b)]
  const spread = most - least
  if (spread === 0) return [0, 0, most]
  const sector = most === r ? (g - b) / spread : most === g ? 2 + (b - r) / spread : 4 + (r - g) / spread
  return [(((sector / 6) % 1) + 1) % 1, most === 0 ? 0 : spread / most, most]
}

function toRgb([h, s, v]: Color): Color {
  const channel = (n: number): number => {
    const k = (n + 6 * h) % 6
    return v - v * s * Math.max(0, Math.min(k, 4 - k, 1))
  }
  return [channel(5), channel(3), channel(1)]
}

const scaled =
  (values: readonly [number, number], make: (color: Color) => Color) =>
  (color: Color): Color => {
    const [low, size] = [values[0], values[1] - values[0]]
    return make(color.map((value) => (value - low) / size) as unknown as Color).map(
      (value) => value * size + low,
    ) as unknown as Color
  }

/** Returns the picture with its saturation multiplied; a number f is [1 - f, 1 + f]. Source: Keras RandomSaturation. */
export function randomSaturation(factors: Range, { values = UNIT }: ValueRange = {}): Augmentation {
  const range = rangeOf(factors, 'saturation', 1)
  return (picture, draw) => {
    const factor = drawn(draw, 0, range)
    const make = scaled(values, (color) => {
      const [h, s, v] = toHsv(color)
      return toRgb([h, Math.max(0, Math.min(1, s * factor)), v])
    })
    return eachColor(picture, make)
  }
}

/** Returns the picture with its hues turned by so many turns of the circle. Source: Keras RandomHue. */
export function randomHue(turns: Range, { values = UNIT }: ValueRange = {}): Augmentation {
  const range = rangeOf(turns, 'hue')
  return (picture, draw) => {
    const shift = drawn(draw, 0, range)
    const make = scaled(values, (color) => {
      const [h, s, v] = toHsv(color)
      return toRgb([(((h + shift) % 1) + 1) % 1, s, v])
    })
    return eachColor(picture, make)
  }
}

/** Settings of `randomColorJitter`; what is left out stays. */
export interface JitterOptions extends ValueRange {
  /** As of `randomBrightness`. */
  readonly brightness?: Range
  /** As of `randomContrast`. */
  readonly contrast?: Range
  /** As of `randomSaturation`. */
  readonly saturation?: Range
  /** As of `randomHue`. */
  readonly hue?: Range
}

/** Returns the picture with brightness, contrast, saturation and hue changed, in this order. Source: Keras RandomColorJitter. */
export function randomColorJitter({ brightness, contrast, saturation, hue, ...values }: JitterOptions): Augmentation {
  const steps = [
    brightness !== undefined && randomBrightness(brightness, values),
    contrast !== undefined && randomContrast(contrast, values),
    saturation !== undefined && randomSaturation(saturation, values),
    hue !== undefined && randomHue(hue, values),
  ]
  return (picture, draw) => steps.reduce((so, make, i) => (make ? make(so, draw.at(String(i))) : so), picture)
}

// the shares of red, green and blue in grey: ITU-R BT.601
const GREY = [0.2989, 0.587, 0.114] as const

const grey = (picture: Picture): Picture =>
  eachColor(picture, (color) => {
    const value = color[0] * GREY[0] + color[1] * GREY[1] + color[2] * GREY[2]
    return [value, value, value]
  })

/** Returns the picture in grey, of three equal channels, in `rate` of all cases. Source: Keras RandomGrayscale. */
export function randomGrayscale(rate: number): Augmentation {
  checkRate(rate, 'grayscale')
  return (picture, draw) => (draw.uniform(0) < rate ? grey(picture) : picture)
}

/** Returns the picture mixed with a share of its grey. Source: Keras RandomColorDegeneration. */
export function randomColorDegeneration(shares: Range, { values = UNIT }: ValueRange = {}): Augmentation {
  const range = rangeOf(shares, 'colour degeneration')
  return (picture, draw) => {
    const share = drawn(draw, 0, range)
    const plain = grey(picture)
    return clipped(picture, values, (value, i) => value + share * (plain.data[i] - value))
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
