/** A function of one number with its derivative, and the gradient of the whole there. */
export interface Along {
  readonly loss: number
  /** The derivative along the direction. */
  readonly slope: number
  readonly gradient: Float64Array
}

interface Point extends Along {
  readonly at: number
}

/** The minimum of the cubic through two points with their slopes, kept within bounds. */
function cubic(a: Point, b: Point, low = Math.min(a.at, b.at), high = Math.max(a.at, b.at)): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.at - b.at)
  const square = d1 * d1 - a.slope * b.slope
  if (!(square >= 0)) return (low + high) / 2
  const d2 = Math.sqrt(square)
  const best =
    a.at <= b.at
      ? b.at - (b.at - a.at) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.at - (a.at - b.at) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2))
  return Math.min(Math.max(best, low), high)
}

const DECREASE = 1e-4
const CURVATURE = 0.9

/**
 * Returns a step along a direction of descent that fulfils the strong Wolfe conditions, or the best found in `most` evaluations:
 * first a bracket around such a step, then cubics within it. `length` is the largest element of the direction.
 * Source: Nocedal, Wright (2006), algorithms 3.5 and 3.6; torch.optim.lbfgs._strong_wolfe 2.15.
 */
export async function strongWolfe(
  evaluate: (at: number) => Promise<Along>,
  start: Along,
  first: number,
  { length, most, tolerance }: { readonly length: number; readonly most: number; readonly tolerance: number },
): Promise<{ readonly point: Point; readonly evaluations: number }> {
  const origin: Point = { ...start, at: 0 }
  const look = async (at: number): Promise<Point> => ({ ...(await evaluate(at)), at })
  const rises = ({ loss, at }: Point): boolean => loss > origin.loss + DECREASE * at * origin.slope
  const flat = ({ slope }: Point): boolean => Math.abs(slope) <= -CURVATURE * origin.slope
  let [before, now] = [origin, await look(first)]
  let [evaluations, turns] = [1, 0]
  let bracket: [Point, Point] | undefined
  while (turns < most) {
    if (rises(now) || (turns > 1 && now.loss >= before.loss)) bracket = [before, now]
    else if (flat(now)) return { point: now, evaluations }
    else if (now.slope >= 0) bracket = [before, now]
    if (bracket) break
    const next = cubic(before, now, now.at + 0.01 * (now.at - before.at), now.at * 10)
    before = now
    now = await look(next)
    evaluations++
    turns++
  }
  bracket ??= [origin, now]
  const lower = ([a, b]: [Point, Point]): 0 | 1 => (a.loss <= b.loss ? 0 : 1)
  let low = lower(bracket)
  let stalled = false
  while (turns < most && Math.abs(bracket[1].at - bracket[0].at) * length >= tolerance) {
    const [left, right] = [Math.min(bracket[0].at, bracket[1].at), Math.max(bracket[0].at, bracket[1].at)]
    let at = cubic(bracket[0], bracket[1])
    // near an end of the bracket twice, or at it: a tenth of the bracket inwards
    const margin = 0.1 * (right - left)
    if (Math.min(right - at, at - left) < margin) {
      const moves: boolean = stalled || at >= right || at <= left
      if (moves) at = Math.abs(at - right) < Math.abs(at - left) ? right - margin : left + margin
      stalled = !moves
    } else stalled = false
    const point = await look(at)
    evaluations++
    turns++
    const high = low === 0 ? 1 : 0
    if (rises(point) || point.loss >= bracket[low].loss) {
      bracket[high] = point
      low = lower(bracket)
      continue
    }
    const done = flat(point)
    // the old low end is the high one when the minimum lies between the two
    if (!done && point.slope * (bracket[high].at - bracket[low].at) >= 0) bracket[high] = bracket[low]
    bracket[low] = point
    if (done) break
  }
  return { point: bracket[low], evaluations }
}
