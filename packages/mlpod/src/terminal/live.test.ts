import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { liveRegion } from './live.ts'

const ESC = '\\u001b'
const TOKEN = new RegExp(`${ESC}\\[\\??\\d*[A-Za-z]|\\r|\\n|[^${ESC}\\r\\n]+`, 'g')
const CODE = new RegExp(`^${ESC}\\[(\\??\\d*)([A-Za-z])$`)

/** A terminal that understands what a live region sends, and nothing else. */
function screen({ columns = 80, rows = 24 } = {}) {
  const lines: string[] = ['']
  let [row, written, hidden] = [0, 0, false]
  const stream = {
    columns,
    rows,
    write(text: string) {
      written += text.length
      for (const [token] of text.matchAll(TOKEN)) {
        const code = CODE.exec(token)
        if (token === '\r') continue
        if (token === '\n') {
          row++
          lines[row] ??= ''
        } else if (code === null) lines[row] += token
        else if (code[2] === 'A') row -= Number(code[1])
        else if (code[2] === 'J') lines.splice(row, Number.POSITIVE_INFINITY, '')
        else if (code[2] === 'K') lines[row] = ''
        else if (code[1] === '?25') hidden = code[2] === 'l'
        else throw new Error(`unknown code ${JSON.stringify(token)}`)
        if (row < 0) throw new Error('above the top')
      }
      return true
    },
  } as unknown as NodeJS.WriteStream
  return {
    stream,
    lines: () => lines.slice(0, -1),
    hidden: () => hidden,
    take: () => {
      const before = written
      written = 0
      return before
    },
  }
}

const wait = (ms = 150): void => void vi.advanceTimersByTime(ms)

test('what is printed stays above, the region is drawn below, and closing leaves only what was printed', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ print: fc.array(fc.stringMatching(/^[a-z ]{1,60}$/), { maxLength: 3 }) }),
          fc.record({ region: fc.array(fc.stringMatching(/^[a-z ]{1,60}$/), { maxLength: 6 }) }),
        ),
        { maxLength: 20 },
      ),
      (steps) => {
        const { stream, lines, hidden } = screen()
        const region = liveRegion(stream, { delayMs: 0 })
        expect(hidden()).toBe(true)
        const printed: string[] = []
        let drawn: readonly string[] = []
        for (const step of steps) {
          if ('print' in step) {
            region.print(step.print)
            printed.push(...step.print)
          } else {
            drawn = step.region
            region.update(() => drawn)
            wait()
          }
          expect(lines()).toEqual([...printed, ...drawn])
        }
        region.close()
        expect(lines()).toEqual(printed)
        expect(hidden()).toBe(false)
      },
    ),
    { seed: 3, numRuns: 200 },
  )
  vi.useRealTimers()
})

test('only lines that have changed are written again, and work that is soon done draws nothing', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  const { stream, lines, take } = screen()
  const region = liveRegion(stream)
  let seconds = 0
  region.update(() => ['a'.repeat(70), 'b'.repeat(70), `0:0${seconds}`])
  wait(200)
  expect(lines()).toEqual([])
  wait(300)
  expect(lines()).toHaveLength(3)
  take()
  seconds = 1
  wait(120)
  expect(lines()[2]).toBe('0:01')
  expect(take()).toBeLessThan(30)
  region.close()
  vi.useRealTimers()
})

test('no line is wider and the region is no higher than the terminal; the last line stays', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  const { stream, lines } = screen({ columns: 20, rows: 5 })
  const region = liveRegion(stream, { delayMs: 0 })
  region.update(() => [...Array.from({ length: 10 }, (_, i) => `node ${i} ${'x'.repeat(40)}`), 'tally'])
  wait()
  expect(lines()).toHaveLength(4)
  expect(lines().every((line) => line.length < 20)).toBe(true)
  expect(lines().at(-1)).toBe('tally')
  region.close()
  vi.useRealTimers()
})
