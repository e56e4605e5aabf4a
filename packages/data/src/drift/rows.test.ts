import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { relationOf } from '../ingest.ts'
import { float, rowSchema } from '../schema.ts'
import { type RowDriftMethod, rowMethods } from './rowMethods.ts'
import { rowDrift } from './rows.ts'

const schema = rowSchema({ a: float(), b: float(), c: float() })

function table(n: number, seed: number, { shift = 0, together = 0.8 } = {}) {
  const r = random({ seed })
  const [a, e, c] = ['a', 'e', 'c'].map((path) => r.at(path).fillNormal(new Float64Array(n)))
  const b = a.map((v, i) => together * v + Math.sqrt(1 - together ** 2) * e[i])
  return relationOf({ a: a.map((v) => v + shift), b, c }, { schema })
}

for (const method of Object.keys(rowMethods) as RowDriftMethod[])
  test(`${method}: rows of one law have not drifted, rows that moved have`, async () => {
    const reference = await table(600, 1)
    const options = { method, components: method === 'ratio' ? undefined : 3 }
    expect((await rowDrift(reference, await table(500, 2), options)).drifted).toBe(false)
    // components that hold most of the variance rebuild what moves along them: there the relation has to change
    const moved = method === 'reconstruction' ? { together: -0.8 } : { shift: 1.5 }
    expect(await rowDrift(reference, await table(500, 3, moved), { method })).toMatchObject({
      drifted: true,
      rows: { reference: 600, current: 500 },
    })
  })

test('a relation that turns round is seen by a classifier of rows, though no column has drifted', async () => {
  const [reference, current] = [await table(2000, 1), await table(2000, 2, { together: -0.8 })]
  expect(await rowDrift(reference, current)).toMatchObject({ method: 'model', drifted: true })
  expect(await rowDrift(reference, current, { method: 'ratio' })).toMatchObject({ score: 0, drifted: false })
})

test('distances of the means are those of their names', async () => {
  const at = (a: number, b: number) => relationOf({ a: [a, a], b: [b, b], c: [0, 0] }, { schema })
  const [x, y] = [await at(1, 0), await at(0, 2)]
  const score = async (distance: 'euclidean' | 'cosine' | 'cityblock' | 'chebyshev') =>
    (await rowDrift(x, y, { method: 'distance', distance, threshold: 0.1 })).score
  expect(await score('euclidean')).toBeCloseTo(Math.sqrt(5), 12)
  expect(await score('cosine')).toBeCloseTo(1, 12)
  expect(await score('cityblock')).toBeCloseTo(3, 12)
  expect(await score('chebyshev')).toBeCloseTo(2, 12)
})

test('what cannot be compared is refused', async () => {
  const data = await table(50, 1)
  await expect(rowDrift(data, data, { columns: ['z'] })).rejects.toThrow(
    expect.objectContaining({ code: 'COLUMN_UNKNOWN' }),
  )
  await expect(rowDrift(data, data, { method: 'modle' as 'model' })).rejects.toThrow(/"model"/)
  await expect(rowDrift(data, data.limit(1))).rejects.toThrow(expect.objectContaining({ code: 'SAMPLE_TOO_SMALL' }))
  await expect(rowDrift(data, data, { components: 9 })).rejects.toThrow(/9 components/)
})
