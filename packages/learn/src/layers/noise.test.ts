import { tensor } from '@mlpod/contract'
import { compile, grad, input, openSession, reduceSum } from '@mlpod/graph'
import { expect, test } from 'vitest'
import {
  activityRegularization,
  featureAlphaDropout,
  gaussianDropout,
  gaussianNoise,
  type Layer,
  network,
  rrelu,
  sequential,
} from './index.ts'

const x = input('x', 'float32', ['n', 3])
const values = tensor('float32', [2, 3], Float32Array.of(-2, 0, 1, 3, -1, 0.5))
const noise = tensor('float32', [2, 3], Float32Array.of(0.5, 0.25, 0.75, 0, 0.125, 0.5))

async function trained(layer: Layer) {
  const { output, masks } = network(layer, x, { training: true })
  const [slope] = grad(reduceSum(output), [x])
  await using session = await openSession(compile({ outputs: { output, slope } }))
  const found = await session.run({ x: values, [masks[0].name]: noise })
  return [found.output, found.slope].map(({ data }) => Array.from(data as Float32Array))
}

test('noise is added, multiplied, or the slope below 0; a trained network takes what is expected of it', async () => {
  expect(await trained(gaussianNoise(2))).toEqual([
    [-1, 0.5, 2.5, 3, -0.75, 1.5],
    [1, 1, 1, 1, 1, 1],
  ])
  expect(await trained(gaussianDropout(0.5))).toEqual([
    [-3, 0, 1.75, 3, -1.125, 0.75],
    [1.5, 1.25, 1.75, 1, 1.125, 1.5],
  ])
  // as in torch, 0 itself has the slope of what is below
  expect(await trained(rrelu({ lower: 1, upper: 2 }))).toEqual([
    [-3, 0, 1, 3, -1.125, 0.5],
    [1.5, 1.25, 1, 1, 1.125, 1],
  ])
  for (const layer of [gaussianNoise(2), gaussianDropout(0.5), activityRegularization({ l1: 1 })])
    expect(network(layer, x).output).toBe(x)
  const { output } = network(rrelu({ lower: 1, upper: 2 }), x)
  await using session = await openSession(compile({ outputs: { output } }))
  expect(Array.from((await session.run({ x: values })).output.data as Float32Array)).toEqual([-3, 0, 1, 3, -1.5, 0.5])
})

test('what is drawn is told: its law, and its sizes behind the batch', () => {
  const image = input('image', 'float32', ['n', 3, 4, 4])
  const layer = sequential(gaussianNoise(1), featureAlphaDropout(0.5), rrelu())
  const { masks, output } = network(layer, image, { training: true })
  expect(masks).toMatchObject([
    { name: '0.noise0', law: 'normal', shape: [3, 4, 4] },
    { name: '1.mask1', law: 'keep', keep: 0.5, shape: [3, 1, 1] },
    { name: '2.noise2', law: 'uniform', shape: [3, 4, 4] },
  ])
  expect(output.shape).toEqual(image.shape)
  const unknown = input('unknown', 'float32', ['n', 'm'])
  expect(() => network(gaussianNoise(1), unknown, { training: true })).toThrow(
    expect.objectContaining({ code: 'SHAPE_UNKNOWN' }),
  )
})

test('an activity is penalized by row, in training alone', async () => {
  const layer = activityRegularization({ l1: 0.5, l2: 2 })
  expect(network(layer, x).penalties).toEqual([])
  const { output, penalties } = network(layer, x, { training: true })
  expect(output).toBe(x)
  await using session = await openSession(compile({ outputs: { l1: penalties[0], l2: penalties[1] } }))
  const { l1, l2 } = await session.run({ x: values })
  expect(Array.from(l1.data as Float32Array)).toEqual([1.5, 2.25])
  expect(Array.from(l2.data as Float32Array)).toEqual([10, 20.5])
  const matrix: Layer = (value, scope) => {
    scope.penalty(value)
    return value
  }
  expect(() => network(matrix, x)).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }))
})

test('laws that are none are refused when a layer is made', () => {
  const invalid = expect.objectContaining({ code: 'LAYER_INVALID' })
  expect(() => gaussianNoise(-1)).toThrow(invalid)
  expect(() => gaussianDropout(1)).toThrow(invalid)
  expect(() => featureAlphaDropout(-0.1)).toThrow(invalid)
  expect(() => rrelu({ lower: 2, upper: 1 })).toThrow(invalid)
  expect(() => activityRegularization({ l2: -1 })).toThrow(invalid)
})
