import { PodError, sizeOf, type Tensor, tensor } from '@mlpod/contract'
import { betaQuantile, type Random } from '@mlpod/math'
import type { BatchAugmentation } from '../../augmentBatches.ts'
import type { NamedRows } from '../../data.ts'
import { augment } from './augment.ts'
import { type Augmentation, checkRate } from './picture.ts'

/** Settings of `mixUp` and `cutMix`. */
export interface MixOptions {
  /** Whether the share of each row is drawn by itself, or one for the batch (default). */
  readonly each?: 'row' | 'batch'
  /** In how many of the batches rows are mixed. Default 1. */
  readonly rate?: number
}

/** Which rows are mixed: row i with the row `partners[i]`, of which it keeps the share `shares[i]`. */
export interface Mixing {
  readonly partners: Uint32Array
  readonly shares: Float64Array
}

/**
 * Returns the augmentation that mixes each row with another one of its batch: x' = l x_i + (1 - l) x_j and y' alike, l drawn from
 * Beta(alpha, alpha), j by a permutation of the batch. Targets are numbers or shares of classes (`classShares`, with
 * `crossEntropy({ soft: true })`); weights of rows are mixed as targets are. Throws `RANGE_INVALID`, and in training
 * `DTYPE_MISMATCH` for columns that are not float32. Source: Zhang et al. (2018).
 */
export function mixUp(alpha: number, options: MixOptions = {}): BatchAugmentation {
  return mixing('mixUp', alpha, options, (batch, mix) => mixed(batch, mix, (x) => mixRows(x, mix)))
}

/**
 * Returns the augmentation that puts a rectangle of another image of the batch into each image [channels, height, width]; targets
 * are mixed by the shares of the area. The rectangle's share is drawn as 1 - l from Beta(alpha, alpha), its centre anywhere;
 * what lies outside is cut off. Throws as `mixUp`, and `SHAPE_MISMATCH` for inputs that are no images. Source: Yun et al. (2019).
 */
export function cutMix(alpha: number, options: MixOptions = {}): BatchAugmentation {
  return mixing('cutMix', alpha, options, (batch, { partners, shares }, draw) => {
    const [first] = Object.values(batch.inputs)
    const [, , height, width] = first.shape
    const boxes = Array.from(shares, (share, i) => {
      // one share for the batch is one rectangle
      const at = options.each === 'row' ? draw.at(String(i)) : draw.at('batch')
      return boxOf(share, height, width, at)
    })
    const kept = Float64Array.from(
      boxes,
      ([top, bottom, left, right]) => 1 - ((bottom - top) * (right - left)) / (height * width),
    )
    return mixed(batch, { partners, shares: kept }, (x, name) => {
      if (x.shape.length !== 4 || x.shape[2] !== height || x.shape[3] !== width)
        throw new PodError(
          'SHAPE_MISMATCH',
          `cutMix takes images [batch, channels, height, width] of one size, not ${name} [${x.shape.join(', ')}]`,
        )
      return pasted(x, partners, boxes)
    })
  })
}

/** Returns one of several augmentations of batches, chosen anew for each batch. */
export function oneOf(...augmentations: readonly BatchAugmentation[]): BatchAugmentation {
  if (augmentations.length === 0) throw new PodError('RANGE_INVALID', 'there is no augmentation to choose')
  return {
    name: 'oneOf',
    options: { of: augmentations.map(({ name, options }) => ({ name, options })) },
    apply: (batch, draw) =>
      augmentations[Math.floor(draw.uniform(0) * augmentations.length)].apply(batch, draw.at('chosen')),
  }
}

/**
 * Returns the augmentation of batches that makes each image of the inputs anew, by augmentations of images. `name` tells them from
 * others in a checkpoint.
 */
export const eachImage = (name: string, augmentations: readonly Augmentation[]): BatchAugmentation => ({
  name,
  apply: ({ inputs, ...rest }, draw) => ({
    ...rest,
    inputs: Object.fromEntries(
      Object.entries(inputs).map(([input, images]) => [
        input,
        augment(numbers(input, images), augmentations, { seed: draw.at(input).uint32(0) }),
      ]),
    ),
  }),
})

/** Returns class numbers [n] as shares [n, classes]: 1 for the class. Throws `LABEL_INVALID`. */
export function classShares(labels: Tensor<'int64'>, classes: number): Tensor<'float32'> {
  const data = new Float32Array(labels.data.length * classes)
  for (const [i, label] of labels.data.entries()) {
    if (label < 0n || label >= BigInt(classes))
      throw new PodError('LABEL_INVALID', `the label ${label} at position ${i} is none of ${classes} classes`)
    data[i * classes + Number(label)] = 1
  }
  return tensor('float32', [...labels.shape, classes], data)
}

/** Returns each row of x mixed with its partner. */
export function mixRows(x: Tensor<'float32'>, { partners, shares }: Mixing): Tensor<'float32'> {
  const width = x.data.length / x.shape[0]
  const data = new Float32Array(x.data.length)
  for (let i = 0; i < partners.length; i++) {
    const [share, from] = [shares[i], partners[i] * width]
    for (let j = 0; j < width; j++) data[i * width + j] = share * x.data[i * width + j] + (1 - share) * x.data[from + j]
  }
  return { ...x, data }
}

function mixing(
  name: string,
  alpha: number,
  { each = 'batch', rate = 1 }: MixOptions,
  make: (batch: NamedRows, mix: Mixing, draw: Random) => NamedRows,
): BatchAugmentation {
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw new PodError('RANGE_INVALID', `the alpha of ${name} is ${alpha}, no number above 0`)
  checkRate(rate, name)
  return {
    name,
    options: { alpha, each, rate },
    apply(batch, draw) {
      if (draw.uniform(0) >= rate) return batch
      const [count] = Object.values(batch.inputs)[0].shape
      const share = (i: number): number => betaQuantile(draw.at('share').uniform(i), alpha, alpha)
      const shares =
        each === 'row'
          ? Float64Array.from({ length: count }, (_, i) => share(i))
          : new Float64Array(count).fill(share(0))
      return make(batch, { partners: draw.at('order').permutation(count), shares }, draw.at('place'))
    },
  }
}

/** The inputs changed by `change`, targets and weights mixed by the shares. */
function mixed(
  { inputs, targets, weights }: NamedRows,
  mix: Mixing,
  change: (x: Tensor<'float32'>, name: string) => Tensor<'float32'>,
): NamedRows {
  const each = (
    columns: Readonly<Record<string, Tensor>>,
    make: (x: Tensor<'float32'>, name: string) => Tensor<'float32'>,
  ): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(columns).map(([name, x]) => [name, make(numbers(name, x), name)]))
  return {
    inputs: each(inputs, change),
    targets: each(targets, (y) => mixRows(y, mix)),
    ...(weights && { weights: mixRows(weights, mix) }),
  }
}

function numbers(name: string, column: Tensor): Tensor<'float32'> {
  if (column.dtype !== 'float32')
    throw new PodError('DTYPE_MISMATCH', `rows of ${name} are ${column.dtype}, which cannot be mixed`, {
      hint: 'give classes as shares: classShares(labels, classes), with crossEntropy({ soft: true })',
    })
  return column as Tensor<'float32'>
}

type Box = readonly [top: number, bottom: number, left: number, right: number]

function boxOf(share: number, height: number, width: number, draw: Random): Box {
  const half = Math.sqrt(1 - share) / 2
  const side = (length: number, i: number): readonly [number, number] => {
    const [middle, reach] = [Math.floor(draw.uniform(i) * length), Math.floor(half * length)]
    return [Math.max(0, middle - reach), Math.min(length, middle + reach)]
  }
  return [...side(height, 0), ...side(width, 1)] as unknown as Box
}

function pasted(x: Tensor<'float32'>, partners: Uint32Array, boxes: readonly Box[]): Tensor<'float32'> {
  const [, channels, height, width] = x.shape
  const data = x.data.slice()
  const image = sizeOf([channels, height, width])
  for (const [i, [top, bottom, left, right]] of boxes.entries())
    for (let c = 0; c < channels; c++)
      for (let row = top; row < bottom; row++) {
        const at = (c * height + row) * width
        const from = partners[i] * image + at
        data.set(x.data.subarray(from + left, from + right), i * image + at + left)
      }
  return { ...x, data }
}
