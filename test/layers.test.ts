import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Which rooms a room may reach, directly; what those reach, it may reach too. `contract` is open to all. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  math: [],
  figure: [],
  store: [],
  graph: ['math'],
  data: ['math', 'store'],
  learn: ['graph', 'data'],
  science: ['learn', 'graph', 'data'],
  promise: ['math'],
  pipeline: ['store'],
  track: ['store'],
  serve: ['graph', 'data', 'promise', 'track'],
  mlpod: ['figure', 'science', 'promise', 'pipeline', 'track', 'serve', 'learn', 'graph', 'data', 'store', 'math'],
}

const packages = join(import.meta.dirname, '../packages')

const reach = (room: string): ReadonlySet<string> => {
  const reached = new Set(['contract', ...arrows[room]])
  for (const next of reached) for (const further of arrows[next]) reached.add(further)
  return reached
}

interface Import {
  readonly file: string
  readonly specifier: string
}

const importsOf = (room: string): readonly Import[] =>
  globSync('{src,bin}/**/*.{ts,js}', { cwd: join(packages, room) }).flatMap((file) =>
    [...readFileSync(join(packages, room, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
      ([, specifier]) => ({ file, specifier }),
    ),
  )

const rooms = Object.keys(arrows)

test('every room is on the map of arrows', () => {
  expect(
    globSync('*/package.json', { cwd: packages })
      .map((path) => path.split('/')[0])
      .sort(),
  ).toEqual([...rooms].sort())
})

test.each(rooms)('%s imports only the rooms that its arrows reach, and says so in its package.json', (room) => {
  const manifest = JSON.parse(readFileSync(join(packages, room, 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  const declared = Object.keys(manifest.dependencies ?? {})
  const imported = importsOf(room).filter(({ specifier }) => specifier.startsWith('@mlpod/'))
  for (const { file, specifier } of imported) {
    const target = specifier.split('/')[1]
    if (target === room) continue
    expect([...reach(room)], `${room}/${file} imports ${specifier}`).toContain(target)
    expect(declared, `${room}/${file} imports ${specifier}`).toContain(`@mlpod/${target}`)
  }
  for (const name of declared.filter((dependency) => dependency.startsWith('@mlpod/')))
    expect([...reach(room)], `package.json of ${room}`).toContain(name.split('/')[1])
})

test.each(rooms)('%s reaches into no other room', (room) => {
  for (const { file, specifier } of importsOf(room)) {
    if (!specifier.startsWith('.')) continue
    const target = join(packages, room, file, '..', specifier)
    expect(
      target.startsWith(join(packages, room)) || target.startsWith(join(packages, '../conformance')),
      `${room}/${file} imports ${specifier}`,
    ).toBe(true)
  }
})
