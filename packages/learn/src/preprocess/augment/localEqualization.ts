import { PodError } from '@mlpod/contract'
import { type Augmentation, eachChannel } from './picture.ts'
import type { ValueRange } from './tone.ts'

/** Settings of `localEqualization`. */
export interface LocalEqualizationOptions extends ValueRange {
  /** How often a value may be, in multiples of the mean; what is more is shared out over all. Default 4; 0 for no limit. */
  readonly limit?: number
  /** How many tiles down and across. Default [8, 8]. */
  readonly tiles?: readonly [down: number, across: number]
}

const LEVELS = 256
const kept = (i: number, n: number): number => Math.max(0, Math.min(n - 1, i))

/**
 * Returns each channel with its values spread by their frequency in the tile around, linear between the middles of tiles.
 * Source: Zuiderveld (1994); Keras ContrastLimitedAdaptiveHistogramEqualization. Throws `RANGE_INVALID`.
 */
export function localEqualization({
  limit = 4,
  tiles: [down, across] = [8, 8],
  values: [low, high] = [0, 1],
}: LocalEqualizationOptions = {}): Augmentation {
  if (![down, across].every((count) => Number.isSafeInteger(count) && count > 0) || !(limit >= 0))
    throw new PodError('RANGE_INVALID', `no image is equalized in ${down} x ${across} tiles with a limit of ${limit}`)
  return (picture) => {
    const { height, width } = picture
    const [tileHeight, tileWidth] = [Math.ceil(height / down), Math.ceil(width / across)]
    return eachChannel(picture, (plane) => {
      const levels = Array.from(plane, (value) =>
        kept(Math.trunc(Math.fround(((value - low) / (high - low)) * 255)), LEVELS),
      )
      // beyond the picture is its mirror, the edge twice
      const level = (y: number, x: number): number =>
        levels[(y < height ? y : 2 * height - 1 - y) * width + (x < width ? x : 2 * width - 1 - x)]
      const tables = Array.from({ length: down * across }, (_, tile) => {
        const [top, left] = [Math.floor(tile / across) * tileHeight, (tile % across) * tileWidth]
        const counts = new Float64Array(LEVELS)
        for (let y = 0; y < tileHeight; y++) for (let x = 0; x < tileWidth; x++) counts[level(top + y, left + x)]++
        return spreading(counts, tileHeight * tileWidth, limit)
      })
      const table = (row: number, column: number): Float64Array =>
        tables[kept(row, down) * across + kept(column, across)]
      return Float32Array.from(plane, (_, i) => {
        const [y, x] = [Math.floor(i / width) / tileHeight - 0.5, (i % width) / tileWidth - 0.5]
        const [row, column] = [Math.floor(y), Math.floor(x)]
        const [fy, fx] = [y - row, x - column]
        const at = (a: number, b: number): number => table(row + a, column + b)[levels[i]]
        const found = (1 - fy) * ((1 - fx) * at(0, 0) + fx * at(0, 1)) + fy * ((1 - fx) * at(1, 0) + fx * at(1, 1))
        return (found / 255) * (high - low) + low
      })
    })
  }
}

/** What each level becomes in a tile of `size` pixels: its place among all, from 0 to 255. */
function spreading(counts: Float64Array, size: number, limit: number): Float64Array {
  const most = limit > 0 ? (limit * size) / LEVELS : Number.POSITIVE_INFINITY
  const excess = counts.reduce((sum, count) => sum + Math.max(0, count - most), 0)
  let sum = 0
  const sums = counts.map((count) => {
    sum += Math.min(count, most) + excess / LEVELS
    return sum
  })
  const rest = size - sums[0]
  return sums.map((value) => Math.max(0, Math.min(255, ((value - sums[0]) * 255) / (rest === 0 ? 1 : rest))))
}
