import { PodError, sizeOf, type Tensor, tensor } from '@mlpod/contract'
import { random } from '@mlpod/math'
import { type Augmentation, checkRate, type Picture } from './picture.ts'

/** Settings of `augment`. */
export interface AugmentOptions {
  readonly seed: number
  /** Which images these are, one number each: an image's random numbers depend on the seed, its key and the epoch alone. Default its place in the batch. */
  readonly keys?: readonly number[]
  /** Default 0. */
  readonly epoch?: number
}

/**
 * Returns a batch of images [batch, channels, height, width] made anew, each by the augmentations one after the other. It runs
 * in the data pipeline. Throws `SHAPE_MISMATCH`, also when the results are not of one size.
 */
export function augment(
  images: Tensor<'float32'>,
  augmentations: readonly Augmentation[],
  { seed, keys, epoch = 0 }: AugmentOptions,
): Tensor<'float32'> {
  const [count, channels, height, width] = images.shape
  if (images.shape.length !== 4 || (keys && keys.length !== count))
    throw new PodError(
      'SHAPE_MISMATCH',
      `images are [batch, channels, height, width] with a key each, not [${images.shape.join(', ')}] with ${keys?.length ?? count}`,
    )
  const draw = random({ seed, path: `augment/${epoch}` })
  const all = chained(augmentations)
  const size = sizeOf([channels, height, width])
  const made = Array.from({ length: count }, (_, i): Picture => {
    const data = images.data.subarray(i * size, (i + 1) * size)
    return all({ channels, height, width, data }, draw.at(String(keys?.[i] ?? i)))
  })
  const [first] = made
  if (first === undefined) return images
  const shape = [first.channels, first.height, first.width]
  const data = new Float32Array(count * sizeOf(shape))
  for (const [i, picture] of made.entries()) {
    if (picture.channels !== shape[0] || picture.height !== shape[1] || picture.width !== shape[2])
      throw new PodError(
        'SHAPE_MISMATCH',
        `image ${i} is ${picture.height} x ${picture.width}, but image 0 ${shape[1]} x ${shape[2]}`,
      )
    data.set(picture.data, i * sizeOf(shape))
  }
  return tensor('float32', [count, ...shape], data)
}

/** Returns augmentations one after the other, each with random numbers of its own. Source: Keras Pipeline. */
export const chained =
  (augmentations: readonly Augmentation[]): Augmentation =>
  (picture, draw) =>
    augmentations.reduce((so, make, i) => make(so, draw.at(String(i))), picture)

/** Returns an augmentation in `rate` of all cases. */
export function sometimes(rate: number, make: Augmentation): Augmentation {
  checkRate(rate, 'augmentation')
  return (picture, draw) => (draw.uniform(0) < rate ? make(picture, draw.at('made')) : picture)
}

/** Returns `count` of several augmentations, chosen at random, one after the other. Source: Cubuk et al. (2020), RandAugment; Keras RandAugment. */
export function randAugment(count: number, augmentations: readonly Augmentation[]): Augmentation {
  if (!(Number.isSafeInteger(count) && count > 0) || augmentations.length === 0)
    throw new PodError('RANGE_INVALID', `${count} of ${augmentations.length} augmentations cannot be chosen`)
  return (picture, draw) => {
    const chosen = Array.from(
      { length: count },
      (_, i) => augmentations[Math.floor(draw.uniform(i) * augmentations.length)],
    )
    return chained(chosen)(picture, draw.at('chosen'))
  }
}

/**
 * Returns the picture mixed with the mean of `chains` chains of up to `depth` augmentations, by random weights. Source:
 * Hendrycks et al. (2020), AugMix, with alpha 1; Keras AugMix.
 */
export function augMix(
  augmentations: readonly Augmentation[],
  { chains = 3, depth = 3 }: { readonly chains?: number; readonly depth?: number } = {},
): Augmentation {
  if (augmentations.length === 0) throw new PodError('RANGE_INVALID', 'there is no augmentation to mix')
  return (picture, draw) => {
    // Dirichlet(1, .., 1): shares of exponential numbers; Beta(1, 1) is uniform
    const raw = Array.from({ length: chains }, (_, i) => -Math.log(1 - draw.uniform(i + 1)))
    const total = raw.reduce((a, b) => a + b, 0)
    const share = draw.uniform(0)
    const data = picture.data.map((value) => (1 - share) * value)
    for (const [chain, weight] of raw.entries()) {
      const own = draw.at(String(chain))
      const steps = 1 + Math.floor(own.uniform(0) * depth)
      const made = randAugment(steps, augmentations)(picture, own.at('chain'))
      for (let i = 0; i < data.length; i++) data[i] += (share * weight * made.data[i]) / total
    }
    return { ...picture, data }
  }
}
