import { widthOf } from './text.ts'

/** A region at the end of a terminal that is redrawn in place. */
export interface LiveRegion {
  /** Prints lines that stay, above the region. */
  print(lines: readonly string[]): void
  /** Draws the region anew, at most ten times a second. */
  update(draw: () => readonly string[]): void
  /** Removes the region and shows the cursor again. */
  close(): void
}

const control = '\u001b['

/** Returns a live region on a terminal; the cursor comes back on every exit path. */
export function liveRegion(stream: NodeJS.WriteStream): LiveRegion {
  let height = 0
  let last = 0
  let pending: (() => readonly string[]) | undefined
  const restore = (): void => void stream.write(`${control}?25h`)
  stream.write(`${control}?25l`)
  process.once('exit', restore)

  const clear = (): string => (height > 0 ? `\r${control}${height}A${control}J` : '')
  const fit = (line: string): string =>
    widthOf(line) < (stream.columns || 80) ? line : line.slice(0, (stream.columns || 80) - 1)
  const paint = (): void => {
    if (!pending) return
    const lines = pending().map(fit)
    stream.write(`${clear()}${lines.map((line) => `${line}\n`).join('')}`)
    height = lines.length
    last = performance.now()
  }
  const timer = setInterval(() => {
    if (performance.now() - last >= 100) paint()
  }, 100)
  timer.unref()
  return {
    print(lines) {
      stream.write(`${clear()}${lines.map((line) => `${line}\n`).join('')}`)
      height = 0
      paint()
    },
    update(draw) {
      pending = draw
      if (performance.now() - last >= 100) paint()
    },
    close() {
      clearInterval(timer)
      stream.write(clear())
      height = 0
      pending = undefined
      restore()
      process.removeListener('exit', restore)
    },
  }
}
