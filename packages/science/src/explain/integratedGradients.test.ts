import { readFileSync } from 'node:fs'
import { tensor } from '@mlpod/contract'
import {
  add,
  compile,
  constant,
  input,
  matMul,
  openSession,
  parameter,
  relu,
  sub,
  tanh,
  type Value,
} from '@mlpod/graph'
import { random } from '@mlpod/math'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { integratedGradients } from './integratedGradients.ts'
import { type QuadratureRule, quadrature } from './quadrature.ts'

interface Case {
  readonly d: number
  readonly hidden: number
  readonly x: readonly number[]
  readonly baseline: readonly number[]
  readonly weights: readonly (readonly number[])[]
  readonly outputs: readonly number[]
  readonly baselineOutput: number
  readonly attributions: Readonly<Record<QuadratureRule, readonly number[]>>
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../conformance/science/explain.json', import.meta.url), 'utf8'),
) as { cases: readonly Case[] }

const matrix = (name: string, shape: readonly number[], data: readonly number[]): Value =>
  parameter(name, tensor('float32', shape, Float32Array.from(data)))

function network({ d, hidden, weights }: Case): (x: Value) => Value {
  const [w1, b1, w2, b2, w3, b3] = [[d, hidden], [hidden], [hidden, hidden], [hidden], [hidden, 1], [1]].map(
    (shape, i) => matrix(`p${i}`, shape, weights[i]),
  )
  return (x) => add(matMul(relu(add(matMul(tanh(add(matMul(x, w1), b1)), w2), b2)), w3), b3)
}

const attributionsOf = async (one: Case, steps: number, rule: QuadratureRule): Promise<Float32Array> => {
  const x = input('x', 'float32', ['n', one.d])
  const session = await openSession(
    compile({ inputs: [x], outputs: { a: integratedGradients(network(one), x, one.baseline, { steps, rule }) } }),
  )
  try {
    const rows = one.x.length / one.d
    return (await session.run({ x: tensor('float32', [rows, one.d], Float32Array.from(one.x)) })).a.data as Float32Array
  } finally {
    await session.close()
  }
}

test('attributions equal those of captum 0.9.0, rule by rule; its trapezoid weights sum to (n - 1) / n, ours to 1', async () => {
  for (const one of cases)
    for (const [rule, steps] of [
      ['gausslegendre', 16],
      ['riemann_middle', 20],
      ['riemann_trapezoid', 20],
    ] as const) {
      const ours = await attributionsOf(one, steps, rule)
      one.attributions[rule].forEach((value, i) => {
        const peer = rule === 'riemann_trapezoid' ? (value * steps) / (steps - 1) : value
        expect(ours[i]).toBeCloseTo(peer, 4)
      })
    }
})

test('attributions add up to the change of the output from the baseline', async () => {
  for (const one of cases) {
    const ours = await attributionsOf(one, 64, 'gausslegendre')
    one.outputs.forEach((output, i) => {
      const sum = ours.slice(i * one.d, (i + 1) * one.d).reduce((a, b) => a + b, 0)
      // a ReLU bends the path: the rule's error is not round-off
      expect(Math.abs(sum - (output - one.baselineOutput))).toBeLessThan(0.02 * (1 + Math.abs(output)))
    })
  }
})

test('on random smooth networks they add up to rounding, for one row, many, and none', async () => {
  const sizes = fc.record({ seed: fc.nat(1e6), d: fc.integer({ min: 1, max: 7 }), rows: fc.constantFrom(0, 1, 5, 64) })
  const property = fc.asyncProperty(sizes, async ({ seed, d, rows }) => {
    const { normal } = random({ seed, path: 'network' })
    const draw = (from: number, count: number): number[] => Array.from({ length: count }, (_, i) => normal(from + i))
    const [first, second] = [matrix('first', [d, 6], draw(0, 6 * d)), matrix('second', [6, 1], draw(100, 6))]
    const target = (x: Value): Value => matMul(tanh(matMul(x, first)), second)
    const baseline = draw(200, d)
    const x = input('x', 'float32', ['n', d])
    const start = constant(tensor('float32', [1, d], Float32Array.from(baseline)))
    const outputs = {
      a: integratedGradients(target, x, baseline, { steps: 40 }),
      change: sub(target(x), target(start)),
    }
    await using session = await openSession(compile({ inputs: [x], outputs }))
    const { a, change } = await session.run({ x: tensor('float32', [rows, d], Float32Array.from(draw(300, rows * d))) })
    expect(a.shape).toEqual([rows, d])
    for (let i = 0; i < rows; i++) {
      const total = (a.data as Float32Array).slice(i * d, (i + 1) * d).reduce((sum, part) => sum + part, 0)
      expect(total).toBeCloseTo(change.data[i] as number, 2)
    }
  })
  await fc.assert(property, { seed: 2, numRuns: 40 })
})

test('Gauss-Legendre with k points is exact for polynomials of degree 2k - 1', () => {
  for (const k of [1, 2, 5, 16, 50]) {
    const { points, weights } = quadrature(k)
    for (const degree of [0, 1, 2 * k - 1]) {
      const integral = points.reduce((sum, x, i) => sum + weights[i] * x ** degree, 0)
      expect(integral).toBeCloseTo(1 / (degree + 1), 12)
    }
  }
})

test('a number of steps that is none is refused', () => {
  expect(() => quadrature(0)).toThrow(/0 is no number of steps/)
  expect(() => quadrature(1, 'riemann_trapezoid')).toThrow(/1 is no number of steps for riemann_trapezoid/)
  expect(() => quadrature(2.5)).toThrow(/2.5/)
})
