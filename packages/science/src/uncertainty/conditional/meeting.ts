/** Where the sum of losses begins to rise: the row met there, how far it is, and the rows met before. */
interface Meeting {
  readonly entering: number
  readonly step: number
  readonly passed: Int32Array
}

const NONE = new Int32Array(0)

/** Returns the function that finds the meeting on the edge of slopes `sign` times those given, on which the sum falls by `fall` a step. */
export function meetingOf(
  residuals: Float64Array,
  slopes: Float64Array,
  upper: Uint8Array,
): (sign: number, fall: number, first: boolean) => Meeting {
  const n = slopes.length
  const far = new Float64Array(n)
  const met = new Int32Array(n)
  return (sign, fall, first) => {
    let steepest = 0
    for (let i = 0; i < n; i++) steepest = Math.max(steepest, Math.abs(slopes[i]))
    // slopes of rounding alone are none
    const least = 1e-11 * steepest
    let [size, entering, step] = [0, -1, Number.POSITIVE_INFINITY]
    for (let i = 0; i < n; i++) {
      const slope = sign * slopes[i]
      if (upper[i] === 1 ? slope <= least : slope >= -least) continue
      const distance = residuals[i] / slope
      far[i] = Math.max(0, distance)
      met[size++] = i
      if (far[i] < step) {
        entering = i
        step = far[i]
      }
    }
    if (entering < 0 || first || Math.abs(slopes[entering]) >= fall) return { entering, step, passed: NONE }
    const place = reach(met.subarray(0, size), far, slopes, fall)
    if (place < 0) return { entering: -1, step, passed: NONE }
    return { entering: met[place], step: far[met[place]], passed: met.slice(0, place) }
  }
}

/**
 * Orders rows so that those before the place returned are no farther, and their slopes sum to less than `fall`, with its own to `fall` or more;
 * -1 where all are not enough. Source: Hoare 1961, with weights.
 */
function reach(rows: Int32Array, far: Float64Array, slopes: Float64Array, fall: number): number {
  let [low, high, left] = [0, rows.length - 1, fall]
  const swap = (a: number, b: number): void => {
    const held = rows[a]
    rows[a] = rows[b]
    rows[b] = held
  }
  while (low <= high) {
    const pivot = far[rows[(low + high) >>> 1]]
    let [less, at, more, before] = [low, low, high, 0]
    while (at <= more) {
      const distance = far[rows[at]]
      if (distance < pivot) {
        before += Math.abs(slopes[rows[at]])
        swap(less++, at++)
      } else if (distance > pivot) swap(at, more--)
      else at++
    }
    if (before >= left) {
      high = less - 1
      continue
    }
    left -= before
    for (let p = less; p <= more; p++) {
      left -= Math.abs(slopes[rows[p]])
      if (left <= 0) return p
    }
    low = more + 1
  }
  return -1
}
