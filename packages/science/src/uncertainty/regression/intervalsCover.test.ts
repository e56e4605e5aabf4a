import type { Dataset } from '@mlpod/contract'
import { closeEngine, float, relationOf, rowSchema, string } from '@mlpod/data'
import { afterAll, expect, test } from 'vitest'
import { intervalsCover } from './intervalsCover.ts'

afterAll(closeEngine)

test('covered rows are counted by group, missing bounds are infinite, rows without a truth are dropped', async () => {
  const table = await relationOf(
    {
      y: [1, 2, 3, null, 5, 6],
      lower: [0, null, 3, 0, 0, 0],
      upper: [2, 1, 3, 9, null, 5],
      kind: ['a', 'a', 'b', 'b', null, 'b'],
    } as never,
    {
      schema: rowSchema({
        y: float({ nullable: true }),
        lower: float({ nullable: true }),
        upper: float({ nullable: true }),
        kind: string({ nullable: true }),
      }),
    },
  )
  const data = {} as Dataset<unknown, never>
  const measure = (by?: readonly string[]) =>
    intervalsCover({ data, y: 'y', level: 0.9, ...(by ? { by } : {}) }).measure({ data: table }, {} as never)
  expect(await measure()).toMatchObject({ whole: { kind: 'proportion', successes: 3, n: 5 }, dropped: 1 })
  expect((await measure(['kind'])).parts).toEqual(
    expect.arrayContaining([
      { name: 'a', measurement: { kind: 'proportion', successes: 1, n: 2 } },
      { name: 'b', measurement: { kind: 'proportion', successes: 1, n: 2 } },
      { name: '(missing)', measurement: { kind: 'proportion', successes: 1, n: 1 } },
    ]),
  )
  expect(intervalsCover({ data, y: 'y', level: 0.9, by: ['kind'] }).statement).toBe(
    'lower <= y <= upper in 0.9 of rows by kind',
  )
})
