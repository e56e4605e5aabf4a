import { PodError } from '@mlpod/contract'
import { type Augmentation, checkRate, drawn, type Picture, type Range, rangeOf } from './picture.ts'
import { clipped, randomBrightness, randomContrast, UNIT, type ValueRange } from './tone.ts'

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
