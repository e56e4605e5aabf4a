import type { Picture } from './picture.ts'

/** What lies outside of an image: a value, its mirror (dcba|abcd|dcba), its edge, or its other end. */
export type Fill = 'constant' | 'reflect' | 'nearest' | 'wrap'

/** How places between pixels are read, and places outside. */
export interface WarpOptions {
  /** Default `linear`. */
  readonly mode?: 'linear' | 'nearest'
  /** Default `reflect`. */
  readonly fill?: Fill
  /** With `constant`. Default 0. */
  readonly value?: number
}

const remainder = (i: number, n: number): number => ((i % n) + n) % n

/** The index that stands for one outside; below 0 for none. */
const INSIDE: Readonly<Record<Fill, (i: number, n: number) => number>> = {
  constant: (i, n) => (i >= 0 && i < n ? i : -1),
  nearest: (i, n) => Math.max(0, Math.min(n - 1, i)),
  wrap: remainder,
  reflect: (i, n) => {
    const place = remainder(i, 2 * n)
    return place < n ? place : 2 * n - 1 - place
  },
}

/**
 * Returns a picture whose pixel (x, y) is that of `picture` at `from(x, y)`, in pixels. Source: Keras' affine_transform and
 * map_coordinates.
 */
export function warped(
  picture: Picture,
  from: (x: number, y: number) => readonly [x: number, y: number],
  { mode = 'linear', fill = 'reflect', value = 0 }: WarpOptions = {},
): Picture {
  const { channels, height, width, data } = picture
  const found = new Float32Array(data.length)
  const inside = INSIDE[fill]
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [px, py] = from(x, y)
      const [left, top] = mode === 'nearest' ? [Math.round(px), Math.round(py)] : [Math.floor(px), Math.floor(py)]
      const [fx, fy] = mode === 'nearest' ? [0, 0] : [px - left, py - top]
      for (let corner = 0; corner < 4; corner++) {
        const [dx, dy] = [corner & 1, corner >> 1]
        const weight = (dx ? fx : 1 - fx) * (dy ? fy : 1 - fy)
        if (weight === 0) continue
        const [ix, iy] = [inside(left + dx, width), inside(top + dy, height)]
        const outside = ix < 0 || iy < 0
        for (let c = 0; c < channels; c++)
          found[(c * height + y) * width + x] += weight * (outside ? value : data[(c * height + iy) * width + ix])
      }
    }
  return { ...picture, data: found }
}

/** Six numbers: x' = a x + b y + c, y' = d x + e y + f. */
export type Affine = readonly [number, number, number, number, number, number]

/** Returns the picture moved by an affine map around its middle. */
export function affine(picture: Picture, [a, b, c, d, e, f]: Affine, options: WarpOptions = {}): Picture {
  const [cx, cy] = [(picture.width - 1) / 2, (picture.height - 1) / 2]
  return warped(
    picture,
    (x, y) => [a * (x - cx) + b * (y - cy) + c + cx, d * (x - cx) + e * (y - cy) + f + cy],
    options,
  )
}

/** Returns the map that takes four points to four others, by lines to lines. Source: Heckbert (1989). */
export function perspective(
  from: readonly (readonly [number, number])[],
  to: readonly (readonly [number, number])[],
): (x: number, y: number) => readonly [number, number] {
  // eight equations: u (g x + h y + 1) = a x + b y + c, and so for v
  const rows = from.flatMap(([x, y], i) => {
    const [u, v] = to[i]
    return [
      [x, y, 1, 0, 0, 0, -u * x, -u * y, u],
      [0, 0, 0, x, y, 1, -v * x, -v * y, v],
    ]
  })
  const [a, b, c, d, e, f, g, h] = eliminated(rows)
  return (x, y) => {
    const w = g * x + h * y + 1
    return [(a * x + b * y + c) / w, (d * x + e * y + f) / w]
  }
}

/** The solution of linear equations, the right side in the last column (Gauss, with pivots). */
function eliminated(rows: number[][]): number[] {
  const n = rows.length
  for (let i = 0; i < n; i++) {
    let best = i
    for (let k = i + 1; k < n; k++) if (Math.abs(rows[k][i]) > Math.abs(rows[best][i])) best = k
    ;[rows[i], rows[best]] = [rows[best], rows[i]]
    for (let k = 0; k < n; k++) {
      const share = k === i ? 0 : rows[k][i] / rows[i][i]
      for (let j = i; j <= n; j++) rows[k][j] -= share * rows[i][j]
    }
  }
  return rows.map((row, i) => row[n] / row[i])
}
