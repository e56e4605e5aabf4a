import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import {
  add,
  clip,
  compile,
  defineOp,
  grad,
  input,
  jvp,
  load,
  mul,
  openSession,
  reduceSum,
  repeat,
  round,
  sigmoid,
  sin,
  summary,
  type Value,
} from './index.ts'
import { testDerivatives, unary } from './testDerivatives.ts'

const x = input('x', 'float32', [3])
const feeds = { x: tensor('float32', [3], Float32Array.of(-1.4, 0.4, 2.6)) }

async function run(outputs: Readonly<Record<string, Value>>, optimize = true) {
  await using session = await openSession(compile({ outputs, optimize }))
  const results = await session.run(feeds)
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]))
}

test('an operator with a body computes the body and has the derivative it tells', async () => {
  const straight = defineOp('my.domain', 'StraightThrough', {
    body: ([value]) => round(value),
    vjp: ({ x: [value], g }) => [mul(g, sigmoid(mul(value, 0)))],
  })
  const [y] = straight([x])
  const loss = reduceSum(mul(y, y))
  const outputs = { y, slope: grad(loss, [x])[0], tangent: jvp([y], [x], [x])[0] }
  for (const optimize of [true, false]) {
    const found = await run(outputs, optimize)
    expect(found.y).toEqual([-1, 0, 3])
    expect(found.slope).toEqual([-1, 0, 3])
    for (const [i, value] of [-0.7, 0.2, 1.3].entries()) expect(found.tangent[i]).toBeCloseTo(value, 6)
  }
})

const squareOfSum = defineOp('my.domain', 'SquareOfSum', {
  body: ([a, b]) => mul(add(a, b), add(a, sin(b))),
})

testDerivatives({
  'a body is differentiated when no rule is told': {
    shapes: [[2, 3], [3]],
    make: (a, b) => squareOfSum([a, b]),
  },
  'also when one value is both inputs': unary((a) => squareOfSum([a, a])),
  'and in a loop': unary((a) => repeat(2, [a], ([s]) => squareOfSum([clip(s, -1, 1), s]))),
})

test('a file gives the nodes of a defined operator their definition', async () => {
  const double = defineOp('my.domain', 'Double', { vjp: ({ g }) => [mul(g, 2)] })
  const model = compile({ outputs: { y: double([x])[0] } })
  expect(summary(model).operators).toEqual({ 'my.domain.Double': 1 })
  const known = defineOp('my.domain', 'Double', { body: ([value]) => mul(value, 2) })
  const loaded = load(model, { operators: [known] })
  const [slope] = grad(reduceSum(loaded.outputs.y), [loaded.inputs.x])
  expect(await run({ y: loaded.outputs.y, slope })).toEqual({
    y: [-2.8, 0.8, 5.2].map(Math.fround),
    slope: [2, 2, 2],
  })
  const unknown = load(model)
  expect(() => grad(reduceSum(unknown.outputs.y), [unknown.inputs.x])).toThrow('Double')
})

test('an operator of this room is not defined again', () => {
  expect(() => defineOp('', 'Relu', {})).toThrow('Relu of the domain "ai.onnx" is defined already')
})
