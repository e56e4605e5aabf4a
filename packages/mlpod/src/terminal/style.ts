import { styleText } from 'node:util'

/** When to colour: by the stream and the environment (NO_COLOR, FORCE_COLOR, TERM), or as told. */
export type ColourMode = 'auto' | 'always' | 'never'

type Paint = (text: string) => string

/** How text looks on one stream. Colour is never the only mark: each state has a glyph too. */
export interface Style {
  readonly bold: Paint
  readonly dim: Paint
  readonly kept: Paint
  readonly broken: Paint
  readonly undecided: Paint
  readonly running: Paint
  readonly cached: Paint
  readonly glyph: Readonly<Record<'kept' | 'broken' | 'undecided' | 'running' | 'cached' | 'done' | 'skipped', string>>
}

const unicode = { kept: '✓', broken: '✗', undecided: '?', running: '▸', cached: '=', done: '✓', skipped: '-' } as const
const ascii = { kept: '+', broken: 'x', undecided: '?', running: '>', cached: '=', done: '+', skipped: '-' } as const

const speaksUtf8 = (env: NodeJS.ProcessEnv): boolean =>
  process.platform === 'win32'
    ? env.WT_SESSION !== undefined
    : /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '')

/** Returns whether a stream is coloured: NO_COLOR (any text) and TERM=dumb say no, FORCE_COLOR says yes, else a terminal is. */
function coloured(stream: NodeJS.WriteStream, mode: ColourMode, env: NodeJS.ProcessEnv): boolean {
  if (mode !== 'auto') return mode === 'always'
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return stream.isTTY === true && env.TERM !== 'dumb'
}

/** Returns the style of a stream. */
export function styleOf(stream: NodeJS.WriteStream, mode: ColourMode, env: NodeJS.ProcessEnv = process.env): Style {
  const on = coloured(stream, mode, env)
  const paint =
    (format: Parameters<typeof styleText>[0]): Paint =>
    (text) =>
      on ? styleText(format, text, { validateStream: false }) : text
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    kept: paint('green'),
    broken: paint('red'),
    undecided: paint('yellow'),
    running: paint('blue'),
    cached: paint('magenta'),
    glyph: speaksUtf8(env) ? unicode : ascii,
  }
}
