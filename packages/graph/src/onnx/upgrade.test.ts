import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import { compile, load, openSession, vjp } from '../index.ts'
import { encode } from './encode.ts'
import type { Message } from './proto.ts'

type Node = Message<'NodeProto'>
type Attribute = Message<'AttributeProto'>

const real = (name: string, f: number): Attribute => ({ name, f, type: 1 })
const whole = (name: string, i: number): Attribute => ({ name, i, type: 2 })
const text = (name: string, s: string): Attribute => ({ name, s: new TextEncoder().encode(s), type: 3 })
const list = (name: string, ...ints: number[]): Attribute => ({ name, ints, type: 7 })

const truth = (value: boolean): Node => ({
  output: ['truth'],
  opType: 'Constant',
  attribute: [{ name: 'value', t: { dataType: 9, dims: [], rawData: Uint8Array.of(value ? 1 : 0) }, type: 4 }],
})

const file = (version: number, shape: readonly number[], node: readonly Node[]): Uint8Array =>
  encode('ModelProto', {
    irVersion: 8,
    opsetImport: [{ version }, { domain: 'com.microsoft', version: 1 }],
    graph: {
      name: 'old',
      node: [...node],
      input: [
        { name: 'x', type: { tensorType: { elemType: 1, shape: { dim: shape.map((dimValue) => ({ dimValue })) } } } },
      ],
      output: [{ name: 'y', type: { tensorType: { elemType: 1 } } }],
    },
  })

const fed = (shape: readonly number[]) => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: size }, (_, i) => 2 * Math.sin(1 + 7 * i)),
  )
}

describe('nodes in the form of an older opset, or of another domain, give what the file gives', () => {
  test.each<[string, number, readonly number[], readonly Node[]]>([
    [
      'Dropout of opset 7',
      7,
      [4],
      [{ opType: 'Dropout', input: ['x'], output: ['y'], attribute: [real('ratio', 0.5)] }],
    ],
    [
      'Dropout of opset 10 with a mask',
      10,
      [4],
      [{ opType: 'Dropout', input: ['x'], output: ['y', 'mask'], attribute: [real('ratio', 0.5)] }],
    ],
    [
      'DFT of opset 17, of axis 1',
      17,
      [2, 4, 3, 1],
      [{ opType: 'DFT', input: ['x'], output: ['y'], attribute: [whole('onesided', 1)] }],
    ],
    [
      'DFT of opset 17, of axis 2',
      17,
      [2, 4, 3, 1],
      [{ opType: 'DFT', input: ['x'], output: ['y'], attribute: [whole('axis', 2)] }],
    ],
    ['Gelu of the runtime', 17, [2, 3], [{ opType: 'Gelu', domain: 'com.microsoft', input: ['x'], output: ['y'] }]],
    ['Hardmax of opset 9', 9, [2, 3, 2], [{ opType: 'Hardmax', input: ['x'], output: ['y'] }]],
    [
      'ReduceProd of opset 13',
      13,
      [2, 3, 2],
      [{ opType: 'ReduceProd', input: ['x'], output: ['y'], attribute: [list('axes', 1)] }],
    ],
    [
      'Einsum with an ellipsis',
      12,
      [2, 3, 3],
      [{ opType: 'Einsum', input: ['x', 'x'], output: ['y'], attribute: [text('equation', '...ij,...jk->...ik')] }],
    ],
  ])('%s', async (_, version, shape, node) => {
    const bytes = file(version, shape, node)
    const x = fed(shape)
    await using before = await openSession(bytes)
    const { inputs, outputs } = load(bytes)
    await using after = await openSession(compile({ inputs, outputs }))
    const [expected, found] = [(await before.run({ x })).y, (await after.run({ x })).y]
    expect(found.shape).toEqual(expected.shape)
    for (const [i, value] of Array.from(expected.data as Float32Array).entries())
      expect(found.data[i]).toBeCloseTo(value, 5)
    expect(() => vjp([outputs.y], [inputs.x], [outputs.y])).not.toThrow()
  })
})

test('a dropout in training that keeps no mask has a derivative, by the mask that it drew', async () => {
  const node = [truth(true), { opType: 'Dropout', input: ['x', '', 'truth'], output: ['y'] }]
  const { inputs, outputs } = load(file(13, [64], node))
  const [slope] = vjp([outputs.y], [inputs.x], [inputs.x])
  await using session = await openSession(compile({ inputs, outputs: { ...outputs, slope } }))
  const { y, slope: found } = await session.run({ x: fed([64]) })
  for (const [i, value] of Array.from(y.data as Float32Array).entries()) expect(found.data[i]).toBeCloseTo(value, 5)
  expect(Array.from(y.data as Float32Array).filter((value) => value === 0).length).toBeGreaterThan(10)
})

test('a clip from one side, or with a bound that is a list of one number, runs and has a derivative', async () => {
  const bound: Message<'NodeProto'> = {
    opType: 'Constant',
    output: ['bound'],
    attribute: [{ name: 'value_floats', type: 6, floats: [0.5] }],
  }
  for (const ends of [
    ['x', 'bound'],
    ['x', '', 'bound'],
  ]) {
    const { inputs, outputs } = load(file(13, [3], [bound, { opType: 'Clip', input: ends, output: ['y'] }]))
    const [slope] = vjp([outputs.y], [inputs.x], [inputs.x])
    await using session = await openSession(compile({ inputs, outputs: { slope } }))
    const data = Float32Array.of(-1, 0.25, 2)
    const { slope: found } = await session.run({ x: { dtype: 'float32', shape: [3], data } })
    expect([...(found.data as Float32Array)]).toEqual(ends.length === 2 ? [0, 0, 2] : [-1, 0.25, 0])
  }
})
