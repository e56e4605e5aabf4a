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

const numeric = (values: readonly (number | null)[]) =>
  relationOf(
    values.map((x) => ({ x, c: null, k: null })),
    { schema: Small },
  )

test('what single precision cannot hold or tell apart is refused, not passed on', async () => {
  const refused = async (values: readonly number[], message: RegExp, options = {}) =>
    expect(fitPreprocess(await numeric(values), { numeric: { x: options } })).rejects.toMatchObject({
      code: 'VALUE_RANGE',
      message: expect.stringMatching(message),
    })
  await refused([1, Number.POSITIVE_INFINITY], /"x" holds Infinity/)
  await refused([1, -1e39], /"x" holds -1e\+39/)
  await refused([1e9, 1e9 + 1, 1e9 + 2], /around 1000000001, differ less/)
  await refused([1, 2], /cannot be imputed with NaN/, { impute: Number.NaN })
  await refused([1, 2], /cannot be imputed with log\(1 \+ -2\)/, { impute: -2, log: true })
  await expect(fitPreprocess(await numeric([1e9, 1e9]), { numeric: { x: {} } })).resolves.toMatchObject({
    numeric: [{ mean: 1e9, scale: 1 }],
  })
  const keys = await relationOf(
    [16777216, 16777217].map((k) => ({ x: 1, c: null, k })),
    { schema: Small },
  )
  await expect(fitPreprocess(keys, { categorical: { k: {} } })).rejects.toMatchObject({
    code: 'VALUE_RANGE',
    message: 'the column "k" holds 16777217, which single precision mixes up',
  })
})

test('a value without a logarithm is missing when it is served', async () => {
  const fitted = await fitPreprocess(await numeric([0, 1, 3]), {
    numeric: { x: { log: true, scale: 'none', missingIndicator: true } },
  })
  const x = await transform(fitted, await numeric([-1, -2, null, 0]))
  const filled = Math.fround(Math.log(2))
  expect([...x.data]).toEqual([filled, 1, filled, 1, filled, 1, 0, 0])
})

test('an empty text is missing, in fitting as in serving', async () => {
  const rows = await relationOf(
    ['', 'a', 'b'].map((c) => ({ x: 1, c, k: null })),
    { schema: Small },
  )
  const fitted = await fitPreprocess(rows, { categorical: { c: {} } })
  expect(fitted.categorical[0]).toMatchObject({ categories: ['a', 'b'], missing: 'category' })
  expect([...(await transform(fitted, rows)).data]).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0])
})
