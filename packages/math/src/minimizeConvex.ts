/** A smooth convex function near a point: its value, its slope, and the product of its second derivative with a vector. */
export interface ConvexAt {
  readonly value: number
  readonly gradient: Float64Array
  hessianProduct(direction: Float64Array): Float64Array
}

/** Where a convex function is least. */
export interface ConvexMinimum {
  readonly place: Float64Array
  readonly value: number
  readonly iterations: number
  /** Whether the largest slope fell below the tolerance; false where there is no finite minimum. */
  readonly converged: boolean
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/**
 * Returns the minimum of a smooth convex function by Newton's method; the steps are solved by conjugate gradients, so that
 * no matrix of second derivatives is made, and halved until they go down. Near the minimum it converges quadratically.
 * Ends when the largest slope is at most `tolerance` (1e-10), after `maxIterations` (100) steps, or when no step goes down.
 * Source: Nocedal, Wright (2006), algorithm 7.1.
 */
export function minimizeConvex(
  start: Float64Array,
  at: (place: Float64Array) => ConvexAt,
  { tolerance = 1e-10, maxIterations = 100 }: { tolerance?: number; maxIterations?: number } = {},
): ConvexMinimum {
  let place = start
  let here = at(place)
  for (let iteration = 0; ; iteration++) {
    const slope = largestSlope(here)
    const ended = { place, value: here.value, iterations: iteration, converged: slope <= tolerance }
    if (slope <= tolerance || iteration === maxIterations) return ended
    const step = newtonStep(here)
    const descent = dot(step, here.gradient)
    // where the fall is lost in the rounding of the value, the slope tells whether a step is good
    const lost = -descent < 1e-12 * Math.max(1, Math.abs(here.value))
    let [share, reached, there] = [1, place, here]
    for (; ; share /= 2) {
      reached = place.map((x, i) => x + share * step[i])
      there = at(reached)
      if (lost ? largestSlope(there) < slope : there.value <= here.value + 1e-4 * share * descent) break
      // no step goes further down: this is as near as rounding allows
      if (share < 1e-12) return { ...ended, converged: slope <= 1e3 * tolerance }
    }
    place = reached
    here = there
  }
}

const largestSlope = ({ gradient }: ConvexAt): number => gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0)

/** Solves H step = -gradient by conjugate gradients, to a residual that shrinks with the slope. */
function newtonStep({ gradient, hessianProduct }: ConvexAt): Float64Array {
  const step = new Float64Array(gradient.length)
  const residual = gradient.map((g) => -g)
  let direction = Float64Array.from(residual)
  let square = dot(residual, residual)
  const enough = square * Math.min(0.01, Math.sqrt(square)) ** 2
  let steepest = 0
  for (let k = 0; k < 4 * gradient.length + 10 && square > enough; k++) {
    const product = hessianProduct(direction)
    const curvature = dot(direction, product)
    const length = dot(direction, direction)
    steepest = Math.max(steepest, curvature / length)
    // flat to rounding: a step along it would be of any length
    if (!(curvature > 1e-13 * steepest * length)) return k === 0 ? direction : step
    const share = square / curvature
    for (let i = 0; i < step.length; i++) {
      step[i] += share * direction[i]
      residual[i] -= share * product[i]
    }
    const next = dot(residual, residual)
    direction = residual.map((r, i) => r + (next / square) * direction[i])
    square = next
  }
  return step
}
