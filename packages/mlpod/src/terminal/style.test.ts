import { expect, test } from 'vitest'
import { type ColourMode, styleOf } from './style.ts'

const stream = (isTTY: boolean): NodeJS.WriteStream => ({ isTTY }) as NodeJS.WriteStream
const coloured = (env: NodeJS.ProcessEnv, { tty = true, mode = 'auto' as ColourMode } = {}): boolean =>
  styleOf(stream(tty), mode, env).kept('x') !== 'x'

test('colour follows the terminal, NO_COLOR, FORCE_COLOR, TERM=dumb, and above all --color', () => {
  expect(coloured({ TERM: 'xterm' })).toBe(true)
  expect(coloured({ TERM: 'xterm' }, { tty: false })).toBe(false)
  expect(coloured({ TERM: 'dumb' })).toBe(false)
  expect(coloured({ NO_COLOR: '1' })).toBe(false)
  expect(coloured({ NO_COLOR: '' })).toBe(true)
  for (const on of ['1', '2', '3', 'true', '']) expect(coloured({ FORCE_COLOR: on }, { tty: false }), on).toBe(true)
  expect(coloured({ FORCE_COLOR: '0' })).toBe(false)
  expect(coloured({ NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false)
  expect(coloured({ NO_COLOR: '1', TERM: 'dumb' }, { tty: false, mode: 'always' })).toBe(true)
  expect(coloured({ FORCE_COLOR: '1' }, { mode: 'never' })).toBe(false)
})

test('glyphs are drawn where the locale speaks UTF-8, and are ASCII elsewhere; every state keeps its own', () => {
  const glyphs = (env: NodeJS.ProcessEnv): string => Object.values(styleOf(stream(true), 'never', env).glyph).join('')
  expect(glyphs({ LANG: 'de_DE.UTF-8' })).toContain('✓')
  expect(glyphs({ LANG: 'de_DE.utf8' })).toContain('✓')
  for (const env of [{}, { LANG: 'C' }, { LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, { LANG: 'de_DE.ISO-8859-1' }])
    expect(glyphs(env), JSON.stringify(env)).toMatch(/^[\x20-\x7e]+$/)
  const { kept, broken, undecided } = styleOf(stream(true), 'never', {}).glyph
  expect(new Set([kept, broken, undecided]).size).toBe(3)
})
