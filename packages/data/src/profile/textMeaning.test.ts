import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closeEngine, float, profile, relationOf, rowSchema, string } from '../index.ts'
import { imageHeader } from './imageHeader.ts'

afterAll(closeEngine)

/** Bytes of hexadecimal digits, or of texts between bars. */
const bytes = (...parts: (string | Uint8Array)[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'hex')] : [...part])))
const text = (t: string) => new TextEncoder().encode(t)
const png = bytes('89', text('PNG\r\n'), '1a0a0000000d', text('IHDR'), '00000280000001e0')
const headers: readonly [string, Uint8Array, object][] = [
  ['png', png, { format: 'png', width: 640, height: 480 }],
  [
    'jpeg',
    bytes('ffd8ffe00010', new Uint8Array(14), 'ffc0001108', '01e0', '0280', new Uint8Array(8)),
    { format: 'jpeg', width: 640, height: 480 },
  ],
  ['gif', bytes(text('GIF89a'), '8002e001', '00'), { format: 'gif', width: 640, height: 480 }],
  [
    'bmp',
    bytes(text('BM'), new Uint8Array(12), '28000000', '80020000', '20feffff'),
    { format: 'bmp', width: 640, height: 480 },
  ],
  [
    'webp',
    bytes(text('RIFF'), '00000000', text('WEBPVP8X'), new Uint8Array(8), '7f0200', 'df0100'),
    { format: 'webp', width: 640, height: 480 },
  ],
]

test('the size of an image stands in its first bytes', () => {
  for (const [name, header, expected] of headers) {
    expect(imageHeader(header), name).toEqual(expected)
    expect(imageHeader(header.subarray(0, 8)), `${name}, cut off`).toBeUndefined()
  }
  expect(imageHeader(text('no image at all, but some text'))).toBeUndefined()
})

test('texts that are links, paths or yes and no are told apart and taken apart', async () => {
  const rows = {
    link: ['https://a.org/x?q=1#f', 'http://b.org/y', 'https://a.org/x?q=1#f', null],
    path: ['/d/one.csv', '/d/e/two.csv', '/d/one.csv', '/d/x'],
    said: ['yes', 'No', 'y', 'n'],
    other: ['https://a.org', 'x', '/d', 'yes'],
  }
  const nullable = string({ nullable: true })
  const data = await relationOf(rows as never, {
    schema: rowSchema({ link: nullable, path: string(), said: string(), other: string() }),
  })
  const { columns } = await profile(data)
  const [link, path, said, other] = columns.map(({ text }) => text?.content?.meaning)
  expect(link).toMatchObject({
    kind: 'link',
    schemes: [
      { value: 'https', count: 2 },
      { value: 'http', count: 1 },
    ],
    hosts: [
      { value: 'a.org', count: 2 },
      { value: 'b.org', count: 1 },
    ],
    queries: [
      { value: 'q=1', count: 2 },
      { value: '', count: 1 },
    ],
  })
  expect(path).toMatchObject({ kind: 'path', common: '/d', suffixes: [{ value: '.csv', count: 3 }, { value: '' }] })
  expect(said).toEqual({ kind: 'truth', yes: 2, no: 2 })
  expect(other).toBeUndefined()
})

test('files behind paths are looked at where that is asked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'files-'))
  try {
    await writeFile(join(folder, 'a.png'), png)
    await writeFile(join(folder, 'b.txt'), 'text')
    const paths = ['a.png', 'b.txt', 'c.txt'].map((name) => join(folder, name))
    const data = await relationOf({ path: paths } as never, { schema: rowSchema({ path: string() }) })
    const of = async (options: object) => (await profile(data, options)).columns[0].text?.content?.meaning
    expect(await of({})).not.toHaveProperty('files')
    expect(await of({ files: true })).toMatchObject({
      files: {
        examined: 3,
        absent: 1,
        size: { min: 4, max: png.length },
        images: { count: 1, formats: [{ value: 'png', count: 1 }], width: { mean: 640 }, height: { max: 480 } },
      },
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the memory of a column is that of its values, offsets and marks of what is missing', async () => {
  const data = await relationOf({ x: [1, null, 3], t: ['ab', 'é', null] } as never, {
    schema: rowSchema({ x: float({ nullable: true }), t: string({ nullable: true }) }),
  })
  const { columns, table } = await profile(data, { minimal: true })
  expect(columns.map(({ memoryBytes }) => memoryBytes)).toEqual([25, 1 + 4 + 16])
  expect(table.memoryBytes).toBe(46)
})
