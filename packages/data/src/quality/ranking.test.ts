import { expect, test } from 'vitest'
import reference from '../../../../conformance/data/ranking.json' with { type: 'json' }
import { relationOf } from '../ingest.ts'
import { float, int, rowSchema, string } from '../schema.ts'
import { rankingQuality } from './index.ts'

const schema = rowSchema({ u: string(), i: string(), r: int(), s: float(), f0: float(), f1: float(), f2: float() })
const table = await relationOf(reference.rows, { schema })
const train = await relationOf(reference.train, { schema: rowSchema({ u: string(), i: string() }) })
const columns = { user: 'u', item: 'i', relevance: 'r', score: 's', k: reference.k }

test('metrics of rankings equal Evidently', async () => {
  const found = await rankingQuality(table, { ...columns, beta: 2, train, itemFeatures: ['f0', 'f1', 'f2'] })
  for (const name of [
    'ndcg',
    'mrr',
    'hitRate',
    'precision',
    'recall',
    'fBeta',
    'map',
    'mar',
    'personalization',
    'novelty',
    'diversity',
  ] as const)
    expect(Math.abs(found[name]! - reference[name]), `${name}: ${found[name]} for ${reference[name]}`).toBeLessThan(
      1e-10,
    )
  for (const name of ['mean', 'coverage', 'gini'] as const)
    expect(Math.abs(found.popularity![name] - reference.popularity[name]), name).toBeLessThan(1e-10)
  expect(found.serendipity).toBeGreaterThan(0)
  expect(found.serendipity).toBeLessThan(2)
})

test('a perfect ranking has 1 everywhere that 1 is best, and what was not given is null', async () => {
  const perfect = await relationOf(
    {
      u: ['a', 'a', 'b', 'b'],
      i: ['x', 'y', 'x', 'z'],
      r: [1, 0, 1, 0],
      s: [2, 1, 2, 1],
      f0: [0, 0, 0, 0],
      f1: [0, 0, 0, 0],
      f2: [0, 0, 0, 0],
    },
    { schema },
  )
  expect(await rankingQuality(perfect, { ...columns, k: 1 })).toMatchObject({
    users: 2,
    ndcg: 1,
    mrr: 1,
    hitRate: 1,
    precision: 1,
    recall: 1,
    map: 1,
    personalization: 0,
    popularity: null,
    novelty: null,
    diversity: null,
    serendipity: null,
  })
})

test('questions that make no sense are refused', async () => {
  await expect(rankingQuality(table, { ...columns, k: 0 })).rejects.toThrow(/no 0 items/)
  await expect(rankingQuality(table, { ...columns, user: 'U' })).rejects.toThrow(/"u"/)
  await expect(rankingQuality(table, { ...columns, itemFeatures: ['f9'] })).rejects.toThrow(/f9/)
})
