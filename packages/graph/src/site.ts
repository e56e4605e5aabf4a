import type { Site } from './value.ts'

// Frames inside the rooms are not the user's line; tests beside the code are.
const ROOMS = new URL('../../', import.meta.url).pathname
const DEPTH = 24

let inherited: Site | undefined

/**
 * Returns the caller's place, captured in about a microsecond: V8 keeps the frames, and `at` prints them only when an
 * error asks. Inside `at(site, ...)` it is that site, so what a derivative makes is blamed on the operator differentiated.
 */
export function capture(): Site {
  if (inherited !== undefined) return inherited
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = DEPTH
  const trace: { stack?: string } = {}
  Error.captureStackTrace(trace, capture)
  Error.stackTraceLimit = limit
  return {
    get at() {
      return firstOutside(trace.stack)
    },
  }
}

/** Runs `make` with every operation it creates attributed to `site`. */
export function attributed<T>(site: Site, make: () => T): T {
  const outer = inherited
  inherited = site
  try {
    return make()
  } finally {
    inherited = outer
  }
}

function firstOutside(stack: string | undefined): string | undefined {
  for (const line of stack?.split('\n').slice(1) ?? []) {
    const place = /\(?((?:file:\/\/)?\/?[^()\s]*):(\d+):\d+\)?$/.exec(line.trim())
    if (place === null) continue
    const file = place[1].replace('file://', '')
    if (file.startsWith('node:') || file.includes('/node_modules/')) continue
    if (file.startsWith(ROOMS) && !file.includes('.test.')) continue
    return `${file}:${place[2]}`
  }
  return undefined
}
