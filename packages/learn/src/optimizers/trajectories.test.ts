import { add, constant, cos, greater, mul, reduceSum, sin, type Value, where } from '@mlpod/graph'
import { expect, test } from 'vitest'
import peers from '../../../../conformance/learn/optimizers.json' with { type: 'json' }
import type { Layer } from '../layers/layer.ts'
import type { Optimizer, Transform } from './index.ts'
import * as all from './index.ts'
import { trajectory } from './testTrajectory.ts'

const fans = { fanIn: 1, fanOut: 1 }
const start = (values: readonly number[]) => () => Float32Array.from(values)
const matrix = (values: readonly number[]): Value =>
  constant({ dtype: 'float32', shape: [3, 4], data: Float32Array.from(values) })
const half = (values: readonly number[]): number[] => values.map((value) => value / 2)

/** sum(a w^2 / 2) + sum(sin w) + sum(c b^2 / 2) + sum(cos b), whatever the row. */
const objective: Layer = (x, scope) => {
  const w = scope.parameter('w', [3, 4], start(peers.w), fans)
  const b = scope.parameter('b', [4], start(peers.b), fans)
  const ofW = add(reduceSum(mul(mul(w, w), matrix(half(peers.a)))), reduceSum(sin(w)))
  const ofB = add(reduceSum(mul(mul(b, b), half(peers.c))), reduceSum(cos(b)))
  return add(mul(x, 0), add(ofW, ofB))
}
/** The part of w alone. */
const ofW: Layer = (x, scope) => {
  const w = scope.parameter('w', [3, 4], start(peers.w), fans)
  return add(mul(x, 0), add(reduceSum(mul(mul(w, w), matrix(half(peers.a)))), reduceSum(sin(w))))
}

interface Case {
  readonly name: string
  readonly options: object
  readonly points: Readonly<Record<string, readonly number[]>>
  readonly results?: Readonly<Record<string, readonly number[]>>
  readonly wrap?: { readonly name: string; readonly options: unknown }
  readonly before?: { readonly name: string; readonly options: readonly unknown[] }
  readonly tolerance?: number
}

const made = all as unknown as Readonly<Record<string, (...given: readonly unknown[]) => Optimizer & Transform>>

function optimizerOf({ name, options, wrap, before }: Case): Optimizer {
  const plain = (all.optimizers as unknown as typeof made)[name](options)
  if (wrap) return made[wrap.name](plain, wrap.options)
  return before ? all.chain(made[before.name](...before.options), plain) : plain
}

function compare(found: readonly number[], expected: readonly number[], tolerance: number, what: string): void {
  expect(found.length, what).toBe(expected.length)
  // relative to the largest: an element that crosses 0 has no digits of its own
  const scale = Math.max(...expected.map(Math.abs)) * (tolerance > 1e-3 ? 1 : 0.1)
  found.forEach((value, i) => {
    const error = Math.abs(value - expected[i])
    expect(error, `${what}, element ${i}: ${value} against ${expected[i]}`).toBeLessThan(
      tolerance * Math.max(scale, Math.abs(expected[i])),
    )
  })
}

for (const [position, entry] of (peers.cases as readonly Case[]).entries()) {
  const { name, options, points, results, wrap, before, tolerance = 1e-5 } = entry
  const title = [
    wrap?.name ?? before?.name,
    JSON.stringify(wrap?.options ?? before?.options),
    name,
    JSON.stringify(options),
  ]
  test(`${position}: the trajectory of ${title.filter(Boolean).join(' ')} is the peer's`, async () => {
    const steps = Object.keys(points).map(Number)
    const found = await trajectory(objective, optimizerOf(entry), steps)
    for (const t of steps) {
      // Muon's peer leaves what is no matrix alone
      const length = name === 'muon' ? 12 : points[t].length
      compare(found[t].point.slice(0, length), points[t].slice(0, length), tolerance, `step ${t}`)
      if (results) compare(found[t].result!, results[t], tolerance, `result of step ${t}`)
    }
  })
}

const steps = [1, 2, 8]

test('rows without a gradient keep their values and moments: SparseAdam of torch on the rows of an embedding', async () => {
  // rows 0 and 2 at odd steps, row 1 at even ones: told by the number of the step
  const embedding: Layer = (x, scope) => {
    const w = scope.parameter('w', [3, 4], start(peers.w), fans)
    const odd = constant({ dtype: 'float32', shape: [3, 1], data: Float32Array.of(1, 0, 1) })
    const even = constant({ dtype: 'float32', shape: [3, 1], data: Float32Array.of(0, 1, 0) })
    const rows = where(greater(reduceSum(x), 0.5), odd, even)
    const each = add(mul(mul(w, w), matrix(half(peers.a))), sin(w))
    return add(mul(x, 0), reduceSum(mul(each, rows)))
  }
  const optimizer = all.sparseAdam({ learningRate: 0.1, beta1: 0.8, beta2: 0.9, epsilon: 1e-3 })
  const found = await trajectory(embedding, optimizer, steps, { x: (t) => t % 2 })
  for (const t of steps) compare(found[t].point, peers.sparse[`${t}` as '1'], 1e-5, `step ${t}`)
})

test('Shampoo is its definition, with roots by eigenvalues', async () => {
  const found = await trajectory(objective, all.shampoo({ learningRate: 0.2, epsilon: 0.1, ridge: 0 }), steps)
  for (const t of steps) compare(found[t].point, peers.shampoo[`${t}` as '1'], 1e-5, `step ${t}`)
})

test('SOAP is its algorithm, with the first basis by eigenvalues', async () => {
  const settings = { beta1: 0.8, beta2: 0.9, betaOfMatrices: 0.7, epsilon: 0.05, every: 3, weightDecay: 0.1 }
  const optimizer = all.soap({ learningRate: 0.05, turns: 200, ...settings })
  const found = await trajectory(objective, optimizer, steps)
  for (const t of steps) compare(found[t].point, peers.soap[`${t}` as '1'], 1e-5, `step ${t}`)
})

test('averages of parameters are those of torch', async () => {
  const sgd = all.sgd({ learningRate: 0.05 })
  const ema = await trajectory(ofW, all.emaOfParameters(sgd, { decay: 0.7 }), steps)
  const swa = await trajectory(ofW, all.meanOfParameters(sgd, { from: 3, every: 2 }), steps)
  for (const t of steps) {
    compare(ema[t].result!, peers.averages.ema[`${t}` as '1'], 1e-5, `ema, step ${t}`)
    compare(swa[t].result!, peers.averages.swa[`${t}` as '1'], 1e-5, `swa, step ${t}`)
  }
})

const plain = Object.entries(all.optimizers) as unknown as readonly [string, typeof all.adam][]

test.each(plain)('%s takes the same steps one by one and eight in a run, to the bit', async (_, make) => {
  const [one, eight] = await Promise.all(
    [1, 8].map((stepsPerRun) => trajectory(objective, make(), [8], { stepsPerRun, seed: 3 })),
  )
  expect(eight[8].point).toEqual(one[8].point)
})

test.each(plain)('%s: a number may be a schedule, and a constant one is the number', async (_, make) => {
  for (const [key, option] of Object.entries(make.parameters)) {
    if (key === 'learningRate' || typeof option.default !== 'number') continue
    if (option.fixed) {
      expect(() => make({ [key]: () => 1 })).toThrow(`${key} cannot follow the step`)
      continue
    }
    const value = other(option as { default: number; test(value: number): boolean })
    const number = await trajectory(objective, make({ [key]: value }), [3])
    const schedule = await trajectory(objective, make({ [key]: () => value }), [3])
    compare(schedule[3].point, number[3].point, 1e-5, `${key} = ${value}`)
  }
})

/** A value near the default that is allowed. */
function other({ default: value, test: allows }: { default: number; test(value: number): boolean }): number {
  const candidates = [value + 1, value * 0.5, value + 0.1, value - 0.1]
  return candidates.find((candidate) => candidate !== value && allows(candidate)) ?? value
}
