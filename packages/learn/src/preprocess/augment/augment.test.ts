import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { describe, expect, test } from 'vitest'
import {
  type Augmentation,
  augMix,
  augment,
  autoContrast,
  chained,
  equalization,
  localEqualization,
  randAugment,
  randomBrightness,
  randomColorDegeneration,
  randomColorJitter,
  randomContrast,
  randomCrop,
  randomElastic,
  randomErasing,
  randomFlip,
  randomGaussianBlur,
  randomGrayscale,
  randomHue,
  randomInvert,
  randomPerspective,
  randomPosterization,
  randomRotation,
  randomSaturation,
  randomSharpness,
  randomShear,
  randomSolarization,
  randomTranslation,
  randomZoom,
  sometimes,
} from './index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

const keras: { readonly x: Entry; readonly cases: Readonly<Record<string, Entry>> } = JSON.parse(
  readFileSync(new URL('../../../../../conformance/learn/augment.json', import.meta.url), 'utf8'),
)

const images = tensor('float32', keras.x.shape, Float32Array.from(keras.x.data))
const numbers = ({ data }: Tensor): number[] => Array.from(data as Float32Array)
const fixed = (value: number): readonly [number, number] => [value, value]

const made: Readonly<Record<string, Augmentation>> = {
  rotation: randomRotation(fixed(0.1)),
  'rotation constant': randomRotation(fixed(0.07), { fill: 'constant', value: 0.5 }),
  'rotation nearest': randomRotation(fixed(-0.2), { fill: 'nearest', mode: 'nearest' }),
  'rotation wrap': randomRotation(fixed(0.1), { fill: 'wrap' }),
  translation: randomTranslation(fixed(0.3), fixed(-0.2)),
  zoom: randomZoom(fixed(-0.3)),
  'zoom two': randomZoom(fixed(0.2), fixed(-0.1), { fill: 'constant' }),
  brightness: randomBrightness(fixed(0.3)),
  contrast: randomContrast(fixed(1.4)),
  saturation: randomSaturation(fixed(1.5)),
  'color degeneration': randomColorDegeneration(fixed(0.3)),
  grayscale: randomGrayscale(1),
  invert: randomInvert(1),
  posterization: randomPosterization(3),
  solarization: randomSolarization(0),
  sharpness: randomSharpness(fixed(1.8)),
  blur: randomGaussianBlur(3, 0.8),
  equalization: equalization(),
  'local equalization': localEqualization({ tiles: [2, 3], limit: 128 }),
  'local equalization without a limit': localEqualization({ tiles: [2, 4], limit: 0 }),
  hue: randomHue(fixed(0.1)),
  'auto contrast': autoContrast(),
}

describe('without chance, images become what Keras makes of them', () => {
  test.each(Object.entries(keras.cases))('%s', (name, wanted) => {
    const found = augment(images, [made[name]], { seed: 0 })
    expect(found.shape).toEqual(wanted.shape)
    for (const [i, value] of wanted.data.entries()) expect(Math.abs(found.data[i] - value), `${i}`).toBeLessThan(2e-4)
  })
})

const all: Readonly<Record<string, Augmentation>> = {
  ...made,
  'color jitter': randomColorJitter({ brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.1 }),
  flip: randomFlip(),
  crop: randomCrop(3, 4),
  shear: randomShear(0.3, 0.1),
  perspective: randomPerspective(0.4),
  elastic: randomElastic(1, 1.5),
  erasing: randomErasing({ rate: 1 }),
  'rand augment': randAugment(2, [randomBrightness(0.2), randomRotation(0.1)]),
  'aug mix': augMix([randomBrightness(0.2), randomRotation(0.1)]),
  sometimes: sometimes(0.5, randomInvert(1)),
}

test.each(Object.entries(all))('%s: an image depends on the seed, its key and the epoch alone', (_, make) => {
  const both = augment(images, [make], { seed: 7, keys: [4, 9], epoch: 2 })
  const half = images.data.length / 2
  const second = tensor('float32', [1, ...images.shape.slice(1)], images.data.subarray(half))
  const alone = augment(second, [make], { seed: 7, keys: [9], epoch: 2 })
  expect(numbers(alone)).toEqual(numbers(both).slice(both.data.length / 2))
  expect(numbers(both).every(Number.isFinite)).toBe(true)
})

test('another epoch gives another image, and images stay as they were', () => {
  const before = numbers(images)
  const make = [randomRotation(0.2), randomErasing({ rate: 1 })]
  const [first, second] = [0, 1].map((epoch) => numbers(augment(images, make, { seed: 1, epoch })))
  expect(first).not.toEqual(second)
  expect(numbers(images)).toEqual(before)
})

test('a flip is its own inverse, and half of all images are flipped', () => {
  const flip = randomFlip('horizontal')
  const picture = { channels: 1, height: 1, width: 3, data: Float32Array.of(1, 2, 3) }
  let flipped = 0
  for (let i = 0; i < 2000; i++) {
    const draw = random({ seed: 1, path: String(i) })
    const once = flip(picture, draw)
    expect(Array.from(flip(once, draw).data)).toEqual([1, 2, 3])
    if (once.data[0] === 3) flipped++
  }
  expect(Math.abs(flipped - 1000)).toBeLessThan(100)
})

test('crops are parts, all places equally often', () => {
  const picture = { channels: 1, height: 3, width: 3, data: Float32Array.from({ length: 9 }, (_, i) => i) }
  const counts = new Map<string, number>()
  for (let i = 0; i < 2000; i++) {
    const found = String(Array.from(randomCrop(2, 2)(picture, random({ seed: 2, path: String(i) })).data))
    counts.set(found, (counts.get(found) ?? 0) + 1)
  }
  expect([...counts.keys()].sort()).toEqual(['0,1,3,4', '1,2,4,5', '3,4,6,7', '4,5,7,8'])
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(90)
})

test('a perspective of nothing moves nothing, and augmentations in a chain draw apart', () => {
  expect(numbers(augment(images, [randomPerspective(0)], { seed: 1 }))).toEqual(
    numbers(images).map((value) => expect.closeTo(value, 5)),
  )
  const twice = augment(images, [randomBrightness(0.2), randomBrightness(0.2)], { seed: 1 })
  const chain = augment(images, [chained([randomBrightness(0.2), randomBrightness(0.2)])], { seed: 1 })
  expect(numbers(twice)).not.toEqual(numbers(chain))
})

test('what cannot be is refused', () => {
  const code = (name: string) => expect.objectContaining({ code: name })
  expect(() => randomRotation([1, 0])).toThrow(code('RANGE_INVALID'))
  expect(() => randomInvert(2)).toThrow(code('RANGE_INVALID'))
  expect(() => randomPosterization(9)).toThrow(code('RANGE_INVALID'))
  expect(() => randomGaussianBlur(2, 1)).toThrow(code('RANGE_INVALID'))
  expect(() => randAugment(0, [randomInvert(1)])).toThrow(code('RANGE_INVALID'))
  expect(() => augMix([])).toThrow(code('RANGE_INVALID'))
  expect(() => localEqualization({ tiles: [0, 1] })).toThrow(code('RANGE_INVALID'))
  expect(() => augment(images, [randomCrop(9, 9)], { seed: 0 })).toThrow(code('SHAPE_MISMATCH'))
  expect(() => augment(images, [], { seed: 0, keys: [1] })).toThrow(code('SHAPE_MISMATCH'))
  const grey = tensor('float32', [1, 1, 2, 2], new Float32Array(4))
  expect(() => augment(grey, [randomHue(0.1)], { seed: 0 })).toThrow('three channels')
})
