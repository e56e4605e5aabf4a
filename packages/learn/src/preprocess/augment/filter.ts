import { eachChannel, type Picture } from './picture.ts'

/** Returns every channel filtered by rows and then by columns of odd length; outside of the picture are zeros. */
function filtered(picture: Picture, rows: Float64Array, columns: Float64Array): Picture {
  const { height, width } = picture
  const along = (plane: Float32Array, weights: Float64Array, step: number, size: number, at: (i: number) => number) => {
    const half = (weights.length - 1) / 2
    return Float32Array.from(plane, (_, i) => {
      let sum = 0
      for (let k = -half; k <= half; k++)
        if (at(i) + k >= 0 && at(i) + k < size) sum += weights[k + half] * plane[i + k * step]
      return sum
    })
  }
  return eachChannel(picture, (plane) =>
    along(
      along(plane, rows, 1, width, (i) => i % width),
      columns,
      width,
      height,
      (i) => Math.floor(i / width),
    ),
  )
}

/** Returns a picture blurred by a Gaussian of so many pixels (odd) and this deviation. Source: Keras' gaussian_blur. */
export function blurred(picture: Picture, [size, sigma]: readonly [size: number, sigma: number]): Picture {
  const raw = Float64Array.from({ length: size }, (_, i) => Math.exp(-0.5 * ((i - (size - 1) / 2) / sigma) ** 2))
  const total = raw.reduce((a, b) => a + b, 0)
  const weights = raw.map((value) => value / total)
  return filtered(picture, weights, weights)
}

/** Returns a picture in which each pixel is a mean of its 3 x 3 neighbours, itself five times. Source: Keras RandomSharpness. */
export function smoothed(picture: Picture): Picture {
  const flat = filtered(picture, Float64Array.of(1, 1, 1), Float64Array.of(1, 1, 1))
  return { ...picture, data: flat.data.map((value, i) => (value + 4 * picture.data[i]) / 13) }
}
