import { readFileSync } from 'node:fs'
import { type DataType, type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import { compile, dtypeOf, load, openSession } from './index.ts'
import { arrayOf } from './leaf.ts'
import { encode } from './onnx/encode.ts'

interface Plain {
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly data: readonly (number | string | null)[]
}

interface Exported {
  readonly model: string
  readonly feeds: Readonly<Record<string, Plain>>
  /** Null for what is no tensor. */
  readonly outputs: Readonly<Record<string, Plain | null>>
}

const exported = JSON.parse(
  readFileSync(new URL('../../../conformance/graph/sklearn_models.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Exported>>

const tensorOf = ({ dtype, shape, data }: Plain): Tensor =>
  tensor(
    dtype,
    shape,
    arrayOf(
      dtype,
      data.map((value) => value ?? Number.NaN),
    ),
  )

describe.each(Object.entries(exported))('a %s that scikit-learn wrote', (_, { model, feeds, outputs }) => {
  test('loaded and compiled again gives what it gave', async () => {
    const { inputs, outputs: values } = load(Buffer.from(model, 'base64'))
    const tensors = Object.entries(outputs).flatMap(([name, value]) => (value ? [[name, value] as const] : []))
    for (const optimize of [true, false]) {
      await using session = await openSession(compile({ inputs, outputs: values, optimize }))
      const fed = Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, tensorOf(value)]))
      const results = await session.run(fed, { outputs: tensors.map(([name]) => name) })
      for (const [name, { dtype, shape, data }] of tensors) {
        expect(results[name]).toMatchObject({ dtype, shape })
        for (const [i, value] of data.entries())
          if (typeof value === 'string') expect(results[name].data[i]).toBe(value)
          else expect(Number(results[name].data[i])).toBeCloseTo(Number(value), 5)
      }
    }
  })
})

test('an output that is no tensor is refused with the way out', async () => {
  const { model, feeds } = exported['probabilities as maps']
  await using session = await openSession(Buffer.from(model, 'base64'))
  await expect(session.run({ X: tensorOf(feeds.X) })).rejects.toMatchObject({
    code: 'OUTPUT_UNSUPPORTED',
    hint: expect.stringContaining('zipmap'),
  })
})

const bytesOf = (node: object, dataType: number) =>
  encode('ModelProto', {
    irVersion: 8,
    opsetImport: [{ version: 17 }, { domain: 'ai.onnx.ml', version: 1 }],
    graph: {
      name: 'one node',
      input: [{ name: 'x', type: { tensorType: { elemType: dataType, shape: { dim: [{}, { dimValue: 2 }] } } } }],
      output: [{ name: 'y', type: {} }],
      node: [{ input: ['x'], output: ['y'], ...node }],
    },
  })

const string = (text: string) => new TextEncoder().encode(text)

test('types that a file does not tell follow from the operator', () => {
  const old = { name: 'classes_strings', strings: [string('a'), string('b')], type: 8 }
  const encoder = { opType: 'LabelEncoder', domain: 'ai.onnx.ml', attribute: [old] }
  expect(dtypeOf(load(bytesOf(encoder, 8)).outputs.y)).toBe('int64')
  expect(dtypeOf(load(bytesOf(encoder, 7)).outputs.y)).toBe('string')
  expect(load(bytesOf({ opType: 'SequenceConstruct' }, 1)).outputs.y.type).toEqual({
    kind: 'sequence',
    element: { kind: 'tensor', dtype: 'float32' },
  })
  expect(dtypeOf(load(bytesOf({ opType: 'TfIdfVectorizer' }, 8)).outputs.y)).toBe('float32')
})
