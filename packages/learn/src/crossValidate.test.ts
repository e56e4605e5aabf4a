import { expect, test } from 'vitest'
import { crossValidate } from './crossValidate.ts'
import { accuracy, adam, crossEntropy, dense, mlp, mse, sgd } from './index.ts'
import { findLearningRate } from './learningRateFinder.ts'
import { classes, coded, float, rows, small } from './testData.ts'

const labels = classes(Array.from(rows.y.data))
const two = {
  ...small,
  network: mlp([6], 2),
  loss: crossEntropy(),
  data: { x: rows.x, y: labels },
  metrics: { accuracy: accuracy() },
  epochs: 6,
}

test('every row is held out once, by the network that has not seen it', async () => {
  const found = await crossValidate({ ...two, folds: 4 })
  expect(found.folds.flatMap((fold) => fold.rows).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 203 }, (_, i) => i),
  )
  const right = Array.from(rows.y.data, (label, i) => {
    const { data } = found.outOfFold.y
    return data[2 * i + 1] > data[2 * i] === (label === 1)
  })
  // the accuracy of each fold, counted again
  for (const { rows: held, metrics } of found.folds)
    expect(held.filter((row) => right[row]).length / held.length).toBeCloseTo(metrics.accuracy, 5)
  expect(found.metrics.accuracy.mean).toBeGreaterThan(0.9)
  const means = found.folds.map(({ loss }) => loss)
  expect(found.loss.mean).toBeCloseTo(means.reduce((a, b) => a + b) / 4, 10)
  expect(await crossValidate({ ...two, folds: 4 })).toMatchObject({ loss: found.loss, outOfFold: found.outOfFold })
})

test('folds have the classes in equal shares, and keep groups together', async () => {
  const counts = (await crossValidate({ ...two, epochs: 1, folds: 3 })).folds.map(
    ({ rows: held }) => held.filter((row) => rows.y.data[row] === 1).length,
  )
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
  const groups = Array.from({ length: 203 }, (_, i) => `group ${i % 11}`)
  const { folds } = await crossValidate({ ...two, epochs: 1, folds: 3, groups })
  const places = new Map<string, number>()
  for (const [k, fold] of folds.entries())
    for (const row of fold.rows) {
      expect(places.get(groups[row]) ?? k).toBe(k)
      places.set(groups[row], k)
    }
})

test('folds that cannot be dealt are refused', async () => {
  const given = (more: object) => crossValidate({ ...two, epochs: 1, ...more })
  await expect(given({ folds: 1 })).rejects.toMatchObject(coded('OPTION_INVALID', /1 folds/))
  await expect(given({ folds: 500 })).rejects.toMatchObject(coded('OPTION_INVALID', /203 rows cannot/))
  await expect(given({ groups: ['a'] })).rejects.toMatchObject(coded('LENGTH_MISMATCH'))
  await expect(given({ groups: Array(203).fill('a') })).rejects.toMatchObject(coded('OPTION_INVALID', /1 groups/))
  await expect(crossValidate({ ...small, stratified: true })).rejects.toMatchObject(
    coded('OPTION_INVALID', /one target of class numbers/),
  )
})

test('the learning rate is found where the loss falls most steeply, and the search ends where it runs away', async () => {
  const { epochs: _, optimizer: __, ...plain } = small
  const found = await findLearningRate({
    ...plain,
    optimizer: (learningRate) => sgd({ learningRate }),
    from: 1e-4,
    to: 1e3,
    steps: 60,
  })
  expect(found.rates[0]).toBeCloseTo(1e-4, 10)
  expect(found.rates.length).toBe(found.smoothed.length)
  expect(found.suggestion).toBeGreaterThan(1e-2)
  expect(found.suggestion).toBeLessThan(30)
  const wild = await findLearningRate({
    network: dense(1),
    loss: mse(),
    data: rows,
    seed: 1,
    optimizer: (learningRate) => sgd({ learningRate }),
    from: 1e-4,
    to: 1e6,
    steps: 80,
  })
  expect(wild.rates.length).toBeLessThan(80)
  expect(wild.rates.at(-1)!).toBeLessThan(1e6)
  // with the rate it suggests, training gets somewhere
  const again = await findLearningRate({ ...two, optimizer: (learningRate) => adam({ learningRate }), steps: 50 })
  expect(again.suggestion).toBeGreaterThan(1e-5)
})

test('a search that cannot be is refused', async () => {
  const given = (more: object) =>
    findLearningRate({
      network: dense(1),
      loss: mse(),
      data: rows,
      seed: 1,
      optimizer: (learningRate) => sgd({ learningRate }),
      ...more,
    })
  await expect(given({ from: 1, to: 0.1 })).rejects.toMatchObject(coded('OPTION_INVALID'))
  await expect(given({ steps: 2 })).rejects.toMatchObject(coded('OPTION_INVALID'))
  await expect(given({ smoothing: 1 })).rejects.toMatchObject(coded('OPTION_INVALID'))
  const flat = { x: float([4, 4], Array(16).fill(0)), y: float([4, 1], [0, 0, 0, 0]) }
  await expect(given({ data: flat, network: dense(1, { bias: false }), steps: 10 })).rejects.toMatchObject(
    coded('LEARNING_RATE_NOT_FOUND'),
  )
})
