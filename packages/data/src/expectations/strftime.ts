/** The directives of a format of times that both Python and the engine read. */
const KNOWN = new Set([...'aAwdbBmyYHIpMSfzZjUWcxXGuV%'])

/** Returns what is wrong with a format of times, if anything. */
export function refuseFormat(format: string): string | undefined {
  for (const [directive, letter] of format.matchAll(/%(-?.|$)/gs))
    if (!KNOWN.has(letter.replace('-', ''))) return `the format ${format} has "${directive}", which is no directive`
  return /%[^%]/.test(format) ? undefined : `the format ${format} has no directive`
}
