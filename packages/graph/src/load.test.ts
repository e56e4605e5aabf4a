import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PodError, type Tensor, tensor } from '@mlpod/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  add,
  cast,
  compile,
  type Dim,
  equal,
  grad,
  greater,
  ifElse,
  input,
  load,
  matMul,
  modelOf,
  mul,
  onnxModel,
  openSession,
  parameter,
  reduceSum,
  repeat,
  reshape,
  substitute,
  summary,
  type Value,
  vjp,
} from './index.ts'
import { encode } from './onnx/encode.ts'
import type { Message } from './onnx/proto.ts'

interface Numbers {
  readonly shape: readonly number[]
  readonly data: readonly number[]
}

interface Exported {
  readonly model: string
  readonly x: Numbers
  readonly y: Numbers
  readonly gradient: readonly number[] | null
}

const exported = (
  JSON.parse(readFileSync(new URL('../../../conformance/graph/models.json', import.meta.url), 'utf8')) as {
    models: Readonly<Record<string, Exported>>
  }
).models

const floats = ({ shape, data }: Numbers): Tensor => tensor('float32', shape, Float32Array.from(data))

const furthest = (actual: Tensor, expected: readonly number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs(value - Number(actual.data[i]))))

const last = (values: Readonly<Record<string, Value>>): Value => Object.values(values).at(-1)!

describe.each(Object.entries(exported))('%s', (name, { model, x, y, gradient }) => {
  const bytes = Buffer.from(model, 'base64')

  test('loaded and compiled again it gives what the peer gave', async () => {
    const loaded = load(bytes, { file: name })
    const [from] = Object.values(loaded.inputs)
    for (const optimize of [true, false]) {
      await using session = await openSession(
        compile({ inputs: [from], outputs: { result: last(loaded.outputs) }, optimize }),
      )
      const { result } = await session.run({ [from.name!]: floats(x) })
      expect(result.shape).toEqual(y.shape)
      expect(furthest(result, y.data)).toBeLessThan(1e-5)
    }
  })

  test('saved and loaded again it has the same names and the same weights, byte for byte', () => {
    const first = load(bytes)
    const again = load(compile({ inputs: first.inputs, outputs: first.outputs, metadata: first.metadata }))
    expect(Object.keys(again.inputs)).toEqual(Object.keys(first.inputs))
    expect(Object.keys(again.outputs)).toEqual(Object.keys(first.outputs))
    expect(Object.keys(again.parameters).sort()).toEqual(Object.keys(first.parameters).sort())
    for (const [key, value] of Object.entries(first.parameters))
      expect(again.parameters[key].operation.attributes).toEqual(value.operation.attributes)
    const twice = compile({ inputs: again.inputs, outputs: again.outputs, metadata: again.metadata })
    const thrice = load(twice)
    expect(compile({ inputs: thrice.inputs, outputs: thrice.outputs }).bodyHash).toBe(twice.bodyHash)
  })

  // The others hold operators that have no derivative here, or give classes.
  if (gradient === null || !name.startsWith('mlp')) return
  test("its input gradient is the peer's", async () => {
    const { inputs, outputs } = load(bytes)
    const weights = input('weights', 'float32', y.shape as Dim[])
    const [g] = vjp([outputs.y], [inputs.x], [weights])
    await using session = await openSession(compile({ inputs: [inputs.x, weights], outputs: { g } }))
    const cosines = tensor(
      'float32',
      y.shape,
      Float32Array.from(y.data, (_, i) => Math.cos(i)),
    )
    const results = await session.run({ x: floats(x), weights: cosines })
    expect(furthest(results.g, gradient!)).toBeLessThan(1e-6)
  })
})

test('a loaded network trains: its initializers are parameters', async () => {
  const { inputs, outputs, parameters, producer } = load(Buffer.from(exported['mlp dynamo'].model, 'base64'))
  expect(producer).toMatch(/^pytorch/)
  const values = Object.values(parameters)
  expect(values).toHaveLength(6)
  const loss = reduceSum(mul(outputs.y, outputs.y))
  const steps = grad(loss, values)
  const updated = Object.fromEntries(values.map((value, i) => [`${value.name}.next`, add(value, mul(-0.05, steps[i]))]))
  await using session = await openSession(compile({ inputs: [inputs.x, ...values], outputs: { loss, ...updated } }))
  let state = Object.fromEntries(
    values.map((value) => [value.name!, (value.operation.attributes.value as { value: Tensor }).value]),
  )
  const losses: number[] = []
  for (let i = 0; i < 20; i++) {
    const results = await session.run({ x: floats(exported['mlp dynamo'].x), ...state })
    losses.push(Number(results.loss.data[0]))
    state = Object.fromEntries(values.map((value) => [value.name!, results[`${value.name}.next`]]))
  }
  expect(losses[19]).toBeLessThan(losses[0])
})

test('a loaded network runs on other inputs', async () => {
  const { inputs, outputs } = load(Buffer.from(exported['mlp torchscript'].model, 'base64'))
  const raw = input('raw', 'float64', ['rows', 4])
  const [y] = substitute([outputs.y], new Map([[inputs.x, cast(raw, 'float32')]]))
  const { shape, data } = exported['mlp torchscript'].x
  await using session = await openSession(compile({ inputs: [raw], outputs: { y } }))
  const results = await session.run({ raw: tensor('float64', shape, Float64Array.from(data)) })
  expect(furthest(results.y, exported['mlp torchscript'].y.data)).toBeLessThan(1e-5)
})

test('branches, loops, defaults and strings come back', async () => {
  const x = input('x', 'float32', ['n'])
  const label = input('label', 'string', [1])
  const rate = input('rate', 'float32', [], { default: tensor('float32', [], Float32Array.of(3)) })
  const w = parameter('w', tensor('float32', [1], Float32Array.of(2)))
  const scaled = mul(x, w)
  const chosen = ifElse(
    greater(reduceSum(x), 0),
    () => mul(scaled, rate),
    () => add(scaled, 1),
  )
  const [looped] = repeat(3, [chosen], ([state], turn) => [add(mul(state, w), cast(turn, 'float32'))])
  const outputs = { looped, match: equal(label, 'yes') }
  const model = compile({ inputs: [x, label, rate], outputs, metadata: { note: 'kept' } })
  const loaded = load(model)
  expect(loaded.metadata).toEqual({ note: 'kept' })
  const again = compile({ inputs: loaded.inputs, outputs: loaded.outputs, metadata: loaded.metadata })
  for (const numbers of [
    [1, 2],
    [-1, -2, -3],
  ]) {
    const feeds = {
      x: tensor('float32', [numbers.length], Float32Array.from(numbers)),
      label: tensor('string', [1], ['yes']),
    }
    await using before = await openSession(model)
    await using after = await openSession(again)
    expect(await after.run(feeds)).toEqual(await before.run(feeds))
  }
})

const old = (opset: number, graph: Message<'GraphProto'>): Uint8Array =>
  encode('ModelProto', { irVersion: 4, opsetImport: [{ version: opset }], graph })

const float = (name: string, ...dims: (number | string)[]): Message<'ValueInfoProto'> => ({
  name,
  type: {
    tensorType: {
      elemType: 1,
      shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
    },
  },
})

test('forms of older opsets are brought up to date', async () => {
  const ints = (name: string, ...numbers: number[]): Message<'AttributeProto'> => ({ name, ints: numbers, type: 7 })
  const bytes = old(9, {
    name: 'old',
    input: [float('x', 2, 3, 4)],
    output: [float('y')],
    node: [
      { opType: 'Clip', input: ['x'], output: ['a'], attribute: [{ name: 'min', f: -1, type: 1 }] },
      { opType: 'Slice', input: ['a'], output: ['b'], attribute: [ints('starts', 0, 1), ints('ends', 2, 3)] },
      { opType: 'Unsqueeze', input: ['b'], output: ['c'], attribute: [ints('axes', 0)] },
      { opType: 'Squeeze', input: ['c'], output: ['d'], attribute: [ints('axes', 0)] },
      { opType: 'Softmax', input: ['d'], output: ['e'], attribute: [{ name: 'axis', i: 1, type: 2 }] },
      { opType: 'Dropout', input: ['e'], output: ['f'], attribute: [{ name: 'ratio', f: 0.5, type: 1 }] },
      {
        opType: 'Pad',
        input: ['f'],
        output: ['p'],
        attribute: [ints('pads', 0, 0, 1, 0, 0, 0), { name: 'value', f: 7, type: 1 }],
      },
      {
        opType: 'ReduceSum',
        input: ['p'],
        output: ['y'],
        attribute: [ints('axes', 1), { name: 'keepdims', i: 0, type: 2 }],
      },
    ],
  })
  await using before = await openSession(bytes)
  const { inputs, outputs } = load(bytes)
  await using after = await openSession(compile({ inputs, outputs }))
  const feeds = {
    x: tensor(
      'float32',
      [2, 3, 4],
      Float32Array.from({ length: 24 }, (_, i) => Math.sin(i) * 2),
    ),
  }
  const [expected, actual] = [await before.run(feeds), await after.run(feeds)]
  expect(actual.y.shape).toEqual(expected.y.shape)
  expect(furthest(actual.y, Array.from(expected.y.data as Float32Array))).toBeLessThan(1e-6)
})

test("a file's own functions are expanded, with the attributes they are called with", async () => {
  const bytes = encode('ModelProto', {
    irVersion: 10,
    opsetImport: [{ version: 21 }, { domain: 'own', version: 1 }],
    functions: [
      {
        name: 'Leaky',
        domain: 'own',
        input: ['v'],
        output: ['w'],
        attribute: ['slope'],
        opsetImport: [{ version: 21 }],
        node: [
          {
            opType: 'LeakyRelu',
            input: ['v'],
            output: ['w'],
            attribute: [{ name: 'alpha', refAttrName: 'slope', type: 1 }],
          },
        ],
      },
    ],
    graph: {
      name: 'g',
      input: [float('x', 2)],
      output: [float('y', 2)],
      node: [
        {
          opType: 'Leaky',
          domain: 'own',
          input: ['x'],
          output: ['y'],
          attribute: [{ name: 'slope', f: 0.5, type: 1 }],
        },
      ],
    },
  })
  const { inputs, outputs } = load(bytes)
  const [g] = grad(reduceSum(outputs.y), [inputs.x])
  await using session = await openSession(compile({ inputs, outputs: { ...outputs, g } }))
  const results = await session.run({ x: tensor('float32', [2], Float32Array.of(-2, 2)) })
  expect([...(results.y.data as Float32Array), ...(results.g.data as Float32Array)]).toEqual([-1, 2, 0.5, 1])
})

const refused: readonly [string, Uint8Array, string, string][] = [
  [
    'no graph',
    encode('ModelProto', { irVersion: 10 }),
    'MODEL_CORRUPT',
    'net.onnx is no valid model: it holds no graph',
  ],
  ['an opset too old', old(6, {}), 'MODEL_UNSUPPORTED', 'net.onnx is written in opset 6 of ai.onnx'],
  ['an opset too new', old(29, {}), 'MODEL_UNSUPPORTED', 'net.onnx is written in opset 29 of ai.onnx'],
  [
    'a value that nothing makes',
    old(21, { input: [float('hidden', 1)], node: [{ opType: 'Relu', name: 'act', input: ['hiden'], output: ['y'] }] }),
    'MODEL_CORRUPT',
    'the node "act" (Relu) reads "hiden", which nothing before it makes (did you mean "hidden"?)',
  ],
  [
    'two nodes of one output',
    old(21, {
      input: [float('x', 1)],
      node: ['Relu', 'Neg'].map((opType) => ({ opType, input: ['x'], output: ['y'] })),
    }),
    'MODEL_CORRUPT',
    'two nodes, inputs or initializers give the name "y"',
  ],
  [
    'nodes in a circle',
    old(21, {
      input: [float('x', 1)],
      node: [
        { opType: 'Add', name: 'first', input: ['x', 'b'], output: ['a'] },
        { opType: 'Neg', input: ['a'], output: ['b'] },
      ],
      output: [float('b', 1)],
    }),
    'MODEL_CORRUPT',
    'the node "first" (Add) reads "b", which nothing before it makes',
  ],
  [
    'data that does not fill its shape',
    old(21, { initializer: [{ name: 'w', dataType: 1, dims: [3], rawData: new Uint8Array(8) }] }),
    'MODEL_CORRUPT',
    'tensor "w" of net.onnx has 2 elements where its shape [3] has 3',
  ],
  [
    'data in another file',
    old(21, { initializer: [{ name: 'w', dataType: 1, dims: [3], dataLocation: 1 }] }),
    'MODEL_UNSUPPORTED',
    'tensor "w" of net.onnx lies in another file',
  ],
  [
    'an element type that no tensor holds',
    old(21, { initializer: [{ name: 'w', dataType: 17, dims: [3], rawData: new Uint8Array(3) }] }),
    'MODEL_UNSUPPORTED',
    'tensor "w" of net.onnx has the element type 17',
  ],
]

test.each(refused)('a file with %s is refused', (_, bytes, code, message) => {
  let error: unknown
  try {
    load(bytes, { file: 'net.onnx' })
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(PodError)
  expect(error).toMatchObject({ code })
  expect((error as PodError).message).toContain(message)
})

test('what only tells an operator how to work is no parameter', () => {
  const scales = { name: 'scales', dataType: 1, dims: [3], floatData: [1, 1, 2] }
  const shared = { ...scales, name: 'shared', floatData: [1, 1, 1.5] }
  const bytes = old(13, {
    input: [float('x', 1, 1, 1)],
    output: [float('y')],
    initializer: [scales, shared],
    node: [
      { opType: 'Resize', input: ['x', '', 'scales'], output: ['a'], attribute: [] },
      { opType: 'Resize', input: ['a', '', 'shared'], output: ['b'], attribute: [] },
      { opType: 'Mul', input: ['b', 'shared'], output: ['y'] },
    ],
  })
  const { outputs, parameters } = load(bytes)
  expect(Object.keys(parameters)).toEqual(['shared'])
  expect(outputs.y.shape).toEqual([1, 1, 3])
})

test('an operator in a form that newer opsets changed is not written as if it were new', () => {
  const bytes = old(9, {
    name: 'g',
    input: [float('x', 1, 1, 2, 2)],
    output: [float('y')],
    // larger one way and smaller the other, which no mode of Resize rounds as it was
    initializer: [{ name: 's', dataType: 1, dims: [4], floatData: [1, 1, 2, 0.5] }],
    node: [{ opType: 'Upsample', name: 'up', input: ['x', 's'], output: ['y'] }],
  })
  const { inputs, outputs } = load(bytes)
  expect(() => compile({ inputs, outputs })).toThrow('up is a Upsample in the form of opset 9, which opset 10 changed')
})

describe('the handle of a model', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlpod-graph-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const x = input('x', 'float32', ['n', 2])
  const w = parameter('w', tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)))
  const model = compile({ inputs: [x], outputs: { y: matMul(reshape(x, [-1, 2]), w) }, metadata: { a: 'b' } })

  test('writes the bytes whole and reads them as a model', async () => {
    const handle = onnxModel('model.onnx')
    expect(handle).toMatchObject({ kind: 'model', file: 'model.onnx', extension: '.onnx' })
    const path = join(folder, 'model.onnx')
    await handle.write(model, path)
    expect(await readdir(folder)).toEqual(['model.onnx'])
    expect(new Uint8Array(await readFile(path))).toEqual(model.bytes)
    const read = await handle.read(path)
    expect(read.bodyHash).toBe(model.bodyHash)
    expect(summary(read)).toEqual(summary(model))
    expect(modelOf(read.bytes).metadata).toEqual({ a: 'b' })
  })

  test('refuses what is no model, with its path', async () => {
    const path = join(folder, 'other.onnx')
    await expect(onnxModel().read(path)).rejects.toMatchObject({ code: 'MODEL_MISSING', at: path })
    await writeFile(path, 'PK not a model')
    await expect(onnxModel().read(path)).rejects.toMatchObject({ code: 'MODEL_CORRUPT', at: path })
    await expect(onnxModel().write(model, join(folder, 'no', 'folder.onnx'))).rejects.toThrow()
  })
})
