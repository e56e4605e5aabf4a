import { tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from '../index.ts'
import { testDerivatives } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'
import type { Value } from '../value.ts'

const whole = (dtype: 'int8' | 'uint8', shape: readonly number[], ...numbers: number[]): Value =>
  g.constant(
    dtype === 'int8' ? tensor(dtype, shape, Int8Array.from(numbers)) : tensor(dtype, shape, Uint8Array.from(numbers)),
  )
const numbers = whole('int8', [2, 3], 1, -2, 3, 40, 5, -60)

testDerivatives({
  'dequantizeLinear by one scale': { shapes: [[]], make: (s) => g.dequantizeLinear(numbers, s, 7), dtype: 'float32' },
  'dequantizeLinear by a scale a column': {
    shapes: [[3]],
    make: (s) => g.dequantizeLinear(numbers, s, whole('int8', [3], 1, 2, 3)),
    dtype: 'float32',
  },
  'dequantizeLinear by a scale a row': {
    shapes: [[2]],
    make: (s) => g.dequantizeLinear(numbers, s, undefined, { axis: 0 }),
    dtype: 'float32',
  },
  'dequantizeLinear by blocks': {
    shapes: [[2, 2]],
    make: (s) => g.dequantizeLinear(numbers, s, undefined, { axis: 1, block: 2 }),
    dtype: 'float32',
  },
  'the scale of dynamicQuantizeLinear': {
    shapes: [[2, 3]],
    make: (x) => g.mul(100, g.dynamicQuantizeLinear(x).scale),
    dtype: 'float32',
  },
  stopGradient: { shapes: [[2, 3], [3]], make: (x, y) => g.mul(g.stopGradient(g.floor(x)), y) },
})

const x = g.input('x', 'float32', [5])
const scale = g.input('scale', 'float32', [])
const feeds = {
  x: tensor('float32', [5], Float32Array.of(-20, -0.26, 0.1, 0.38, 12.7)),
  scale: tensor('float32', [], Float32Array.of(0.1)),
}

describe('a quantized pair', () => {
  const pair = g.dequantizeLinear(g.quantizeLinear(x, scale, 0, { dtype: 'int8' }), scale, 0)

  test('is what it makes of numbers, and has no derivative by them', async () => {
    const fake = g.fakeQuantize(x, scale)
    const results = await run({ pair, fake, slope: g.grad(g.reduceSum(pair), [x])[0] }, feeds)
    for (const [i, value] of Array.from(results.pair.data as Float32Array).entries())
      expect(results.fake.data[i]).toBeCloseTo(value, 5)
    expect(results.slope.data).toEqual(new Float32Array(5))
  })

  test('straight through, has the derivative 1 within its range and learns its scale', async () => {
    const [through] = g.straightThrough([g.mul(2, pair)])
    const [dx, ds] = g.grad(g.reduceSum(through), [x, scale])
    const results = await run({ dx, ds }, feeds)
    expect(results.dx.data).toEqual(Float32Array.of(0, 2, 2, 2, 2))
    // the bound, then the errors of rounding
    expect(results.ds.data[0]).toBeCloseTo(2 * (-128 + (-3 + 2.6) + 0 + (4 - 3.8) + 0), 3)
  })

  test('and a second one after it', () => {
    const again = g.dequantizeLinear(g.quantizeLinear(g.mul(pair, 3), 0.5), 0.5)
    const { operators } = g.summary(g.compile({ outputs: { y: g.straightThrough([again])[0] } }))
    expect(operators.QuantizeLinear).toBeUndefined()
  })
})

test('rounding straight through, and stopping', async () => {
  const y = g.add(g.roundThrough(g.mul(x, x)), g.stopGradient(g.exp(x)))
  const [slope] = g.grad(g.reduceSum(y), [x])
  const results = await run({ slope, moved: g.jvp([y], [x], [x])[0] }, feeds)
  for (const [i, value] of Array.from(feeds.x.data).entries()) {
    expect(results.slope.data[i]).toBeCloseTo(2 * value, 4)
    expect(results.moved.data[i]).toBeCloseTo(2 * value * value, 2)
  }
})

test('what does not fit is refused', () => {
  const refused = (make: () => unknown, code = 'SHAPE_MISMATCH') =>
    expect(make).toThrowError(expect.objectContaining({ code }))
  refused(() => g.quantizeLinear(g.input('a', 'float32', [2, 3]), [1, 2]))
  refused(() => g.quantizeLinear(x, 0.1, [0, 0]))
  refused(() => g.quantizeLinear(g.input('a', 'float32', [2, 3]), g.input('s', 'float32', [2, 3])))
  refused(() => g.dequantizeLinear(x, 0.1), 'DTYPE_MISMATCH')
  refused(() => g.dynamicQuantizeLinear(g.cast(x, 'int32')), 'DTYPE_MISMATCH')
  refused(() => g.matMulInteger(numbers, numbers))
  refused(() => g.matMulInteger(x, numbers), 'DTYPE_MISMATCH')
  refused(() => g.fakeQuantize(x, scale, 0, { dtype: 'int64' as 'int8' }), 'DTYPE_UNSUPPORTED')
})
