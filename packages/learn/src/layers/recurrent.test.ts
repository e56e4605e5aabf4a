import { readFileSync } from 'node:fs'
import { type Tensor, tensor } from '@mlpod/contract'
import { add, compile, constant, type Dim, input, mul, openSession, reduceSum, type Value, vjp } from '@mlpod/graph'
import { describe, expect, test } from 'vitest'
import { fit } from '../fit.ts'
import { mse, predict, sgd } from '../index.ts'
import * as of from './index.ts'

interface Entry {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}
interface Case {
  readonly x: Entry
  readonly states: readonly Entry[]
  readonly parameters: Readonly<Record<string, Entry>>
  readonly y: Entry
  readonly ends: readonly Entry[]
  readonly g: readonly number[]
  readonly gStates: readonly (readonly number[])[]
  readonly gParameters: Readonly<Record<string, readonly number[]>>
  readonly after?: Readonly<Record<string, Entry>>
  readonly trained?: Entry
}
const { cases }: { readonly cases: Readonly<Record<string, Case>> } = JSON.parse(
  readFileSync(new URL('../../../../conformance/learn/recurrent.json', import.meta.url), 'utf8'),
)

const float = ({ shape, data }: Entry): Tensor<'float32'> => tensor('float32', shape, Float32Array.from(data))
/** The sum of f(i) y_i, as the reference has it. */
function wave(f: (i: number) => number, y: Value, shape: readonly number[]): Value {
  const size = shape.reduce((product, dim) => product * dim, 1)
  return reduceSum(mul(y, constant(float({ shape, data: Array.from({ length: size }, (_, i) => f(i)) }))))
}
const close = (what: string, found: Tensor, wanted: readonly number[]): void => {
  expect(found.data.length, what).toBe(wanted.length)
  for (const [i, value] of wanted.entries())
    expect(Math.abs(Number(found.data[i]) - value), `${what} ${i}`).toBeLessThan(1e-5 * (1 + Math.abs(value)))
}

type Through = (x: Value, states: readonly Value[] | undefined, scope: of.Scope) => ReturnType<of.Recurrence['run']>
const layer =
  (made: of.Layer): Through =>
  (x, _, scope) => ({ output: made(x, scope), states: [] })
const step =
  (cell: of.Cell): Through =>
  (x, states, scope) =>
    of.stepOf(cell, x, states, scope)
const lengths = constant(tensor('int64', [2], BigInt64Array.of(3n, 5n)))

const cells = { RNN: of.rnnCell(4), GRU: of.gruCell(4), LSTM: of.lstmCell(4) }
const made: Record<string, Through> = {
  rnnCell: step(of.rnnCell(4)),
  gruCell: step(of.gruCell(4)),
  lstmCell: step(of.lstmCell(4)),
  'RNN with states': of.recurrences.rnn(4, { layers: 2 }).run,
  'GRU with states': of.recurrences.gru(4, { layers: 2 }).run,
  'LSTM with states': of.recurrences.lstm(4, { layers: 2 }).run,
  'LSTM projected': layer(of.lstm(4, { projection: 2 })),
  'LSTM projected of two both ways': layer(of.lstm(4, { projection: 2, layers: 2, bidirectional: true })),
  'GRU reset before': layer(of.recurrentOf(of.gruCell(4, { resetAfter: false }))),
  'GRU reset before last': layer(of.recurrentOf(of.gruCell(4, { resetAfter: false }), { output: 'last' })),
  'convLstm 1d': layer(of.convLstm(3, [3])),
  'convLstm 1d dilated': layer(of.convLstm(2, [2], { padding: 'same', dilation: 2 })),
  'convLstm 2d': layer(of.convLstm(2, [2, 3], { padding: 'same' })),
  'convLstm 2d stride last': layer(of.convLstm(2, 3, { stride: 2, output: 'last' })),
  'convLstm 3d': layer(of.convLstm(2, [2, 2, 2], { padding: 'same' })),
  'spectralNorm dense': layer(of.spectralNorm(of.dense(4))),
  'spectralNorm conv': layer(of.spectralNorm(of.conv(3, 2))),
}
for (const [kind, cell] of Object.entries(cells)) {
  made[`${kind} over cells`] = layer(of.recurrentOf(cell))
  made[`${kind} over cells of lengths`] = layer(of.recurrentOf(cell, { lengths }))
  made[`${kind} both ways of lengths`] = layer(of.bidirectional(cell, { lengths }))
  made[`${kind} of stacked cells`] = layer(of.recurrentOf(of.stacked(cell, cell)))
}

describe('recurrent layers have the values and derivatives of torch and Keras', () => {
  test('every case is tried', () => void expect(Object.keys(made).sort()).toEqual(Object.keys(cases).sort()))

  test.each(Object.entries(cases))('%s', async (name, wanted) => {
    const free = (shape: readonly number[], at: number): Dim[] => shape.map((dim, i) => (i === at ? 'batch' : dim))
    const x = input('x', 'float32', free(wanted.x.shape, 0))
    const states = wanted.states.map(({ shape }, i) =>
      input(`state${i}`, 'float32', free(shape, shape.length === 3 ? 1 : 0)),
    )
    let ends: readonly Value[] = []
    const parameters = Object.fromEntries(
      Object.entries(wanted.parameters).map(([path, entry]) => [path, float(entry)]),
    )
    const built = of.network(
      (value, scope) => {
        const found = made[name](value, states.length > 0 ? states : undefined, scope)
        ends = states.length > 0 ? found.states : []
        return found.output
      },
      x,
      { parameters, training: true },
    )
    const loss = [
      wave(Math.cos, built.output, wanted.y.shape),
      ...ends.map((end, i) => wave(Math.sin, end, wanted.ends[i].shape)),
    ].reduce((a, b) => add(a, b))
    const leaves = [x, ...states, ...Object.values(built.parameters)]
    const slopes = vjp([loss], leaves, [constant(1)])
    const outputs: Record<string, Value> = { y: built.output }
    for (const [i, end] of ends.entries()) outputs[`end${i}`] = end
    for (const [i, slope] of slopes.entries()) outputs[`slope${i}`] = slope
    for (const [path, { next }] of Object.entries(built.states)) outputs[`next ${path}`] = next
    const model = compile({
      inputs: Object.fromEntries([x, ...states].map((value, i) => [i === 0 ? 'x' : `state${i - 1}`, value])),
      outputs,
    })
    await using session = await openSession(model)
    const feeds = Object.fromEntries(wanted.states.map((entry, i) => [`state${i}`, float(entry)]))
    const found = await session.run({ x: float(wanted.x), ...feeds })
    expect(found.y.shape).toEqual(wanted.y.shape)
    close('y', found.y, wanted.y.data)
    for (const [i, end] of wanted.ends.entries()) close(`end ${i}`, found[`end${i}`], end.data)
    close('slope of x', found.slope0, wanted.g)
    for (const [i, slope] of wanted.gStates.entries()) close(`slope of state ${i}`, found[`slope${i + 1}`], slope)
    // the bias of Keras stands once there, and twice here
    for (const [i, path] of Object.keys(built.parameters).entries())
      if (!(name.startsWith('GRU reset') && path === 'bias'))
        close(`slope of ${path}`, found[`slope${i + 1 + states.length}`], wanted.gParameters[path])
    for (const [path, entry] of Object.entries(wanted.after ?? {})) close(path, found[`next ${path}`], entry.data)
    if (wanted.trained) {
      const { output } = of.network((value, scope) => made[name](value, undefined, scope).output, x, { parameters })
      await using plain = await openSession(compile({ outputs: { output } }))
      close('trained', (await plain.run({ x: float(wanted.x) })).output, wanted.trained.data)
    }
  })
})

const sequences = (batch: number, time: number) =>
  float({ shape: [batch, time, 3], data: Array.from({ length: batch * time * 3 }, (_, i) => Math.sin(i * 1.7)) })

async function numbersOf(made: of.Layer, x: Tensor<'float32'>, options: of.NetworkOptions = { seed: 3 }) {
  const value = input('x', 'float32', ['n', 't', 3])
  const { output } = of.network(made, value, options)
  await using session = await openSession(compile({ outputs: { output } }))
  return (await session.run({ x })).output
}

test('a cell over time is the fused layer, and its first step is one step', async () => {
  const x = sequences(2, 4)
  const fused = of.network(of.gru(4), input('x', 'float32', ['n', 't', 3]), { seed: 3 }).values
  const flat = Object.fromEntries(
    Object.entries(fused).map(([path, { shape, data }]) => [
      path,
      { dtype: 'float32', shape: shape.slice(1), data } as Tensor,
    ]),
  )
  const all = await numbersOf(of.recurrentOf(of.gruCell(4)), x, { parameters: flat })
  close('gru', all, Array.from((await numbersOf(of.gru(4), x)).data as Float32Array))
  expect(() =>
    of.network(
      (value, scope) => of.recurrence(of.lstmCell(2)).run(value, [value], scope).output,
      input('x', 'float32', ['n', 't', 3]),
      { seed: 0 },
    ),
  ).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }))
  expect(() => of.gruCell(0)).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
  expect(() => of.stacked()).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
  expect(() => of.convLstm(1, [1, 1, 1, 1])).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
})

test('two directions meet as a sum, a mean, a product, or beside each other', async () => {
  const x = sequences(2, 4)
  const merged = async (merge: of.BidirectionalOptions['merge']) =>
    Array.from((await numbersOf(of.bidirectional(of.rnnCell(2), { merge }), x)).data as Float32Array)
  const [beside, sum, average, product] = [
    await merged('concat'),
    await merged('sum'),
    await merged('average'),
    await merged('product'),
  ]
  sum.forEach((value, i) => {
    const [a, b] = [0, 2].map((k) => beside[Math.floor(i / 2) * 4 + k + (i % 2)])
    expect(value).toBeCloseTo(a + b, 5)
    expect(average[i]).toBeCloseTo((a + b) / 2, 5)
    expect(product[i]).toBeCloseTo(a * b, 5)
  })
})

test('a layer is applied to each of a number of times that is not known', async () => {
  const y = await numbersOf(of.timeDistributed(of.dense(2)), sequences(2, 4))
  close('times', y, Array.from((await numbersOf(of.dense(2), sequences(2, 4))).data as Float32Array))
  expect(y.shape).toEqual([2, 4, 2])
})

test('values of a state that are dropped are the same ones at all times', () => {
  const x = input('x', 'float32', ['n', 't', 3])
  const { masks } = of.network(of.recurrentOf(of.lstmCell(4, { recurrentDropout: 0.25 })), x, {
    training: true,
    seed: 0,
  })
  expect(masks).toMatchObject([{ law: 'keep', keep: 0.75, shape: [4] }])
})

test('what a batch ends with the next one begins with; a trained network begins with zeros', async () => {
  const [batch, time] = [2, 3]
  // three batches of three times are one sequence of nine
  const long = sequences(batch, 3 * time)
  const pieces = [0, 1, 2].flatMap((piece) =>
    [0, 1].flatMap((row) => {
      const from = (row * 3 * time + piece * time) * 3
      return Array.from(long.data.subarray(from, from + time * 3))
    }),
  )
  const x = float({ shape: [3 * batch, time, 3], data: pieces })
  const y = float({ shape: [3 * batch, 4], data: new Array<number>(3 * batch * 4).fill(0) })
  for (const made of [of.recurrence(of.lstmCell(4), { output: 'last' }), of.recurrences.lstm(4, { output: 'last' })]) {
    const network = of.stateful(made, { batch })
    const options = { network, loss: mse(), optimizer: sgd({ learningRate: 1e-12 }), data: { x, y }, seed: 5, batch }
    const fitted = await fit({ ...options, shuffle: false, epochs: 1, stepsPerRun: 2 })
    const { state0, state1, ...parameters } = fitted.parameters
    const plain: of.Layer = (value, scope) => made.run(value, undefined, scope).output
    close('h', state0, Array.from((await numbersOf(plain, long, { parameters })).data as Float32Array))
    expect(state1.data.length).toBe(8)
    // five rows: no batch of training
    const five = float({ shape: [5, time, 3], data: pieces.slice(0, 45) })
    const found = (await predict(fitted, five)).y
    close('trained', found, Array.from((await numbersOf(plain, five, { parameters })).data as Float32Array))
  }
  expect(() => of.stateful(of.recurrences.gru(4), { batch: 0 })).toThrow(
    expect.objectContaining({ code: 'LAYER_INVALID' }),
  )
})

test('a spectral norm begins near the largest singular value, and stays there in training', async () => {
  const network = of.spectralNorm(of.dense(4, { bias: false }))
  const x = float({ shape: [6, 3], data: Array.from({ length: 18 }, (_, i) => Math.cos(i * 2.3)) })
  const y = float({ shape: [6, 4], data: Array.from({ length: 24 }, (_, i) => Math.sin(i)) })
  const fitted = await fit({
    network,
    loss: mse(),
    optimizer: sgd({ learningRate: 0.5 }),
    data: { x, y },
    seed: 1,
    epochs: 60,
  })
  const begun = of.network(network, input('x', 'float32', ['n', 3]), { seed: 1 })
  for (const values of [begun.values, fitted.parameters]) {
    const { output } = of.network(network, input('x', 'float32', ['n', 3]), { parameters: values })
    await using session = await openSession(compile({ outputs: { output } }))
    const eye = float({ shape: [3, 3], data: [1, 0, 0, 0, 1, 0, 0, 0, 1] })
    const w = (await session.run({ x: eye })).output.data as Float32Array
    // the largest singular value by its own power iteration
    let v = [1, 0.3, -0.2]
    let length = 0
    for (let turn = 0; turn < 500; turn++) {
      const u = [0, 1, 2, 3].map((j) => v.reduce((sum, value, i) => sum + value * w[4 * i + j], 0))
      const next = v.map((_, i) => u.reduce((sum, value, j) => sum + value * w[4 * i + j], 0))
      length = Math.hypot(...next)
      v = next.map((value) => value / length)
    }
    expect(Math.sqrt(length)).toBeCloseTo(1, 2)
  }
  expect(() =>
    of.network(of.spectralNorm(of.dense(2), { dimension: 2 }), input('x', 'float32', ['n', 3]), { seed: 0 }),
  ).toThrow(expect.objectContaining({ code: 'LAYER_INVALID' }))
})

test('a cell goes through sequences in half precision too', async () => {
  const x = sequences(8, 4)
  const y = float({ shape: [8, 2], data: Array.from({ length: 16 }, (_, i) => Math.cos(i)) })
  const network = of.sequential(of.recurrentOf(of.stacked(of.lstmCell(3), of.gruCell(2)), { output: 'last' }))
  const options = { network, loss: mse(), optimizer: sgd({ learningRate: 0.1 }), data: { x, y }, seed: 5, epochs: 3 }
  const [full, mixed] = [await fit(options), await fit({ ...options, precision: 'mixed' })]
  for (const [path, { data }] of Object.entries(full.parameters))
    data.forEach((value, i) => void expect(mixed.parameters[path].data[i]).toBeCloseTo(value, 2))
})
