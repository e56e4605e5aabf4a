import { type Tensor, tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import {
  add,
  cast,
  compile,
  constant,
  gather,
  grad,
  greater,
  ifElse,
  input,
  less,
  log,
  loop,
  matMul,
  mul,
  not,
  openSession,
  reduceSum,
  repeat,
  sub,
  substitute,
  summary,
  tanh,
  type Value,
} from '../index.ts'
import { decode } from '../onnx/decode.ts'

const vector = (...numbers: number[]) => tensor('float32', [numbers.length], Float32Array.from(numbers))
const scalar = (number: number) => tensor('float32', [], Float32Array.of(number))

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>> = {}) {
  await using session = await openSession(compile({ outputs }))
  const results = await session.run(feeds)
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as ArrayLike<number>)]),
  )
}

const x = input('x', 'float32', ['n'])

test('the condition picks the branch, and a branch reads what stands around it', async () => {
  const twice = mul(x, 2)
  const y = ifElse(
    greater(reduceSum(x), 0),
    () => add(twice, 1),
    () => sub(twice, 1),
  )
  expect(await run({ y }, { x: vector(1, 2) })).toEqual({ y: [3, 5] })
  expect(await run({ y }, { x: vector(-1, -2) })).toEqual({ y: [-3, -5] })
})

test('only the branch that is taken runs: an index out of range in the other does no harm', async () => {
  const i = input('i', 'int64', [])
  const list = constant([10, 20])
  const y = ifElse(
    less(i, 2),
    () => gather(list, i),
    () => constant(-1),
  )
  const at = (index: bigint) => ({ i: tensor('int64', [], BigInt64Array.of(index)) })
  expect(await run({ y }, at(1n))).toEqual({ y: [20] })
  expect(await run({ y }, at(5n))).toEqual({ y: [-1] })
})

test('branches may return nothing but what was there before, several values, and leaves', async () => {
  const [a, b] = ifElse(
    greater(reduceSum(x), 0),
    () => [x, constant([7])],
    () => [mul(x, x), constant([8])],
  )
  expect(await run({ a, b }, { x: vector(1, 2) })).toEqual({ a: [1, 2], b: [7] })
  expect(await run({ a, b }, { x: vector(-1, -2) })).toEqual({ a: [1, 4], b: [8] })
})

test('a loop gives its last state and what it collected', async () => {
  const [last, steps] = repeat(4, [x], ([state], turn) => {
    const next = add(mul(state, 2), cast(turn, 'float32'))
    return { state: [next], collect: [reduceSum(next)] }
  })
  expect(last.shape).toEqual(['n'])
  expect(await run({ last, steps }, { x: vector(1, 0) })).toEqual({ last: [27, 11], steps: [2, 6, 16, 38] })
})

test('no turns leave the state as it was', async () => {
  const [last, steps] = repeat(0, [x], ([state]) => ({ state: [mul(state, 2)], collect: [state] }))
  expect(await run({ last, steps }, { x: vector(1, 2) })).toEqual({ last: [1, 2], steps: [] })
})

test('a loop goes on as long as its body says', async () => {
  const start = input('start', 'float32', [])
  const [last] = loop([start], ([state]) => {
    const next = mul(state, 2)
    return { state: [next], proceed: less(next, 100) }
  })
  expect(await run({ last }, { start: scalar(3) })).toEqual({ last: [192] })
  const [capped] = loop([start], ([state]) => ({ state: [mul(state, 2)], proceed: constant(true) }), { trips: 3 })
  expect(await run({ capped }, { start: scalar(3) })).toEqual({ capped: [24] })
  const [none] = loop([start], ([state]) => ({ state: [mul(state, 2)] }), { trips: 3, proceed: not(constant(true)) })
  expect(await run({ none }, { start: scalar(3) })).toEqual({ none: [3] })
})

test('the trips may be a value, and the state may grow', async () => {
  const n = input('n', 'int64', [])
  const { concat } = await import('../index.ts')
  const [grown] = repeat(n, [x], ([state]) => [concat([state, constant([9])])])
  expect(grown.shape).not.toEqual(['n'])
  const feeds = { x: vector(1), n: tensor('int64', [], BigInt64Array.of(2n)) }
  await using session = await openSession(compile({ outputs: { grown } }))
  expect((await session.run(feeds)).grown).toEqual(vector(1, 9, 9))
})

test('a loop in a loop reads the state of the outer one', async () => {
  const [last] = repeat(2, [x], ([outer]) => repeat(3, [outer], ([inner]) => [add(inner, mul(outer, 0.5))]))
  expect((await run({ last }, { x: vector(4) })).last).toEqual([25])
})

test('steps of training in one loop are the steps one by one', async () => {
  const w = input('w', 'float32', [2, 2])
  const data = constant(tensor('float32', [3, 2], Float32Array.of(1, 2, 3, -1, 0.5, 1)))
  const step = (value: Value): Value => {
    const y = tanh(matMul(data, value))
    const [g] = grad(reduceSum(mul(y, y)), [value])
    return sub(value, mul(0.1, g))
  }
  const [looped] = repeat(5, [w], ([value]) => [step(value)])
  let unrolled: Value = w
  for (let i = 0; i < 5; i++) unrolled = step(unrolled)
  const results = await run(
    { looped, unrolled },
    { w: tensor('float32', [2, 2], Float32Array.of(0.1, -0.2, 0.3, 0.4)) },
  )
  for (const [i, value] of results.looped.entries()) expect(value).toBeCloseTo(results.unrolled[i], 5)
  expect(summary(compile({ outputs: { looped } })).operators.Loop).toBe(1)
})

test('a derivative inside a branch takes the place of one outside', async () => {
  const inside = ifElse(
    greater(reduceSum(x), 0),
    () => grad(reduceSum(mul(x, x)), [x])[0],
    () => x,
  )
  expect(await run({ inside }, { x: vector(1, 2) })).toEqual({ inside: [2, 4] })
})

test('the derivative of a branch computes only that branch again', async () => {
  const y = ifElse(
    greater(reduceSum(x), 0),
    () => log(x),
    () => mul(x, x),
  )
  const [g] = grad(reduceSum(y), [x])
  expect(await run({ g }, { x: vector(2, 4) })).toEqual({ g: [0.5, 0.25] })
  expect(await run({ g }, { x: vector(-2, -4) })).toEqual({ g: [-4, -8] })
  expect(summary(compile({ outputs: { g } })).operators).toMatchObject({ If: 1 })
})

test('other inputs go into branches and loops as well', async () => {
  const w = input('w', 'float32', [])
  const chosen = ifElse(
    greater(w, 0),
    () => mul(x, w),
    () => x,
  )
  const [last] = repeat(2, [chosen], ([state]) => [add(state, x)])
  const fixed = constant([1, 2, 3])
  const [moved] = substitute([last], new Map([[x, fixed]]))
  expect(moved.shape).toEqual([3])
  expect(await run({ moved }, { w: scalar(2) })).toEqual({ moved: [4, 8, 12] })
})

test('what does not change in a loop is computed once, not at every turn', () => {
  const a = input('a', 'float32', [3, 3])
  const b = input('b', 'float32', [3, 3])
  const before = matMul(b, a)
  const [last] = repeat(5, [a], ([state]) => [add(matMul(a, b), add(before, mul(state, 2)))])
  const graph = decode('ModelProto', compile({ outputs: { last } }).bytes).graph!
  const outside = graph.node!.map(({ opType }) => opType)
  expect(outside.filter((type) => type === 'MatMul')).toHaveLength(2)
  const inside = graph.node!.at(-1)!.attribute![0].g!.node!.map(({ opType }) => opType)
  expect(inside).not.toContain('MatMul')
})

test('a value made inside a body is not to be had outside', () => {
  let leaked: Value | undefined
  const [last] = repeat(2, [x], ([state]) => {
    leaked = mul(state, 2)
    return [leaked]
  })
  expect(() => compile({ outputs: { last, sum: add(last, leaked!) } })).toThrow(
    'state0 is used outside the body that makes it',
  )
})
