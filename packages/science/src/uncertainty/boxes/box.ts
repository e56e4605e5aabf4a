import { PodError } from '@mlpod/contract'

/** Boxes as [n, 4] row-major: x_min, y_min, x_max, y_max. */
export type Boxes = ArrayLike<number>

/** How areas are measured. */
export interface PixelOption {
  /** Corners name pixels that belong to the box, so that it is x_max - x_min + 1 wide; false by default: corners are points. */
  readonly pixels?: boolean
}

/** Returns how many boxes there are. Throws `LENGTH_MISMATCH`, and `BOX_INVALID` for one whose x_max < x_min or y_max < y_min, or that is no numbers. */
export function checkedBoxes(boxes: Boxes, what: string): number {
  if (boxes.length % 4 !== 0)
    throw new PodError('LENGTH_MISMATCH', `${boxes.length} numbers of ${what} do not fall into boxes of 4`)
  const n = boxes.length / 4
  for (let i = 0; i < n; i++) {
    const [x, y, u, v] = [boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]]
    if (!(u >= x && v >= y && Number.isFinite(x + y + u + v)))
      throw new PodError('BOX_INVALID', `box ${i} of ${what} is (${x}, ${y}, ${u}, ${v})`, {
        hint: 'boxes are x_min, y_min, x_max, y_max with x_max >= x_min and y_max >= y_min',
      })
  }
  return n
}

/** Returns the area of each box; 0 for one that holds nothing. */
export function boxAreas(boxes: Boxes, { pixels = false }: PixelOption = {}): Float64Array {
  const more = pixels ? 1 : 0
  return Float64Array.from(
    { length: boxes.length / 4 },
    (_, i) =>
      Math.max(0, boxes[4 * i + 2] - boxes[4 * i] + more) * Math.max(0, boxes[4 * i + 3] - boxes[4 * i + 1] + more),
  )
}

/**
 * Returns the area that two boxes share over the area of both, for each of n and m boxes: [n, m]; 0 where both are flat.
 * Throws `BOX_INVALID`, `LENGTH_MISMATCH`.
 */
export function boxIou(a: Boxes, b: Boxes, option: PixelOption = {}): Float64Array {
  const [n, m] = [checkedBoxes(a, 'the first boxes'), checkedBoxes(b, 'the second boxes')]
  const [areas, others] = [boxAreas(a, option), boxAreas(b, option)]
  const more = option.pixels ? 1 : 0
  const out = new Float64Array(n * m)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      const width = Math.min(a[4 * i + 2], b[4 * j + 2]) - Math.max(a[4 * i], b[4 * j]) + more
      const height = Math.min(a[4 * i + 3], b[4 * j + 3]) - Math.max(a[4 * i + 1], b[4 * j + 1]) + more
      const both = Math.max(0, width) * Math.max(0, height)
      const all = areas[i] + others[j] - both
      out[i * m + j] = all > 0 ? both / all : 0
    }
  return out
}

/** Returns for each row whether the outer box holds the inner one: 1 or 0. Boxes that hold nothing are held by all. */
export function boxesHold(outer: Boxes, inner: Boxes): Uint8Array {
  if (outer.length !== inner.length)
    throw new PodError('LENGTH_MISMATCH', `${outer.length / 4} boxes do not match ${inner.length / 4}`)
  return Uint8Array.from({ length: outer.length / 4 }, (_, i) => {
    const [x, y, u, v] = [0, 1, 2, 3].map((j) => inner[4 * i + j])
    if (u < x || v < y) return 1
    return Number(outer[4 * i] <= x && outer[4 * i + 1] <= y && outer[4 * i + 2] >= u && outer[4 * i + 3] >= v)
  })
}

/** Returns the share of rows whose outer box holds the true one, the mean area, and the mean stretch: the root of area over the predicted box's. */
export function boxMetrics(
  outer: Boxes,
  { truth, predicted }: { readonly truth: Boxes; readonly predicted?: Boxes },
  option: PixelOption = {},
): { readonly coverage: number; readonly area: number; readonly stretch: number | null } {
  const held = boxesHold(outer, truth)
  const areas = boxAreas(outer, option)
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length
  const from = predicted && boxAreas(predicted, option)
  return {
    coverage: mean(held),
    area: mean(areas),
    stretch: from === undefined ? null : mean(areas.map((area, i) => Math.sqrt(area / from[i]))),
  }
}
