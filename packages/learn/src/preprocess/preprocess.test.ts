import { closeEngine, float, int, relationOf, rowSchema, string } from '@mlpod/data'
import { afterAll, expect, test } from 'vitest'
import sklearn from '../../../../conformance/learn/sklearn.json' with { type: 'json' }
import { applyPreprocess, features, fitPreprocess, type Preprocess, rawInputs, transform } from '../index.ts'

afterAll(closeEngine)
const Row = rowSchema({
  income: float({ nullable: true }),
  age: float({ nullable: true }),
  same: float(),
  kind: string(),
})
const code = (name: string) => expect.objectContaining({ code: name })

test('features equal SimpleImputer, StandardScaler and OneHotEncoder of scikit-learn, unknown categories included', async () => {
  const train = await relationOf(sklearn.train, { schema: Row })
  const test = await relationOf(sklearn.test, { schema: Row })
  const fitted = await fitPreprocess(train, {
    numeric: { income: { log: true }, age: { impute: 'mean' }, same: {} },
    categorical: { kind: {} },
  })
  const raw = await fitPreprocess(train, { numeric: { age: { impute: -1, scale: 'none' } } })
  for (const [rows, expected] of [
    [train, sklearn.trainFeatures],
    [test, sklearn.testFeatures],
  ] as const) {
    const x = await transform(fitted, rows)
    const ages = await transform(raw, rows)
    const [n, d] = x.shape
    const theirs = expected.length / n
    expect(d).toBe(theirs - 1)
    for (let i = 0; i < n; i++) {
      const ours = [...x.data.subarray(i * d, i * d + 3), ages.data[i], ...x.data.subarray(i * d + 3, (i + 1) * d)]
      ours.forEach(
        (value, j) =>
          void expect(Math.abs(value - expected[i * theirs + j]), `row ${i} feature ${j}`).toBeLessThan(2e-6),
      )
    }
  }
  expect(features(fitted).map(({ name }) => name)).toEqual([
    'income',
    'age',
    'same',
    'kind = fixed',
    'kind = open',
    'kind = other kind',
    'kind = Ülm',
  ])
})

const Small = rowSchema({ x: float({ nullable: true }), c: string({ nullable: true }), k: int({ nullable: true }) })
const small = () =>
  relationOf(
    [
      { x: 1, c: 'a', k: 3 },
      { x: null, c: null, k: null },
      { x: 5, c: 'b', k: 3 },
      { x: 6, c: 'a', k: -1 },
    ],
    { schema: Small },
  )

test('missing and new values have features of their own where that is asked for', async () => {
  const rows = await small()
  const fitted = await fitPreprocess(rows, {
    numeric: { x: { scale: 'none', missingIndicator: true } },
    categorical: { c: { unknown: 'category' }, k: { missing: 'ignore' } },
  })
  const names = features(fitted)
  expect(names.map(({ name }) => name)).toEqual([
    'x',
    'x is missing',
    'c = a',
    'c = b',
    'c is missing',
    'c is new',
    'k = -1',
    'k = 3',
  ])
  expect(names.map(({ source }) => source)).toEqual(['x', 'x', 'c', 'c', 'c', 'c', 'k', 'k'])
  const unseen = await relationOf(
    [
      { x: null, c: null, k: null },
      { x: 2, c: 'z', k: 3 },
    ],
    { schema: Small },
  )
  expect([...(await transform(fitted, unseen)).data]).toEqual([5, 1, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 1, 0, 1])
})

test('a fitted preprocessing is plain data: it survives JSON', async () => {
  const rows = await small()
  const fitted = await fitPreprocess(rows, { numeric: { x: {} }, categorical: { c: {}, k: {} } })
  const back = JSON.parse(JSON.stringify(fitted)) as Preprocess
  expect(back).toEqual(fitted)
  expect([...(await transform(back, rows)).data]).toEqual([...(await transform(fitted, rows)).data])
})

test('columns that cannot be what they should be are refused', async () => {
  const rows = await small()
  await expect(fitPreprocess(rows, { numeric: { c: {} } })).rejects.toThrow(code('COLUMN_TYPE'))
  await expect(fitPreprocess(rows, { categorical: { x: {} } })).rejects.toThrow(code('COLUMN_TYPE'))
  await expect(fitPreprocess(rows, { numeric: { k: {} }, categorical: { k: {} } })).rejects.toThrow(
    code('COLUMN_TWICE'),
  )
  await expect(fitPreprocess(rows, { numeric: { k: { log: true } } })).rejects.toThrow(code('VALUE_RANGE'))
  await expect(fitPreprocess(rows, { numeric: { y: {} } as never })).rejects.toThrow(code('COLUMN_UNKNOWN'))
  await expect(fitPreprocess(rows, {})).rejects.toThrow(code('COLUMN_EMPTY'))
  const empty = rows.where(({ isNull }) => isNull('x'))
  await expect(fitPreprocess(empty, { numeric: { x: {} } })).rejects.toThrow(code('COLUMN_EMPTY'))
  await expect(fitPreprocess(empty, { categorical: { c: {} } })).rejects.toThrow(code('COLUMN_EMPTY'))
  const fitted = await fitPreprocess(rows, { numeric: { x: {} }, categorical: { c: {} } })
  const inputs = rawInputs(fitted)
  expect(() => applyPreprocess(fitted, { x: inputs.x })).toThrow(code('COLUMN_MISSING'))
  expect(() => applyPreprocess(fitted, { x: inputs.c, c: inputs.c })).toThrow(code('DTYPE_MISMATCH'))
})
