import { PodError } from '@mlpod/contract'
import { blurred } from './filter.ts'
import { type Augmentation, checkRate, drawn, type Picture, type Range, rangeOf } from './picture.ts'
import { affine, perspective, type WarpOptions, warped } from './warp.ts'

/** Returns the part of a picture of these sizes, from (top, left) on. */
function part(picture: Picture, top: number, left: number, height: number, width: number): Picture {
  const { channels, data } = picture
  const found = new Float32Array(channels * height * width)
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) {
      const start = (c * picture.height + top + y) * picture.width + left
      found.set(data.subarray(start, start + width), (c * height + y) * width)
    }
  return { channels, height, width, data: found }
}

/** Returns a mirror image, left to right and top to bottom each in half of all cases. Source: Keras RandomFlip. */
export function randomFlip(mode: 'horizontal' | 'vertical' | 'both' = 'both'): Augmentation {
  return (picture, draw) => {
    const { width, height } = picture
    const across = mode !== 'vertical' && draw.uniform(0) < 0.5
    const down = mode !== 'horizontal' && draw.uniform(1) < 0.5
    if (!across && !down) return picture
    return warped(picture, (x, y) => [across ? width - 1 - x : x, down ? height - 1 - y : y], { mode: 'nearest' })
  }
}

/** Returns a random part of these sizes. Throws `SHAPE_MISMATCH` for a smaller picture. Source: Keras RandomCrop. */
export function randomCrop(height: number, width: number): Augmentation {
  return (picture, draw) => {
    if (picture.height < height || picture.width < width)
      throw new PodError(
        'SHAPE_MISMATCH',
        `no part of ${height} x ${width} is in an image of ${picture.height} x ${picture.width}`,
      )
    const top = Math.floor(draw.uniform(0) * (picture.height - height + 1))
    const left = Math.floor(draw.uniform(1) * (picture.width - width + 1))
    return part(picture, top, left, height, width)
  }
}

/** Returns the picture turned around its middle, by so many turns of 360 degrees. Source: Keras RandomRotation. */
export function randomRotation(turns: Range, options: WarpOptions = {}): Augmentation {
  const range = rangeOf(turns, 'rotation')
  return (picture, draw) => {
    const angle = 2 * Math.PI * drawn(draw, 0, range)
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    return affine(picture, [cos, -sin, 0, sin, cos, 0], options)
  }
}

/** Returns the picture moved down and right by shares of its sizes. Source: Keras RandomTranslation. */
export function randomTranslation(down: Range, right: Range, options: WarpOptions = {}): Augmentation {
  const [rows, columns] = [rangeOf(down, 'translation'), rangeOf(right, 'translation')]
  return (picture, draw) => {
    const [dy, dx] = [drawn(draw, 0, rows) * picture.height, drawn(draw, 1, columns) * picture.width]
    return affine(picture, [1, 0, -dx, 0, 1, -dy], options)
  }
}

/**
 * Returns the picture with its middle at 1 + a share of its height (and of its width, default the same) in view: below 0
 * nearer, above 0 further away. Source: Keras RandomZoom.
 */
export function randomZoom(height: Range, width?: Range, options: WarpOptions = {}): Augmentation {
  const rows = rangeOf(height, 'zoom')
  const columns = width === undefined ? undefined : rangeOf(width, 'zoom')
  return (picture, draw) => {
    const zy = 1 + drawn(draw, 0, rows)
    const zx = columns ? 1 + drawn(draw, 1, columns) : zy
    return affine(picture, [zx, 0, 0, 0, zy, 0], options)
  }
}

/** Returns the picture with its rows moved in proportion to their place, and its columns, around the middle. Source: Keras RandomShear. */
export function randomShear(x: Range, y: Range = 0, options: WarpOptions = {}): Augmentation {
  const [across, down] = [rangeOf(x, 'shear'), rangeOf(y, 'shear')]
  return (picture, draw) => affine(picture, [1, drawn(draw, 0, across), 0, drawn(draw, 1, down), 1, 0], options)
}

/**
 * Returns the picture seen from aside, in `rate` of all cases: each corner moves by up to half of `scale` of the picture's
 * sizes. Source: Keras RandomPerspective.
 */
export function randomPerspective(
  scale: number,
  { rate = 1, ...options }: WarpOptions & { readonly rate?: number } = {},
): Augmentation {
  checkRate(rate, 'perspective')
  return (picture, draw) => {
    if (draw.uniform(0) >= rate) return picture
    const [w, h] = [picture.width - 1, picture.height - 1]
    const corners = [
      [0, 0],
      [w, 0],
      [0, h],
      [w, h],
    ] as const
    const moved = corners.map(([x, y], i): readonly [number, number] => [
      x + w * scale * (draw.uniform(2 * i + 1) - 0.5),
      y + h * scale * (draw.uniform(2 * i + 2) - 0.5),
    ])
    return warped(picture, perspective(moved, corners), options)
  }
}

/**
 * Returns the picture with its places moved by smooth random numbers: by `strength` pixels about, smooth over `sigma` pixels.
 * Source: Simard, Steinkraus, Platt (2003); Keras RandomElasticTransform.
 */
export function randomElastic(strength: number, sigma: number, options: WarpOptions = {}): Augmentation {
  return (picture, draw) => {
    const { height, width } = picture
    const noise = draw.at('places').fillNormal(new Float32Array(2 * height * width))
    // smoothing divides the deviation by about 2 sqrt(pi) sigma
    const field = blurred({ channels: 2, height, width, data: noise }, [2 * Math.ceil(2 * sigma) + 1, sigma])
    const factor = strength * 2 * Math.sqrt(Math.PI) * sigma
    return warped(
      picture,
      (x, y) => [x + factor * field.data[y * width + x], y + factor * field.data[(height + y) * width + x]],
      options,
    )
  }
}

/** Returns the picture with a random rectangle filled, in `rate` of all cases. */
export function randomErasing({
  rate = 0.5,
  area = [0.02, 0.33],
  value = 0,
}: {
  readonly rate?: number
  readonly area?: readonly [number, number]
  readonly value?: number
} = {}): Augmentation {
  checkRate(rate, 'erasing')
  const shares = rangeOf(area, 'erasing')
  return (picture, draw) => {
    if (draw.uniform(0) >= rate) return picture
    const { channels, height, width } = picture
    const sides = [height, width].map((size, i) => {
      const length = Math.max(1, Math.min(size, Math.round(size * Math.sqrt(drawn(draw, 1 + i, shares)))))
      const start = Math.floor(draw.uniform(3 + i) * (size - length + 1))
      return [start, start + length] as const
    })
    const data = Float32Array.from(picture.data)
    for (let c = 0; c < channels; c++)
      for (let y = sides[0][0]; y < sides[0][1]; y++)
        data.fill(value, (c * height + y) * width + sides[1][0], (c * height + y) * width + sides[1][1])
    return { ...picture, data }
  }
}
