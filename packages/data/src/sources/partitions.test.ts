import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { closeEngine } from '../engine.ts'
import { openTable } from './openTable.ts'
import { partitionsOf, partitionsWanted } from './partitions.ts'

const folder = mkdtempSync(join(tmpdir(), 'mlpod-partitions-'))
afterAll(async () => {
  await closeEngine()
  rmSync(folder, { recursive: true })
})

test('the folders key=value of a path are its partition', () => {
  expect([...partitionsOf('a=b/c/day=2024-01-31/name=x%20y=z/k=v.csv')]).toEqual([
    ['a', 'b'],
    ['day', '2024-01-31'],
    ['name', 'x y=z'],
  ])
  expect([...partitionsOf('=a/b=%zz/x')]).toEqual([['b', '%zz']])
})

test('only wanted partitions are left, and a key or a value that is nowhere is told', () => {
  const paths = ['a=1/b=1/x', 'a=1/b=2/x', 'a=2/b=1/x', 'x']
  const wanted = (partitions: object) => partitionsWanted(paths, (path) => path, partitions as never, 'orders')
  expect(wanted({})).toEqual(paths)
  expect(wanted({ a: 1, b: ['1', 3] })).toEqual(['a=1/b=1/x'])
  expect(() => wanted({ c: 1 })).toThrow(expect.objectContaining({ code: 'PARTITION_UNKNOWN' }))
  expect(() => wanted({ a: 3 })).toThrow(expect.objectContaining({ code: 'PARTITION_MISSING', hint: 'it has , 1, 2' }))
  expect(() => wanted({ a: 2, b: 2 })).toThrow(expect.objectContaining({ code: 'PARTITION_MISSING' }))
})

test('CSV and JSON in many files are one table, by a pattern or a folder; a format of one file says so', async () => {
  for (const [i, country] of ['be', 'fr'].entries()) {
    const at = join(folder, 'parts', `country=${country}`)
    mkdirSync(at, { recursive: true })
    writeFileSync(join(at, 'x.csv'), i === 0 ? 'id,name\n1,a\n' : 'name,id,more\nb,2,x\n')
    writeFileSync(join(at, 'x.jsonl'), `{"id": ${i}}\n`)
    writeFileSync(join(at, 'x.arrow'), 'no table')
  }
  const at = (pattern: string): string => join(folder, 'parts', pattern)
  const rows = [
    { id: 1, name: 'a', more: null, country: 'be' },
    { id: 2, name: 'b', more: 'x', country: 'fr' },
  ]
  expect(await (await openTable(at('*/*.csv'))).orderBy('id').rows()).toEqual(rows)
  expect(await (await openTable(at(''), { format: 'csv' })).orderBy('id').rows()).toEqual(rows)
  const one = await openTable(at('**/*.csv'), { partitions: { country: 'fr' } })
  expect(await one.rows()).toEqual([{ name: 'b', id: 2, more: 'x', country: 'fr' }])
  expect(await (await openTable(at('*/*.jsonl'))).count()).toBe(2)
  await expect(openTable(at('*/*.arrow'))).rejects.toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  await expect(openTable(at('*/*.tsv'))).rejects.toThrow(expect.objectContaining({ code: 'FILE_MISSING' }))
})
