import { cutTo } from './text.ts'

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
const HIDE = `${control}?25l`
const SHOW = `${control}?25h`
const PERIOD_MS = 100

/**
 * Returns a live region on a terminal. Only lines that have changed are written again, no line is wider and the region is no
 * higher than the terminal, nothing is drawn in the first 300 ms, and the cursor comes back on every exit path.
 */
export function liveRegion(stream: NodeJS.WriteStream, { delayMs = 300 } = {}): LiveRegion {
  let drawn: readonly string[] = []
  let due = performance.now() + delayMs
  let draw: (() => readonly string[]) | undefined
  const restore = (): void => void stream.write(SHOW)
  stream.write(HIDE)
  process.once('exit', restore)

  const up = (): string => (drawn.length > 0 ? `\r${control}${drawn.length}A` : '\r')
  const fitting = (lines: readonly string[]): readonly string[] => {
    const [width, height] = [(stream.columns || 80) - 1, Math.max(2, (stream.rows || 24) - 1)]
    const shown = lines.length <= height ? lines : [...lines.slice(0, height - 1), lines[lines.length - 1]]
    return shown.map((line) => cutTo(line, width, ''))
  }
  const paint = (): void => {
    if (!draw) return
    const lines = fitting(draw())
    const text = lines.map((line, i) => (line === drawn[i] ? '\n' : `${control}2K${line}\n`)).join('')
    stream.write(`${up()}${text}${lines.length < drawn.length ? `${control}J` : ''}`)
    drawn = lines
    due = performance.now() + PERIOD_MS
  }
  const timer = setInterval(() => {
    if (performance.now() >= due) paint()
  }, PERIOD_MS)
  timer.unref()
  return {
    print(lines) {
      stream.write(`${up()}${control}J${lines.map((line) => `${line}\n`).join('')}`)
      const shown = drawn.length > 0
      drawn = []
      if (shown) paint()
    },
    update(next) {
      draw = next
      if (performance.now() >= due) paint()
    },
    close() {
      clearInterval(timer)
      stream.write(`${up()}${control}J`)
      drawn = []
      draw = undefined
      restore()
      process.removeListener('exit', restore)
    },
  }
}
