import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import {
  closeEngine,
  foreignKey,
  functionalDependency,
  int,
  nearDuplicates,
  relationOf,
  rowSchema,
  sharedRows,
  string,
} from '../index.ts'

afterAll(closeEngine)
const refuses = (code: string) => expect.objectContaining({ code })
const schema = rowSchema({
  id: int({ nullable: true }),
  place: string({ nullable: true }),
  town: string({ nullable: true }),
})
const rows = [
  { id: 1, place: 'a', town: 'x' },
  { id: 2, place: 'a', town: 'x' },
  { id: 3, place: 'a', town: 'y' },
  { id: null, place: 'b', town: null },
  { id: 3, place: 'b', town: null },
  { id: 9, place: null, town: 'z' },
]

test('keys that the other table does not have are counted; missing ones refer to nothing', async () => {
  const data = await relationOf(rows, { schema })
  const keys = await relationOf([{ key: 1 }, { key: 2 }, { key: 2 }], { schema: rowSchema({ key: int() }) })
  expect(await foreignKey(data, ['id'], keys, { of: ['key'] })).toEqual({
    ok: false,
    rows: 6,
    missing: 1,
    orphans: 3,
    first: [
      { key: [3], count: 2 },
      { key: [9], count: 1 },
    ],
  })
  expect(await foreignKey(data, ['id', 'place'], data)).toMatchObject({ ok: true, missing: 2, orphans: 0, first: [] })
  expect(await foreignKey(data.limit(0), ['id'], keys, { of: ['key'] })).toMatchObject({ ok: true, rows: 0 })
  await expect(foreignKey(data, ['idd'], keys)).rejects.toThrow(refuses('COLUMN_UNKNOWN'))
  await expect(foreignKey(data, ['id', 'place'], keys, { of: ['key'] })).rejects.toThrow(refuses('OPTION_INVALID'))
})

test('a dependency is measured by the rows that stand against it', async () => {
  const data = await relationOf(rows, { schema })
  expect(await functionalDependency(data, ['place'], 'town')).toEqual({
    holds: false,
    rows: 6,
    g3: 1 / 6,
    groups: 1,
    first: [{ from: ['a'], values: 2, surplus: 1 }],
  })
  expect(await functionalDependency(data, ['town'], 'place')).toMatchObject({ holds: true, g3: 0, first: [] })
  expect(await functionalDependency(data, ['id', 'place'], 'town')).toMatchObject({ holds: true })
  expect(await functionalDependency(data.limit(0), ['id'], 'town')).toMatchObject({ holds: true, rows: 0, g3: 0 })
  await expect(functionalDependency(data, ['town'], 'town')).rejects.toThrow(refuses('OPTION_INVALID'))
  await expect(functionalDependency(data, ['town'], 'plce')).rejects.toThrow(refuses('COLUMN_UNKNOWN'))
})

test('rows that two tables share are counted, missing values equal', async () => {
  const data = await relationOf(rows, { schema })
  const other = await relationOf([rows[0], rows[3], rows[3], { id: 100, place: 'q', town: 'q' }], { schema })
  expect(await sharedRows(data, other)).toEqual({ rows: 6, shared: 2, share: 1 / 3 })
  expect(await sharedRows(data, other, { columns: ['place'] })).toMatchObject({ shared: 5 })
  expect(await sharedRows(data.limit(0), other)).toEqual({ rows: 0, shared: 0, share: 0 })
})

test('rows whose texts are nearly the same are found, and nothing else', async () => {
  const texts = schemaOfTexts(
    'The quick brown fox jumps over the lazy dog near the river bank today',
    'A wholly different sentence about tables and schemas of data',
    'the quick brown fox  jumps over the lazy dog near the river bank today',
    'The quick brown fox jumps over the lazy dog near the river bank todax',
    '',
    null,
    'ab',
    'AB',
  )
  const found = await nearDuplicates(await texts, ['text'])
  expect(found.groups).toEqual([
    [0, 2, 3],
    [6, 7],
  ])
  expect(found.pairs.slice(0, 2)).toEqual([
    { a: 0, b: 2, similarity: 1 },
    { a: 6, b: 7, similarity: 1 },
  ])
  expect(found.found).toBeGreaterThan(0.99)
  await expect(nearDuplicates(await texts, ['txt'])).rejects.toThrow(refuses('COLUMN_UNKNOWN'))
  await expect(nearDuplicates(await texts, ['text'], { threshold: 0 })).rejects.toThrow(refuses('OPTION_INVALID'))
})

test('equal texts are always in one group', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('alpha beta', 'gamma delta', 'x', ''), { maxLength: 30 }),
      async (list) => {
        const { groups } = await nearDuplicates(await schemaOfTexts(...list), ['text'], { limit: 3 })
        const wanted = Map.groupBy(
          list.map((text, i) => [text, i] as const).filter(([text]) => text !== ''),
          ([text]) => text,
        )
        expect(groups).toEqual(
          [...wanted.values()].map((group) => group.map(([, i]) => i)).filter((group) => group.length > 1),
        )
      },
    ),
    { numRuns: 30, seed: 1 },
  )
})

const schemaOfTexts = (...texts: readonly (string | null)[]) =>
  relationOf(
    texts.map((text) => ({ text })),
    { schema: rowSchema({ text: string({ nullable: true }) }) },
  )
