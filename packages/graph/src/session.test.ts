import { PodError, tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import {
  add,
  compile,
  constant,
  gather,
  hardmax,
  input,
  labelEncoder,
  matMul,
  mul,
  openSession,
  parameter,
  reduceSum,
} from './index.ts'

const vector = (...numbers: number[]) => tensor('float32', [numbers.length], Float32Array.from(numbers))
const x = input('x', 'float32', ['n'])
const y = input('y', 'float32', ['n'])
const rate = input('rate', 'float32', [], { default: tensor('float32', [], Float32Array.of(2)) })
const model = compile({ inputs: [x, y, rate], outputs: { sum: add(x, y), scaled: mul(rate, x) } })

test('a run gives all outputs, or those asked for', async () => {
  await using session = await openSession(model)
  const results = await session.run({ x: vector(1, 2), y: vector(10, 20) })
  expect(results).toEqual({ sum: vector(11, 22), scaled: vector(2, 4) })
  expect(Object.keys(await session.run({ x: vector(1), y: vector(1) }, { outputs: ['sum'] }))).toEqual(['sum'])
})

test('an input with a default may be left out or fed', async () => {
  await using session = await openSession(model)
  const feeds = { x: vector(1, 2), y: vector(0, 0) }
  expect((await session.run(feeds)).scaled).toEqual(vector(2, 4))
  const fed = await session.run({ ...feeds, rate: tensor('float32', [], Float32Array.of(5)) })
  expect(fed.scaled).toEqual(vector(5, 10))
  expect(session.inputs.map(({ name, optional }) => [name, optional])).toEqual([
    ['x', false],
    ['y', false],
    ['rate', true],
  ])
})

test.each(['current', 'worker'] as const)('results are written into given tensors (thread: %s)', async (thread) => {
  await using session = await openSession(model, { thread })
  const place = vector(0, 0)
  const { sum } = await session.run({ x: vector(1, 2), y: vector(3, 4) }, { into: { sum: place }, outputs: ['sum'] })
  expect(sum).toBe(place)
  expect([...place.data]).toEqual([4, 6])
})

test('wrong feeds are refused with what was expected and what came', async () => {
  await using session = await openSession(model)
  const feeds = { x: vector(1, 2), y: vector(1, 2) }
  const error = (given: Record<string, ReturnType<typeof vector>>) =>
    session.run(given).catch((e: PodError) => [e.code, e.message, e.because])
  expect(await error({ x: vector(1) })).toEqual(['INPUT_MISSING', 'the input "y" is not fed', undefined])
  expect(await error({ ...feeds, rates: vector(1) })).toEqual([
    'INPUT_UNKNOWN',
    'the model has no input "rates" (did you mean "rate"?)',
    undefined,
  ])
  expect(await error({ ...feeds, y: vector(1, 2, 3) })).toEqual([
    'SHAPE_MISMATCH',
    'the input "y" has the shape [n], but [3] is given',
    'n is 2 in "x"',
  ])
  expect(await error({ ...feeds, rate: vector(1) })).toEqual([
    'SHAPE_MISMATCH',
    'the input "rate" has the shape [], but [1] is given',
    undefined,
  ])
  const wide = tensor('float64', [2], new Float64Array(2))
  await expect(session.run({ ...feeds, x: wide })).rejects.toMatchObject({
    code: 'DTYPE_MISMATCH',
    message: 'the input "x" is float32, but float64 is given',
  })
  await expect(session.run(feeds, { outputs: ['sun'] })).rejects.toMatchObject({
    code: 'OUTPUT_UNKNOWN',
    message: 'the model has no output "sun" (did you mean "sum"?)',
  })
  await expect(session.run(feeds, { into: { sum: wide } })).rejects.toMatchObject({ code: 'DTYPE_MISMATCH' })
})

test.each(['current', 'worker'] as const)('what fails in the runtime is a PodError (thread: %s)', async (thread) => {
  const i = input('i', 'int64', [1])
  const picked = compile({ inputs: [i], outputs: { picked: gather(constant([1, 2, 3]), i) } })
  await using session = await openSession(picked, { thread })
  const error = await session.run({ i: tensor('int64', [1], BigInt64Array.of(7n)) }).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(PodError)
  expect(error).toMatchObject({ code: 'RUN_FAILED' })
  const again = await session.run({ i: tensor('int64', [1], BigInt64Array.of(-1n)) })
  expect(again.picked).toEqual(vector(3))
})

test.each(['current', 'worker'] as const)('a closed session says so (thread: %s)', async (thread) => {
  const session = await openSession(model, { thread })
  await session.close()
  await session.close()
  await expect(session.run({ x: vector(1), y: vector(1) })).rejects.toMatchObject({ code: 'SESSION_CLOSED' })
})

test('a model that the runtime does not take is refused, in either thread', async () => {
  for (const thread of ['current', 'worker'] as const)
    await expect(openSession(Uint8Array.of(58, 0), { thread })).rejects.toMatchObject({ code: 'MODEL_REFUSED' })
})

test('a worker leaves this thread free while it runs', async () => {
  const size = 700
  const square = tensor('float32', [size, size], new Float32Array(size * size).fill(1e-3))
  let value = input('m', 'float32', [size, size])
  const m = value
  for (let i = 0; i < 20; i++) value = matMul(value, parameter(`w${i}`, square))
  await using session = await openSession(compile({ inputs: [m], outputs: { total: reduceSum(value) } }), {
    thread: 'worker',
  })
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await session.run({ m: square })
  clearInterval(timer)
  expect(ticks).toBeGreaterThan(3)
})

test('half precision goes in and comes out as 16 bits', async () => {
  const h = input('h', 'float16', [2])
  await using session = await openSession(compile({ inputs: [h], outputs: { twice: add(h, h) } }))
  const one = tensor('float16', [2], Uint16Array.of(0x3c00, 0x4000))
  expect((await session.run({ h: one })).twice).toEqual(tensor('float16', [2], Uint16Array.of(0x4000, 0x4400)))
})

test('strings are compared', async () => {
  const s = input('s', 'string', ['n', 1])
  const { equal, cast } = await import('./index.ts')
  await using session = await openSession(
    compile({ inputs: [s], outputs: { hot: cast(equal(s, constant(['a', 'b', 'c'])), 'float32') } }),
  )
  const { hot } = await session.run({ s: tensor('string', [2, 1], ['b', 'unknown']) })
  expect([...(hot.data as Float32Array)]).toEqual([0, 1, 0, 0, 0, 0])
})

test('labels are encoded', async () => {
  const s = input('s', 'string', ['n'])
  const code = labelEncoder(s, { keys: ['no', 'yes'], values: [0, 1], fallback: -1 })
  const name = labelEncoder(code, { keys: [0, 1], values: ['NO', 'YES'], fallback: '?' })
  await using session = await openSession(compile({ inputs: [s], outputs: { code, name } }))
  const results = await session.run({ s: tensor('string', [3], ['yes', 'no', 'maybe']) })
  expect(results.code.data).toEqual(BigInt64Array.of(1n, 0n, -1n))
  expect(results.name.data).toEqual(['YES', 'NO', '?'])
  expect(() => labelEncoder(s, { keys: ['a'], values: [], fallback: 0 })).toThrow('1 keys are given for 0 values')
})

test('a missing kernel is said to be one', async () => {
  const d = input('d', 'float64', [2])
  await expect(openSession(compile({ inputs: [d], outputs: { y: hardmax(d) } }))).rejects.toMatchObject({
    code: 'MODEL_REFUSED',
    because: 'it has no kernel for this operator in this element type',
  })
})

test('a device that no runtime has is refused, and one that is not there', async () => {
  const x = input('x', 'float32', [2])
  const model = compile({ outputs: { y: add(x, x) } })
  const open = (device: string) => openSession(model, { device: device as 'cpu' })
  await expect(open('web-gpu')).rejects.toMatchObject({
    code: 'DEVICE_UNKNOWN',
    message: expect.stringContaining('did you mean "webgpu"?'),
    hint: 'it is cpu, webgpu, cuda',
  })
  // a machine is named, not a device misspelt
  await expect(open('tpu')).rejects.toMatchObject({
    code: 'DEVICE_UNKNOWN',
    message: 'no runtime here has the device "tpu"',
    hint: expect.stringContaining('saveFile(compile('),
  })
  await expect(open('gpu')).rejects.toMatchObject({
    message: 'no runtime here has the device "gpu"',
    hint: expect.stringContaining('"cuda"'),
  })
  // onnxruntime-node brings no CUDA
  await expect(open('cuda')).rejects.toMatchObject({ code: 'DEVICE_MISSING', hint: expect.stringContaining('CUDA 12') })
})
