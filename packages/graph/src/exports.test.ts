import { readFileSync } from 'node:fs'
import { type DataType, type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from './index.ts'
import { arrayOf } from './leaf.ts'
import { encode } from './onnx/encode.ts'
import type { Message } from './onnx/proto.ts'

interface Numbers {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly data: readonly (number | null)[]
}

interface Exported {
  readonly model: string
  readonly feeds: Readonly<Record<string, Numbers>>
  readonly output: string
  readonly y: Numbers
  readonly gradient: Numbers | null
}

const exported = JSON.parse(
  readFileSync(new URL('../../../conformance/graph/exports.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Exported>>

const given = ({ dtype, shape, data }: Numbers): Tensor =>
  tensor(
    dtype,
    [...shape],
    arrayOf(
      dtype,
      data.map((value) => value ?? Number.NaN),
    ),
  )

const furthest = (actual: Tensor, expected: Numbers): number =>
  Math.max(...expected.data.map((value, i) => Math.abs(Number(value) - Number(actual.data[i]))))

const read = ({ model }: Exported): g.Loaded => g.load(Uint8Array.from(Buffer.from(model, 'base64')))

const feedsOf = ({ feeds }: Exported): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(Object.values(feeds).map((value, i) => [`x${i}`, given(value)]))

const inputsOf = ({ feeds }: Exported, { inputs }: g.Loaded): Readonly<Record<string, g.Value>> =>
  Object.fromEntries(
    (Object.keys(feeds).length > 1 ? Object.values(inputs) : [Object.values(inputs)[0]]).map((value, i) => [
      `x${i}`,
      value,
    ]),
  )

describe.each(Object.entries(exported))('%s', (_, entry) => {
  test('runs as it does in the runtime', async () => {
    const loaded = read(entry)
    const model = g.compile({ inputs: inputsOf(entry, loaded), outputs: { y: loaded.outputs[entry.output] } })
    await using session = await g.openSession(model)
    const { y } = await session.run(feedsOf(entry))
    expect(y.shape).toEqual(entry.y.shape)
    expect(furthest(y, entry.y)).toBeLessThan(1e-5)
  })

  test.skipIf(entry.gradient === null)('has the gradient of the model it was exported from', async () => {
    const loaded = read(entry)
    const y = loaded.outputs[entry.output]
    const [x] = Object.values(loaded.inputs)
    const weights = Float32Array.from(entry.y.data, (_, i) => Math.cos(i))
    const loss = g.reduceSum(g.mul(y, g.constant(tensor('float32', [...entry.y.shape], weights))))
    const model = g.compile({ inputs: { x0: x }, outputs: { gradient: g.grad(loss, [x])[0] } })
    await using session = await g.openSession(model)
    const { gradient } = await session.run(feedsOf(entry))
    expect(furthest(gradient, entry.gradient!)).toBeLessThan(2e-4)
  })
})

test('what passes through a sequence that a loop carries has no derivative, and the error says where', () => {
  const { outputs, parameters } = read(exported['a bag of embeddings'])
  const loss = g.reduceSum(Object.values(outputs)[0])
  expect(() => g.grad(loss, [parameters['table.weight']])).toThrow(
    expect.objectContaining({
      code: 'NOT_DIFFERENTIABLE',
      because: expect.stringMatching(/Parameter "table.weight" -> .*Loop .* -> ConcatFromSequence/),
    }),
  )
  const table = parameters['table.weight']
  expect(() => g.jvp([loss], [table], [table])).toThrow(
    expect.objectContaining({
      code: 'NOT_DIFFERENTIABLE',
      message: expect.stringMatching(/^Loop ".*" has no derivative/),
      because: expect.stringContaining('what it gives is a sequence(float32)'),
    }),
  )
})

const int64 = (name: string, ...values: number[]): Message<'TensorProto'> => ({
  name,
  dataType: 7,
  dims: values.length === 1 ? [] : [values.length],
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
})

/** Three turns that append their state to a sequence; the next state is twice the sequence's first element, or the state. */
const appending = (from: 'element' | 'state'): Uint8Array =>
  encode('ModelProto', {
    irVersion: 10,
    opsetImport: [{ domain: '', version: 21 }],
    graph: {
      name: 'appending',
      input: [{ name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } } }],
      initializer: [
        int64('trips', 3),
        int64('first', 0),
        { name: 'on', dataType: 9, dims: [], rawData: Uint8Array.of(1) },
      ],
      node: [
        { opType: 'SequenceEmpty', output: ['empty'], attribute: [{ name: 'dtype', type: 2, i: 1 }] },
        {
          opType: 'Loop',
          name: 'turns',
          input: ['trips', 'on', 'empty', 'x'],
          output: ['all', 'y'],
          attribute: [
            {
              name: 'body',
              type: 5,
              g: {
                name: 'body',
                input: [{ name: 'turn' }, { name: 'going' }, { name: 'kept' }, { name: 'state' }],
                output: [{ name: 'going_on' }, { name: 'more' }, { name: 'next' }],
                node: [
                  { opType: 'Identity', input: ['going'], output: ['going_on'] },
                  { opType: 'SequenceInsert', input: ['kept', 'state'], output: ['more'] },
                  { opType: 'SequenceAt', input: ['more', 'first'], output: ['element'] },
                  { opType: 'Add', input: [from, from], output: ['next'] },
                ],
              },
            },
          ],
        },
      ],
      output: [{ name: 'y', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } } }],
    },
  })

test('a loop carries a sequence whose type its body does not tell', async () => {
  const { inputs, outputs } = g.load(appending('element'))
  await using session = await g.openSession(g.compile({ inputs, outputs }))
  const { y } = await session.run({ x: tensor('float32', [2], Float32Array.of(1, 3)) })
  expect([...(y.data as Float32Array)]).toEqual([2, 6])
})

test('a state that depends on a sequence of the loop is no zero', () => {
  const { inputs, outputs } = g.load(appending('element'))
  const loss = g.reduceSum(outputs.y)
  expect(() => g.grad(loss, [inputs.x])).toThrow(/Loop "turns" has no derivative/)
})

test('a sequence that a loop carries beside what leads to the loss stands in no way', async () => {
  const { inputs, outputs } = g.load(appending('state'))
  const slope = g.grad(g.reduceSum(outputs.y), [inputs.x])[0]
  await using session = await g.openSession(g.compile({ inputs, outputs: { slope } }))
  const results = await session.run({ x: tensor('float32', [2], Float32Array.of(1, 3)) })
  expect([...(results.slope.data as Float32Array)]).toEqual([8, 8])
})
