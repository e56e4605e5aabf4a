import { readFileSync } from 'node:fs'

/** Returns a column of doubles that `make.py` wrote as NAME.f64 in the folder that this script was given. */
export const readColumn = (name: string): Float64Array =>
  new Float64Array(readFileSync(`${process.argv[2]}/${name}.f64`).buffer)

/** Seconds that some work takes. */
export function secondsOf(work: () => unknown): number {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
}
