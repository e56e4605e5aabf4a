import { type Runs, walk } from '../runs.ts'
import { checkSizes } from './twoSample.ts'

/** Returns the integral of `of`(F - G) over the line, F and G the empirical distribution functions. */
function integral(a: Runs, b: Runs, of: (difference: number) => number): number {
  checkSizes(a, b, 'a distance')
  let [seenA, seenB, sum, last] = [0, 0, 0, Number.NaN]
  walk(a, b, (value, inA, inB) => {
    if (!Number.isNaN(last)) sum += of(seenA / a.n - seenB / b.n) * (value - last)
    seenA += inA
    seenB += inB
    last = value
  })
  return sum
}

/** Returns the earth mover's distance of two samples, in their own unit. Throws `SAMPLE_TOO_SMALL`. Source: Vallender (1974). */
export const wasserstein = (a: Runs, b: Runs): number => integral(a, b, Math.abs)

/** Returns the energy distance of two samples, the root of an own unit. Throws `SAMPLE_TOO_SMALL`. Source: Szekely (2002); scipy's root. */
export const energyDistance = (a: Runs, b: Runs): number => Math.sqrt(2 * integral(a, b, (d) => d * d))
