import { tensor } from '@mlpod/contract'
import { add, exp, gather, input, mul, neg, parameter, reduceMean, reduceSum, sin, sub, type Value } from '@mlpod/graph'
import { expect, test } from 'vitest'
import peers from '../../../conformance/learn/lbfgs.json' with { type: 'json' }
import { lbfgs } from './lbfgs.ts'

const part = (x: Value, from: number, to: number): Value =>
  gather(
    x,
    Array.from({ length: to - from }, (_, i) => from + i),
  )
const square = (x: Value): Value => mul(x, x)
const functions: Readonly<Record<string, (x: Value, n: number) => Value>> = {
  rosenbrock(x, n) {
    const [head, tail] = [part(x, 0, n - 1), part(x, 1, n)]
    return reduceSum(add(mul(100, square(sub(tail, square(head)))), square(sub(1, head))))
  },
  wavy: (x, n) => {
    const weights = Array.from({ length: n }, (_, i) => (i + 1) / 2)
    return add(reduceSum(mul(square(x), weights)), reduceSum(sin(mul(x, 3))))
  },
}

for (const { function: name, start, options, points } of peers)
  test(`${name} by ${JSON.stringify(options)} goes the way of torch`, async () => {
    const x = parameter('x', tensor('float64', [start.length], Float64Array.from(start)))
    const loss = functions[name](x, start.length)
    for (const [iterations, { x: expected, evaluations }] of Object.entries(points)) {
      const found = await lbfgs({ loss, parameters: { x }, iterations: Number(iterations), ...(options as object) })
      const values = Array.from(found.parameters.x.data as Float64Array)
      values.forEach((value, i) => void expect(value, `${iterations} iterations`).toBeCloseTo(expected[i], 7))
      if (options.lineSearch !== 'none') expect(found.evaluations).toBe(evaluations)
    }
  })

test('several parameters of single precision find the least squares, and say why they stop', async () => {
  const n = 50
  const data = Float32Array.from({ length: n }, (_, i) => i / n)
  const x = input('x', 'float32', [n])
  const y = input('y', 'float32', [n])
  const slope = parameter('slope', tensor('float32', [1], new Float32Array(1)))
  const level = input('level', 'float32', [])
  const loss = reduceMean(square(sub(add(mul(x, slope), level), y)))
  const told: number[] = []
  const found = await lbfgs({
    loss,
    parameters: { slope, level },
    initial: { level: tensor('float32', [], Float32Array.of(5)) },
    feeds: {
      x: tensor('float32', [n], data),
      y: tensor(
        'float32',
        [n],
        data.map((v) => 3 * v - 2),
      ),
    },
    gradientTolerance: 1e-5,
    onIteration: ({ iteration }) => told.push(iteration),
  })
  expect(found.parameters.slope.data[0]).toBeCloseTo(3, 3)
  expect(found.parameters.level.data[0]).toBeCloseTo(-2, 3)
  expect(found.parameters.level.dtype).toBe('float32')
  expect(['gradient', 'change', 'noDescent']).toContain(found.reason)
  expect(told).toEqual(Array.from({ length: found.iterations }, (_, i) => i + 1))
})

test('a loss that already lies at its minimum is left there', async () => {
  const x = parameter('x', tensor('float64', [2], Float64Array.of(0, 0)))
  const found = await lbfgs({ loss: reduceSum(square(x)), parameters: { x } })
  expect(found).toMatchObject({ iterations: 0, evaluations: 1, reason: 'gradient' })
})

test('what cannot be minimized is refused', async () => {
  const code = (name: string) => expect.objectContaining({ code: name })
  const x = parameter('x', tensor('float64', [1], Float64Array.of(800)))
  const loss = reduceSum(exp(x))
  await expect(lbfgs({ loss, parameters: {} })).rejects.toThrow(code('PARAMETER_MISSING'))
  await expect(lbfgs({ loss, parameters: { x } })).rejects.toThrow(code('LOSS_NOT_FINITE'))
  await expect(lbfgs({ loss, parameters: { x }, iterations: 0 })).rejects.toThrow(code('OPTION_INVALID'))
  await expect(lbfgs({ loss, parameters: { x }, learningRate: -1 })).rejects.toThrow(code('OPTION_INVALID'))
  const free = input('free', 'float64', [1])
  await expect(lbfgs({ loss: reduceSum(neg(free)), parameters: { free } })).rejects.toThrow(code('PARAMETER_MISSING'))
  await expect(
    lbfgs({ loss, parameters: { x }, feeds: { z: tensor('float64', [1], Float64Array.of(1)) } }),
  ).rejects.toThrow(code('INPUT_UNKNOWN'))
  const whole = input('whole', 'int64', [1])
  await expect(lbfgs({ loss, parameters: { whole } })).rejects.toThrow(code('DTYPE_MISMATCH'))
  const aborted = lbfgs({ loss: reduceSum(square(x)), parameters: { x }, signal: AbortSignal.abort() })
  await expect(aborted).rejects.toThrow(code('MINIMIZATION_ABORTED'))
})
