import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import * as g from '../index.ts'
import { run } from '../testOperators.ts'

const x = g.input('x', 'float32', ['n'])
const zeros = tensor('float32', [4000], new Float32Array(4000))

test('what is drawn has the distribution asked for, in the shape asked for', async () => {
  const results = await run(
    {
      normal: g.randomNormal(x, { mean: 3, deviation: 2 }),
      uniform: g.randomUniform([40, 100], { low: -1, high: 3, dtype: 'float64' }),
      coins: g.bernoulli(g.add(x, 0.25), { dtype: 'float32' }),
    },
    { x: zeros },
  )
  const mean = (name: string) =>
    Array.from(results[name].data as Float32Array).reduce((sum, value) => sum + value, 0) / 4000
  expect(Math.abs(mean('normal') - 3)).toBeLessThan(0.2)
  expect(Math.abs(mean('uniform') - 1)).toBeLessThan(0.15)
  expect(Math.abs(mean('coins') - 0.25)).toBeLessThan(0.05)
  expect(results.uniform).toMatchObject({ dtype: 'float64', shape: [40, 100] })
  expect(new Set(results.coins.data as Float32Array)).toEqual(new Set([0, 1]))
})

test('two draws that are alike are two, and depend on nothing', async () => {
  const [a, b] = [g.randomNormal(x), g.randomNormal(x)]
  const results = await run({ a, b, slope: g.grad(g.reduceSum(g.mul(a, x)), [x])[0] }, { x: zeros })
  expect(results.a.data).not.toEqual(results.b.data)
  expect(results.slope.data).toEqual(results.a.data)
})

test('indices are drawn by rows of logarithms', async () => {
  const logarithms = g.constant(tensor('float32', [2, 2], Float32Array.of(0, -100, -100, 0)))
  const { y } = await run({ y: g.multinomial(logarithms, 3, { seed: 1, dtype: 'int64' }) }, {})
  expect(y.data).toEqual(BigInt64Array.of(0n, 0n, 0n, 1n, 1n, 1n))
})

test('what cannot be drawn is refused', () => {
  expect(() => g.multinomial(x)).toThrowError(expect.objectContaining({ code: 'SHAPE_MISMATCH' }))
  expect(() => g.multinomial(g.cast(x, 'int32'))).toThrowError(expect.objectContaining({ code: 'DTYPE_MISMATCH' }))
})
