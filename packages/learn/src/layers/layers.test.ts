import { type Tensor, tensor } from '@mlpod/contract'
import { compile, input, openSession } from '@mlpod/graph'
import { moments, variance } from '@mlpod/math'
import { expect, test } from 'vitest'
import { activation, dense, dropout, flatten, mlp, sequential } from './index.ts'
import { type InitializerName, initializers } from './initializers.ts'
import { network } from './layer.ts'

const x = () => input('x', 'float32', ['N', 3])
const numbers = (t: Tensor): number[] => Array.from(t.data as Float32Array)

test('a parameter depends on the seed and its path alone', () => {
  const small = network(sequential(dense(4), dense(2)), x(), { seed: 3 })
  const large = network(sequential(dense(4), activation('relu'), dense(2), dense(7)), x(), { seed: 3 })
  expect(Object.keys(small.parameters)).toEqual(['0.weight', '0.bias', '1.weight', '1.bias'])
  expect(numbers(large.values['0.weight'])).toEqual(numbers(small.values['0.weight']))
  expect(numbers(network(dense(4), x(), { seed: 4, path: '0' }).values['0.weight'])).not.toEqual(
    numbers(small.values['0.weight']),
  )
})

test('initializers have the variance of their source', () => {
  const fans = { fanIn: 300, fanOut: 100 }
  const wanted: Record<Exclude<InitializerName, 'dirac'>, number> = {
    zeros: 0,
    ones: 0,
    glorotUniform: 2 / 400,
    glorotNormal: 2 / 400,
    heUniform: 2 / 300,
    heNormal: 2 / 300,
    torch: 1 / 300 / 3,
    lecunUniform: 1 / 300,
    lecunNormal: 1 / 300,
    truncatedNormal: 1 / 300,
    standardNormal: 1,
    smallNormal: 0.0004,
    // one in each column of 300 rows
    orthogonal: 1 / 300,
    identity: (1 / 300) * (1 - 1 / 300),
  }
  for (const [name, expected] of Object.entries(wanted)) {
    const built = network(
      dense(100, { weightInitializer: name as InitializerName }),
      input('x', 'float32', ['N', 300]),
      { seed: 1 },
    )
    const found = variance(moments(built.values.weight.data as Float32Array))
    expect(Math.abs(found - expected), name).toBeLessThan(0.03 * expected + 1e-12)
  }
  expect(Object.keys(initializers).sort()).toEqual([...Object.keys(wanted), 'dirac'].sort())
  expect(fans.fanIn).toBe(300)
})

test('a dense layer computes x W + b, and given parameters are used', async () => {
  const parameters = {
    weight: tensor('float32', [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)),
    bias: tensor('float32', [2], Float32Array.of(10, 20)),
  }
  const { output } = network(dense(2), x(), { parameters })
  await using session = await openSession(compile({ outputs: { output } }))
  const { output: y } = await session.run({ x: tensor('float32', [1, 3], Float32Array.of(1, 0, -1)) })
  expect(numbers(y)).toEqual([6, 16])
})

test('dropout is nothing in a trained network, and drops by mask and rescales in training', async () => {
  expect(network(dropout(0.5), x(), {}).output.operation.type).toBe('Input')
  const built = network(dropout(0.5), x(), { training: true })
  expect(built.masks).toMatchObject([{ keep: 0.5, shape: [3] }])
  await using session = await openSession(compile({ outputs: { y: built.output } }))
  const { y } = await session.run({
    x: tensor('float32', [1, 3], Float32Array.of(1, 2, 3)),
    [built.masks[0].name]: tensor('bool', [1, 3], Uint8Array.of(1, 0, 1)),
  })
  expect(numbers(y)).toEqual([2, 0, 6])
})

test('flatten makes images rows', () => {
  const image = input('image', 'float32', ['N', 1, 4, 4])
  const { output, parameters } = network(sequential(flatten(), dense(2)), image, { seed: 0 })
  expect(output.shape).toEqual(['N', 2])
  expect(parameters['1.weight'].shape).toEqual([16, 2])
})

test('mistakes are named: sizes, unknown and missing parameters, impossible layers', () => {
  const code = (name: string) => expect.objectContaining({ code: name })
  expect(() => network(dense(2), input('x', 'float32', ['N', 3, 'n']), { seed: 0 })).toThrow(code('SHAPE_MISMATCH'))
  expect(() => network(dense(2), x(), { parameters: {} })).toThrow(code('PARAMETER_MISSING'))
  const weight = tensor('float32', [2, 2], new Float32Array(4))
  expect(() => network(dense(2), x(), { parameters: { weight }, seed: 0 })).toThrow(code('SHAPE_MISMATCH'))
  expect(() => network(dense(2), x(), { parameters: { wieght: weight }, seed: 0 })).toThrow(code('PARAMETER_UNKNOWN'))
  expect(() => dense(0)).toThrow(code('LAYER_INVALID'))
  expect(() => dropout(1)).toThrow(code('LAYER_INVALID'))
  expect(() => network(mlp([4], 1, { dropout: 0.1 }), x(), { seed: 0, training: true })).not.toThrow()
})
