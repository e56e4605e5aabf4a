import {
  add,
  cast,
  compile,
  div,
  dtypeOf,
  grad,
  input,
  mul,
  openSession,
  reduceSum,
  size,
  summary,
  type Value,
} from '@mlpod/graph'
import { expect, test } from 'vitest'
import { fit } from './fit.ts'
import { inHalf } from './half.ts'
import {
  accuracy,
  adam,
  applyIfFinite,
  dense,
  dropout,
  type Layer,
  mlp,
  mse,
  network,
  scaledLoss,
  sequential,
  skipNotFinite,
} from './index.ts'
import { trajectory } from './optimizers/testTrajectory.ts'
import { coded, float, rows, small } from './testData.ts'

test('half precision learns what single precision does, near to it', async () => {
  const options = {
    ...small,
    network: mlp([8], 1, { activation: 'tanh' as const }),
    validation: rows,
    metrics: { accuracy: accuracy() },
    epochs: 8,
  }
  const full = await fit(options)
  const mixed = await fit({ ...options, precision: 'mixed' })
  // the runtime's CPU computes half precision by way of single, and may leave out the roundings between
  for (const [path, { dtype, data }] of Object.entries(mixed.parameters)) {
    expect(dtype).toBe('float32')
    data.forEach((value, i) => void expect(Math.abs(value - full.parameters[path].data[i])).toBeLessThan(0.02))
  }
  expect(mixed.history.at(-1)!.validationMetrics!.accuracy).toBeGreaterThan(0.95)
  const again = await fit({ ...options, precision: 'mixed' })
  expect(again.parameters).toEqual(mixed.parameters)
})

test('the network is computed in half, its parameters and their gradients are single', () => {
  const x = input('x', 'float32', ['n', 2])
  const { output, parameters } = network(mlp([3], 1), x, { seed: 1 })
  const [y] = inHalf([output], [x])
  const gradients = grad(reduceSum(y), Object.values(parameters))
  for (const value of [y, ...gradients]) expect(dtypeOf(value)).toBe('float32')
  const products: (string | undefined)[] = []
  const seen = new Set<Value>()
  const stack = [y, ...gradients]
  while (stack.length > 0) {
    const value = stack.pop()!
    if (seen.has(value)) continue
    seen.add(value)
    if (['Gemm', 'MatMul'].includes(value.operation.type)) products.push(dtypeOf(value))
    for (const read of value.operation.inputs) if (read) stack.push(read)
  }
  expect(products.length).toBeGreaterThanOrEqual(5)
  expect(new Set(products)).toEqual(new Set(['float16']))
})

test('counts that a network takes of its own values go with half precision', async () => {
  const x = input('x', 'float32', ['n', 4])
  // the hidden values, divided by how many there are
  const counted: Layer = (value, scope) => {
    const hidden = dense(3)(value, scope.at('hidden'))
    const share = div(reduceSum(hidden, { axes: [1], keepDims: true }), cast(size(hidden), 'float32'))
    return dense(1)(add(hidden, share), scope.at('head'))
  }
  const { output } = network(counted, x, { seed: 2 })
  const half = inHalf([output], [x])
  await using session = await openSession(compile({ inputs: [x], outputs: { single: output, half: half[0] } }))
  const { single, half: rounded } = await session.run({ x: rows.x })
  Array.from(single.data as Float32Array).forEach(
    (value, i) => void expect(Number(rounded.data[i])).toBeCloseTo(value, 2),
  )
  // the count is taken of the rounded values: the network is not computed twice
  const operators = summary(compile({ inputs: [x], outputs: { y: half[0] } })).operators
  expect(operators.Gemm).toBe(2)
})

test('dropout and several steps in a run go with half precision', async () => {
  const network = sequential(dense(8, { activation: 'relu' }), dropout(0.3), dense(1))
  const [one, many] = [1, 5].map((stepsPerRun) =>
    fit({ ...small, network, precision: 'mixed', stepsPerRun, epochs: 2 }),
  )
  expect((await many).parameters).toEqual((await one).parameters)
})

test('the scale of the loss shrinks when gradients overflow, and no step is lost but those', async () => {
  const objective: Layer = (x, scope) => {
    const q = scope.parameter('q', [2], () => Float32Array.of(1, -2), { fanIn: 1, fanOut: 1 })
    return mul(x, reduceSum(mul(q, q)))
  }
  const plain = await trajectory(objective, adam({ learningRate: 0.1 }), [5])
  const scaled = scaledLoss(adam({ learningRate: 0.1 }), { initial: 2 ** 10, interval: 3 })
  const x = (t: number) => (t === 3 ? Number.POSITIVE_INFINITY : 1)
  for (const stepsPerRun of [1, 3]) {
    const found = await trajectory(objective, scaled, [6], { x, stepsPerRun })
    found[6].point.forEach((value, i) => void expect(value).toBeCloseTo(plain[5].point[i], 5))
    // halved at step 3, doubled after steps 4, 5 and 6
    expect(found[6].kept).toMatchObject({ scale: 2 ** 10, good: 0, skipped: 1 })
  }
  expect(() => scaledLoss(adam(), { shrink: 1 })).toThrow(expect.objectContaining({ code: 'OPTIMIZER_INVALID' }))
  expect(() => scaledLoss(adam(), { interval: 0 })).toThrow(expect.objectContaining({ code: 'OPTIMIZER_INVALID' }))
})

test('an optimizer that leaves out steps lets training go on over a batch that overflows', async () => {
  const wild = float(
    [203, 4],
    rows.x.data.map((v, i) => (i < 8 ? 3e38 : v)),
  )
  const options = { ...small, network: dense(1), loss: mse(), data: { x: wild, y: rows.y }, batch: 16 }
  await expect(fit(options)).rejects.toMatchObject(coded('LOSS_NOT_FINITE'))
  for (const optimizer of [
    skipNotFinite(adam({ learningRate: 0.02 })),
    applyIfFinite(adam({ learningRate: 0.02 }), 5),
  ]) {
    const { history } = await fit({ ...options, optimizer })
    expect(history.every(({ loss }) => Number.isFinite(loss))).toBe(true)
    expect(history.at(-1)!.loss).toBeLessThan(history[0].loss)
  }
})

test('a device that no runtime has is refused, and the way of a TPU is told', async () => {
  await expect(fit({ ...small, device: 'tpu' as 'cpu' })).rejects.toMatchObject({
    code: 'DEVICE_UNKNOWN',
    hint: expect.stringMatching(/ONNX file where the TPU is/),
  })
})
