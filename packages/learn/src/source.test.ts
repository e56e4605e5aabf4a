import { tensor } from '@mlpod/contract'
import { float as floatColumn, relationOf, rowSchema } from '@mlpod/data'
import { expect, test } from 'vitest'
import { type Rows, type TrainingData, takeRows } from './data.ts'
import { fit } from './fit.ts'
import { adam, crossEntropy, dense, dropout, evaluate, mlp, relationBatches, sequential } from './index.ts'
import { classes, coded, float, rows, small } from './testData.ts'

const batchesOf = (data: Rows, size: number): Rows[] => {
  const n = data.x.shape[0]
  const all = Array.from({ length: n }, (_, i) => i)
  return Array.from({ length: Math.ceil(n / size) }, (_, k) => takeRows(data, all.slice(k * size, (k + 1) * size)))
}
async function* slowly<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    yield item
  }
}

test('a stream of the same batches gives the bits of the rows in memory, however it comes', async () => {
  const network = sequential(dense(8, { activation: 'relu' }), dropout(0.3), dense(1))
  const inMemory = await fit({ ...small, network, shuffle: false })
  const batches = batchesOf(rows, 32)
  for (const data of [batches, () => batches, (_: number) => slowly(batches)] as const) {
    for (const stepsPerRun of [1, 4]) {
      const streamed = await fit({ ...small, network, data, stepsPerRun })
      expect(streamed.parameters).toEqual(inMemory.parameters)
      expect(streamed.history).toEqual(inMemory.history)
    }
  }
})

test('batches are asked for ahead, and the stream is closed when training ends', async () => {
  let [asked, closed] = [0, 0]
  const data = (_: number): AsyncIterable<TrainingData> => ({
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        asked++
        return { done: false, value: takeRows(rows, [0, 1, 2]) }
      },
      return: async () => {
        closed++
        return { done: true, value: undefined }
      },
    }),
  })
  const { history } = await fit({ ...small, data, epochs: undefined, steps: 5, prefetch: 4 })
  expect(history.at(-1)!.steps).toBe(5)
  expect(asked).toBeGreaterThanOrEqual(5)
  expect(asked).toBeLessThanOrEqual(5 + 8 + 4)
  expect(closed).toBe(1)
})

test('the number of steps ends training within an epoch', async () => {
  const { history } = await fit({ ...small, epochs: undefined, steps: 10 })
  expect(history.map(({ epoch, steps }) => [epoch, steps])).toEqual([
    [1, 7],
    [2, 10],
  ])
})

test('a generator that can be read once is enough for one epoch, and says so in the second', async () => {
  const once = slowly(batchesOf(rows, 64))
  await expect(fit({ ...small, data: once, epochs: 2 })).rejects.toMatchObject(
    coded('DATA_EMPTY', /no batch in epoch 2/),
  )
  await fit({ ...small, data: slowly(batchesOf(rows, 64)), epochs: 1 })
})

test('a wrong batch is named, and errors of the stream come through', async () => {
  const holes = takeRows(rows, [0, 1])
  holes.x.data[5] = Number.NaN
  const batches = [...batchesOf(rows, 64), holes]
  await expect(fit({ ...small, data: () => batches })).rejects.toMatchObject(
    coded('DATA_NOT_FINITE', /x of a batch of the stream is NaN in row 1/),
  )
  const wide = { x: float([1, 5], [1, 2, 3, 4, 5]), y: float([1, 1], [1]) }
  await expect(fit({ ...small, data: () => [batches[0], wide] })).rejects.toMatchObject(
    coded('SHAPE_MISMATCH', /x is \[64, 4\] in the data and \[1, 5\] in a batch of the stream/),
  )
  const double = { x: tensor('float64', [1, 4], new Float64Array(4)) as never, y: float([1, 1], [1]) }
  await expect(fit({ ...small, data: () => [batches[0], double] })).rejects.toMatchObject(
    coded('DTYPE_MISMATCH', /x is float32 in the data and float64 in a batch/),
  )
  const none = { x: float([0, 4], []), y: float([0, 1], []) }
  await expect(fit({ ...small, data: () => [batches[0], none] })).rejects.toMatchObject(
    coded('DATA_EMPTY', /a batch of the stream has no rows/),
  )
  const broken = async function* () {
    yield batches[0]
    throw new Error('the disk is gone')
  }
  await expect(fit({ ...small, data: broken })).rejects.toThrow('the disk is gone')
  await expect(fit({ ...small, data: [] })).rejects.toMatchObject(coded('DATA_EMPTY'))
  await expect(fit({ ...small, data: () => batches, classWeights: 'balanced' })).rejects.toMatchObject(
    coded('OPTION_INVALID'),
  )
})

test('class weights weigh rows as weights of their own do, and balanced ones make classes equal', async () => {
  const weights = float(
    [203],
    rows.y.data.map((v) => (v === 1 ? 3 : 0.5)),
  )
  const byClass = await fit({ ...small, classWeights: [0.5, 3] })
  const byRow = await fit({ ...small, data: { ...rows, weights } })
  expect(byClass.parameters).toEqual(byRow.parameters)
  const labels = classes(Array.from(rows.y.data))
  const two = { ...small, network: mlp([4], 2), loss: crossEntropy(), data: { x: rows.x, y: labels } }
  const ones = rows.y.data.reduce((sum, v) => sum + v, 0)
  const balanced = await fit({ ...two, classWeights: 'balanced' })
  const told = await fit({ ...two, classWeights: [203 / (2 * (203 - ones)), 203 / (2 * ones)] })
  expect(balanced.parameters).toEqual(told.parameters)
  await expect(fit({ ...two, classWeights: [1] })).rejects.toMatchObject(
    coded('LABEL_INVALID', /class 1 .* no class weight/),
  )
  await expect(fit({ ...two, classWeights: [0, 0] })).rejects.toMatchObject(coded('OPTION_INVALID'))
})

const Point = rowSchema({ a: floatColumn(), b: floatColumn({ nullable: true }), label: floatColumn() })
const table = (n: number, hole = -1) =>
  relationOf(
    Array.from({ length: n }, (_, i) => ({ a: i, b: i === hole ? null : -i, label: i % 2 })),
    { schema: Point },
  )

test('a relation is read piece by piece: its rows in order, or drawn from a buffer', async () => {
  const relation = await table(10)
  const read = async (options: object, epoch = 1) => {
    const batches: Rows[] = []
    for await (const batch of relationBatches(relation, { x: ['a', 'b'], y: 'label', batch: 4, ...options })(epoch))
      batches.push(batch)
    return batches
  }
  const plain = await read({})
  expect(plain.map(({ x }) => x.shape)).toEqual([
    [4, 2],
    [4, 2],
    [2, 2],
  ])
  expect([...plain[0].x.data]).toEqual([0, -0, 1, -1, 2, -2, 3, -3])
  expect([...(await read({ target: 'class' }))[0].y.data]).toEqual([0n, 1n, 0n, 1n])
  const firsts = (batches: Rows[]) => batches.flatMap(({ x }) => [...x.data].filter((_, i) => i % 2 === 0))
  const shuffled = firsts(await read({ buffer: 5, seed: 3 }))
  expect(shuffled.toSorted((a, b) => a - b)).toEqual(firsts(plain))
  expect(shuffled).not.toEqual(firsts(plain))
  expect(firsts(await read({ buffer: 5, seed: 3 }))).toEqual(shuffled)
  expect(firsts(await read({ buffer: 5, seed: 3 }, 2))).not.toEqual(shuffled)
  const { history } = await fit({
    ...small,
    optimizer: adam({ learningRate: 1e-4 }),
    data: relationBatches(relation, { x: ['a', 'b'], y: 'label', batch: 4 }),
    epochs: 2,
  })
  expect(history.at(-1)!.steps).toBe(6)
  const holes = relationBatches(await table(6, 4), { x: ['a', 'b'], y: 'label' })
  await expect(fit({ ...small, data: holes })).rejects.toMatchObject(
    coded('VALUE_MISSING', /"b" has no value in row 4/),
  )
})

test('rows that training is weighed by and validation is not are judged as they are, and the other way round', async () => {
  const { x, y } = rows
  const weights = float(
    [203],
    Array.from(y.data, (label) => 1 + 2 * label),
  )
  const plain = await fit({ ...small, epochs: 1, classWeights: [1, 3], validation: rows })
  const weighed = await fit({ ...small, epochs: 1, classWeights: [1, 3], validation: { x, y, weights } })
  const only = await fit({ ...small, epochs: 1, validation: { x, y, weights } })
  const told = async (fitted: typeof plain, data: TrainingData): Promise<number> =>
    (await evaluate(fitted, data, { loss: small.loss })).loss
  expect(plain.history[0].validation).toBeCloseTo(await told(plain, rows), 6)
  expect(weighed.history[0].validation).toBeCloseTo(await told(weighed, { x, y, weights }), 6)
  expect(only.history[0].validation).toBeCloseTo(await told(only, { x, y, weights }), 6)
  expect(weighed.history[0].validation).not.toBeCloseTo(plain.history[0].validation!, 3)
})

test('class weights that are no list are refused', async () => {
  const byName = { 0: 1, 1: 3 } as unknown as readonly number[]
  await expect(fit({ ...small, classWeights: byName })).rejects.toMatchObject(coded('OPTION_INVALID', /no list/))
})
