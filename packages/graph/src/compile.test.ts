import { hashBytes, tensor } from '@mlpod/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  add,
  compile,
  concat,
  constant,
  exp,
  gatherElements,
  grad,
  greater,
  identity,
  ifElse,
  input,
  logSoftmax,
  matMul,
  modelOf,
  mul,
  neg,
  openSession,
  parameter,
  reduceMean,
  reduceSum,
  relu,
  slice,
  sub,
  substitute,
  summary,
  transpose,
  unsqueeze,
  type Value,
  vjp,
  withMetadata,
} from './index.ts'

const floats = (shape: readonly number[], make: (i: number) => number = (i) => Math.sin(i)) =>
  tensor(
    'float32',
    shape,
    Float32Array.from({ length: shape.reduce((n, dim) => n * dim, 1) }, (_, i) => make(i)),
  )

function trainingStep() {
  const x = input('x', 'float32', ['batch', 6])
  const y = input('y', 'int64', ['batch'])
  const rate = input('rate', 'float32', [])
  const parameters = [6, 5, 4].slice(0, 2).flatMap((rows, i) => {
    const columns = [5, 4][i]
    return [parameter(`w${i}`, floats([rows, columns])), parameter(`b${i}`, floats([columns]))]
  })
  const [w0, b0, w1, b1] = parameters
  const logits = add(matMul(relu(add(matMul(x, w0), b0)), w1), b1)
  const loss = neg(reduceMean(gatherElements(logSoftmax(logits), unsqueeze(y, [1]), { axis: 1 })))
  const steps = vjp([loss], parameters, [neg(rate)])
  const updated = Object.fromEntries(parameters.map((value, i) => [`${value.name}.next`, add(value, steps[i])]))
  return { inputs: [x, y, rate, ...parameters], outputs: { loss, ...updated } }
}

test('the same graph gives the same bytes, whenever it is made', () => {
  const first = compile(trainingStep())
  input('in between', 'float32', [])
  const second = compile(trainingStep())
  expect(second.bodyHash).toBe(first.bodyHash)
  expect(hashBytes(second.bytes)).toBe(hashBytes(first.bytes))
})

test('a training step has no needless node: products, biases, transposes and updates are Gemm', () => {
  const { operators, nodes } = summary(compile(trainingStep()))
  expect(operators).toMatchObject({ Gemm: 5, Relu: 1, LogSoftmax: 1 })
  expect(operators).not.toHaveProperty('Transpose')
  expect(operators).not.toHaveProperty('MatMul')
  expect(nodes).toBeLessThanOrEqual(32)
})

test('parameters are initializers unless they are inputs', async () => {
  const x = input('x', 'float32', [2])
  const w = parameter(
    'w',
    floats([2], (i) => i + 1),
  )
  const fixed = compile({ inputs: [x], outputs: { y: mul(x, w) } })
  expect(fixed.inputs.map(({ name }) => name)).toEqual(['x'])
  expect(summary(fixed)).toMatchObject({ initializers: 1, parameters: 2, nodes: 1 })
  const fed = compile({ inputs: [x, w], outputs: { y: mul(x, w) } })
  expect(fed.inputs.map(({ name }) => name)).toEqual(['x', 'w'])
  expect(summary(fed)).toMatchObject({ initializers: 0 })
})

test('inputs are named by a record, and may be any value', async () => {
  const x = input('x', 'float32', [2])
  const hidden = exp(x)
  const model = compile({ inputs: { hidden }, outputs: { y: mul(hidden, 2) } })
  expect(model.inputs).toEqual([{ name: 'hidden', dtype: 'float32', shape: [2], optional: false }])
  await using session = await openSession(model)
  expect((await session.run({ hidden: floats([2], () => 3) })).y).toEqual(floats([2], () => 6))
})

test('an output may be an input, a parameter, a constant, or another output', async () => {
  const x = input('x', 'float32', [2])
  const w = parameter('w', floats([2]))
  const sum = add(x, w)
  await using session = await openSession(
    compile({ inputs: [x], outputs: { x2: x, w2: w, c: constant([1, 2]), sum, again: sum } }),
  )
  const results = await session.run({ x: floats([2], () => 1) })
  expect(results.x2).toEqual(floats([2], () => 1))
  expect(results.w2).toEqual(floats([2]))
  expect(results.again).toEqual(results.sum)
})

test('what is wrong with a model is said before it is written', () => {
  const x = input('x', 'float32', [2])
  const twice = [parameter('w', floats([2])), parameter('w', floats([2]))]
  expect(() => compile({ inputs: [], outputs: { y: x } })).toThrow('the outputs need the input "x", which is not among')
  expect(() => compile({ outputs: { y: add(twice[0], twice[1]) } })).toThrow('two values are named "w"')
  expect(() => compile({ inputs: [x, x], outputs: { y: x } })).toThrow('two inputs of the model are named "x"')
  expect(() => compile({ inputs: [x], outputs: { x: neg(x) } })).toThrow(
    'an input and an output of the model are both named "x"',
  )
  expect(() => compile({ inputs: [neg(x)], outputs: { y: x } })).toThrow(
    'an input of the model is a Neg without a name',
  )
  expect(() => compile({ inputs: [x], outputs: {} })).toThrow('a model needs at least one output')
})

test('one parameter may be used as two values of the same tensor', () => {
  const data = floats([2])
  const model = compile({ outputs: { y: add(parameter('w', data), parameter('w', data)) } })
  expect(summary(model).initializers).toBe(1)
})

test('metadata is outside the identity of a model', () => {
  const x = input('x', 'float32', [2])
  const plain = compile({ inputs: [x], outputs: { y: neg(x) } })
  const noted = compile({ inputs: [x], outputs: { y: neg(x) }, metadata: { b: '2', a: '1' } })
  expect(noted.bodyHash).toBe(plain.bodyHash)
  expect(noted.bytes).not.toEqual(plain.bytes)
  const other = withMetadata(noted, { promise: 'kept', text: 'größer' })
  expect(other.bodyHash).toBe(plain.bodyHash)
  expect(other.metadata).toEqual({ promise: 'kept', text: 'größer' })
  const read = modelOf(other.bytes)
  expect(read).toEqual(other)
  expect(modelOf(withMetadata(other, {}).bytes).bytes).toEqual(plain.bytes)
})

test('other weights are another model', () => {
  const x = input('x', 'float32', [2])
  const hashOf = (value: number) =>
    compile({
      inputs: [x],
      outputs: {
        y: mul(
          x,
          parameter(
            'w',
            floats([2], () => value),
          ),
        ),
      },
    }).bodyHash
  expect(hashOf(1)).not.toBe(hashOf(2))
})

test('a graph of ten thousand steps compiles without overflowing the stack', () => {
  const x = input('x', 'float32', [1])
  let value: Value = x
  for (let i = 0; i < 10_000; i++) value = add(mul(value, x), x)
  const [g] = grad(reduceSum(value), [x])
  expect(summary(compile({ inputs: [x], outputs: { g } })).nodes).toBeGreaterThan(1000)
})

test('simplified graphs compute what they were written to compute', async () => {
  const step = fc.nat(11)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), fc.nat(5), async (steps, salt) => {
      const x = input('x', 'float32', ['n', 3])
      const w = parameter(
        'w',
        floats([3, 3], (i) => Math.cos(i + salt)),
      )
      const row = parameter(
        'row',
        floats([3], (i) => Math.sin(i + salt)),
      )
      let value: Value = x
      const moves: ((v: Value) => Value)[] = [
        (v) => add(v, row),
        (v) => sub(row, v),
        (v) => mul(v, 0.5),
        (v) => matMul(v, w),
        (v) => matMul(v, transpose(w)),
        (v) => neg(v),
        (v) => add(v, 0),
        (v) => relu(v),
        (v) => mul(1, v),
        (v) => transpose(transpose(v)),
        (v) => sub(v, reduceMean(v, { axes: [-1], keepDims: true })),
        (v) =>
          ifElse(
            greater(reduceSum(v), 0),
            () => mul(2, v),
            () => matMul(v, w),
          ),
      ]
      for (const at of steps) value = moves[at](value)
      const [g] = grad(reduceSum(value), [w])
      const outputs = { value, g }
      const feeds = { x: floats([4, 3]) }
      const [plain, simple] = await Promise.all(
        [false, true].map(async (optimize) => {
          await using session = await openSession(compile({ inputs: [x], outputs, optimize }))
          return session.run(feeds)
        }),
      )
      for (const name of ['value', 'g'])
        for (const [i, expected] of (plain[name].data as Float32Array).entries()) {
          const scale = 1 + Math.abs(expected)
          expect(Math.abs((simple[name].data as Float32Array)[i] - expected) / scale).toBeLessThan(1e-4)
        }
    }),
    { numRuns: 60 },
  )
})

test('the same model on other inputs', async () => {
  const x = input('x', 'float32', ['n', 2])
  const w = parameter('w', floats([2, 2]))
  const model = relu(matMul(x, w))
  const fixed = constant(floats([3, 2], (i) => i))
  const [moved] = substitute([model], new Map([[x, fixed]]))
  expect(moved.shape).toEqual([3, 2])
  const [shared] = substitute([model], new Map([[fixed, x]]))
  expect(shared).toBe(model)
  await using session = await openSession(compile({ inputs: [x], outputs: { model, moved } }))
  const results = await session.run({ x: floats([3, 2], (i) => i) })
  expect(results.moved).toEqual(results.model)
  expect(() => substitute([model], new Map([[x, constant([1, 2, 3])]]))).toThrow('the inner sizes 3 and 2 differ')
})

test('an axis counted from the end is reduced when there is no row', async () => {
  const x = input('x', 'float32', ['batch', 3])
  const outputs = { mean: reduceMean(x, { axes: [-1] }), kept: reduceSum(x, { axes: [-1], keepDims: true }) }
  await using session = await openSession(compile({ inputs: [x], outputs }))
  const { mean, kept } = await session.run({ x: floats([0, 3]) })
  expect([mean.shape, kept.shape]).toEqual([[0], [0, 1]])
})

test('the largest int64, which means to the end, outlives folding', async () => {
  const x = input('x', 'float32', [3])
  const end = constant(tensor('int64', [1], BigInt64Array.of(2n ** 63n - 1n)))
  const y = slice(x, [1], concat([end]))
  await using session = await openSession(compile({ inputs: [x], outputs: { y } }))
  expect((await session.run({ x: floats([3], (i) => i) })).y).toEqual(floats([2], (i) => i + 1))
})

test('a vector by a transposed matrix is right, where the runtime by itself is not', async () => {
  for (const optimize of [true, false]) {
    const q = input('q', 'float32', [4, 3])
    const v = input('v', 'float32', [4])
    const cube = input('cube', 'float32', [2, 4, 3])
    const outputs = {
      right: matMul(transpose(q, [1, 0]), v),
      left: matMul(input('u', 'float32', [3]), transpose(q, [1, 0])),
      batches: matMul(transpose(cube, [0, 2, 1]), v),
      // the transpose comes to stand before the product only when what is between is gone
      behind: matMul(identity(add(transpose(q, [1, 0]), 0)), v),
    }
    await using session = await openSession(compile({ outputs, optimize }))
    const twelve = Float32Array.from({ length: 12 }, (_, i) => i)
    const found = await session.run({
      q: tensor('float32', [4, 3], twelve),
      v: tensor('float32', [4], Float32Array.of(1, 2, 3, 4)),
      u: tensor('float32', [3], Float32Array.of(1, 2, 3)),
      cube: tensor('float32', [2, 4, 3], Float32Array.of(...twelve, ...twelve)),
    })
    expect(found.right).toEqual(tensor('float32', [3], Float32Array.of(60, 70, 80)))
    expect(found.behind).toEqual(found.right)
    expect(found.left).toEqual(tensor('float32', [4], Float32Array.of(8, 26, 44, 62)))
    expect(found.batches).toEqual(tensor('float32', [2, 3], Float32Array.of(60, 70, 80, 60, 70, 80)))
  }
})
