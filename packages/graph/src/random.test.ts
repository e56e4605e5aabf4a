import { type Tensor, tensor } from '@mlpod/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as g from './index.ts'
import type { Value } from './value.ts'

/** A value and the sizes it has in the run. */
interface Made {
  readonly value: Value
  readonly shape: readonly number[]
}

/** One step of a random graph: what is done, to which of the values so far, and a number that settles the rest. */
interface Step {
  readonly does: number
  readonly a: number
  readonly b: number
  readonly k: number
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, dim) => product * dim, 1)

function together(a: readonly number[], b: readonly number[]): readonly number[] | undefined {
  const rank = Math.max(a.length, b.length)
  const shape = Array.from({ length: rank }, (_, i) => [a.at(i - rank) ?? 1, b.at(i - rank) ?? 1])
  return shape.every(([x, y]) => x === y || x === 1 || y === 1) ? shape.map(([x, y]) => (x === 1 ? y : x)) : undefined
}

const smooth: readonly ((x: Value) => Value)[] = [
  g.neg,
  g.tanh,
  g.sigmoid,
  g.sin,
  g.relu,
  g.abs,
  (x) => g.exp(g.tanh(x)),
  (x) => g.sqrt(g.add(g.mul(x, x), 0.5)),
  (x) => g.log(g.add(g.abs(x), 0.5)),
  (x) => g.reciprocal(g.add(g.abs(x), 1)),
  (x) => g.softplus(x),
  (x) => g.elu(x),
  (x) => g.clip(x, -0.7, 0.8),
  (x) => g.pow(g.add(g.abs(x), 0.1), 1.5),
  (x) => g.sub(1, g.div(x, 3)),
]
const pairs: readonly ((a: Value, b: Value) => Value)[] = [
  g.add,
  g.sub,
  g.mul,
  g.max,
  g.min,
  (a, b) => g.div(a, g.add(g.mul(b, b), 0.7)),
  (a, b) => g.pow(g.add(g.abs(a), 0.2), g.tanh(b)),
  (a, b) => g.where(g.greater(a, b), a, g.mul(b, 2)),
  (a, b) => g.sum(a, b, a),
]
const reductions = [g.reduceSum, g.reduceMean, g.reduceMax, g.reduceMin, g.reduceSumSquare, g.reduceLogSumExp]

/** What a step may do; undefined where the values do not fit. */
const moves: readonly ((a: Made, b: Made, k: number) => Made | undefined)[] = [
  (a, _, k) => ({ value: smooth[k % smooth.length](a.value), shape: a.shape }),
  (a, b, k) => {
    const shape = together(a.shape, b.shape)
    return shape && { value: pairs[k % pairs.length](a.value, b.value), shape }
  },
  ({ value, shape }, _, k) => {
    if (shape.includes(0)) return undefined
    const axes = shape.flatMap((_, axis) => ((k >> axis) & 1 ? [axis] : []))
    const keepDims = k % 3 === 0
    const left = shape.flatMap((dim, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [dim]))
    return { value: reductions[k % reductions.length](value, { axes, keepDims }), shape: left }
  },
  ({ value, shape }, _, k) => {
    if (shape.length === 0 || shape.includes(0)) return undefined
    const axis = k % shape.length
    const made = [() => g.softmax(value, { axis }), () => g.logSoftmax(value, { axis }), () => g.cumSum(value, axis)]
    return { value: made[k % 3](), shape }
  },
  (a, b) => {
    const [rows, columns] = [a.shape.at(-1), b.shape.at(b.shape.length > 1 ? -2 : -1)]
    const batch = together(a.shape.slice(0, -2), b.shape.slice(0, -2))
    if (rows === undefined || rows !== columns || batch === undefined) return undefined
    // The runtime multiplies nothing but two matrices when a size is 0.
    const empty = a.shape.includes(0) || b.shape.includes(0)
    if (empty && (a.shape.length !== 2 || b.shape.length !== 2)) return undefined
    const ends = [...(a.shape.length > 1 ? [a.shape.at(-2)!] : []), ...(b.shape.length > 1 ? [b.shape.at(-1)!] : [])]
    return { value: g.matMul(a.value, b.value), shape: [...batch, ...ends] }
  },
  (a) => {
    if (a.shape.length !== 2) return undefined
    const product = g.gemm(a.value, a.value, null, { alpha: 0.5, transA: true })
    return { value: product, shape: [a.shape[1], a.shape[1]] }
  },
  ({ value, shape }) => ({ value: g.transpose(value), shape: shape.toReversed() }),
  ({ value, shape }) => {
    const size = sizeOf(shape)
    return size === 0 ? undefined : { value: g.reshape(value, [1, -1]), shape: [1, size] }
  },
  (a, b) => {
    const shape = together(a.shape, b.shape)
    return shape && { value: g.expand(a.value, g.shape(b.value)), shape }
  },
  (a, b, k) => {
    const axis = a.shape.length === 0 ? 0 : k % a.shape.length
    const fits = a.shape.length === b.shape.length && a.shape.every((dim, i) => i === axis || dim === b.shape[i])
    if (a.shape.length === 0 || !fits) return undefined
    const joined = g.concat([a.value, b.value], { axis })
    return { value: joined, shape: a.shape.with(axis, a.shape[axis] + b.shape[axis]) }
  },
  ({ value, shape }, _, k) => {
    const axis = shape.length === 0 ? 0 : k % shape.length
    if (!shape[axis]) return undefined
    const picked = [0, -1, 0].map((i) => (i < 0 ? shape[axis] - 1 : i))
    return { value: g.gather(value, picked, { axis }), shape: shape.with(axis, 3) }
  },
  ({ value, shape }, _, k) => {
    const axis = shape.length === 0 ? 0 : k % shape.length
    if (!(shape[axis] > 1)) return undefined
    const backwards = k % 2 === 0
    return backwards
      ? { value: g.slice(value, [-1], [-100], { axes: [axis], steps: [-1] }), shape }
      : { value: g.slice(value, [1], [100], { axes: [axis] }), shape: shape.with(axis, shape[axis] - 1) }
  },
  ({ value, shape }, _, k) => {
    if (shape.length === 0 || shape.includes(0)) return undefined
    const pads = [...shape.map((_, axis) => (k >> axis) & 1), ...shape.map(() => 1)]
    const padded = g.pad(value, pads, { mode: k % 2 ? 'edge' : 'constant' })
    return { value: padded, shape: shape.map((dim, axis) => dim + ((k >> axis) & 1) + 1) }
  },
  (a, b, k) => {
    const shape = together(a.shape, b.shape)
    if (shape === undefined) return undefined
    const product = g.mul(a.value, b.value)
    const chosen = g.ifElse(
      g.greater(g.reduceSum(g.sin(a.value)), k % 2 ? 0 : 100),
      () => g.mul(product, g.cos(a.value)),
      () => g.add(g.mul(product, product), b.value),
    )
    return { value: chosen, shape }
  },
]

const number = fc.nat({ max: 1000 })
const graphs = fc.record({
  shapes: fc.array(fc.array(fc.constantFrom(0, 1, 1, 2, 2, 3), { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
  named: fc.boolean(),
  steps: fc.array(fc.record({ does: number, a: number, b: number, k: number }), { minLength: 3, maxLength: 14 }),
})
type Drawn = typeof graphs extends fc.Arbitrary<infer T> ? T : never

/** Builds a graph; sizes are numbers, or names that say nothing of which are equal. */
function build({ shapes, named, steps }: Drawn): { inputs: Value[]; last: Value } {
  const made: Made[] = shapes.map((shape, i) => {
    const dims = named ? shape.map((_, axis) => `d${i}_${axis}`) : shape
    return { value: g.input(`x${i}`, 'float64', dims), shape }
  })
  const inputs = made.map(({ value }) => value)
  const at = (i: number): Made => made[Math.max(0, made.length - 1 - (i % Math.max(4, made.length)))]
  for (const { does, a, b, k } of steps as readonly Step[]) {
    const next = moves[does % moves.length](at(a), at(b), k)
    // What grows without end says nothing of derivatives.
    if (next && sizeOf(next.shape) <= 100) made.push({ value: g.mul(1.2, g.tanh(next.value)), shape: next.shape })
  }
  return { inputs, last: made.at(-1)!.value }
}

function everything(drawn: Drawn) {
  const { inputs, last } = build(drawn)
  const loss = g.reduceSum(g.sin(last))
  const directions = inputs.map((value, i) => g.input(`v${i}`, 'float64', value.shape))
  const keyed = (key: string, values: readonly Value[]) => values.map((value, i) => [`${key}${i}`, value] as const)
  const outputs = Object.fromEntries([
    ['last', last],
    ['loss', loss],
    ...keyed('gradient', g.grad(loss, inputs)),
    ...keyed('tangent', g.jvp([loss], inputs, directions)),
    ...keyed('second', g.hvp(loss, inputs, directions)),
  ])
  return { inputs: [...inputs, ...directions], outputs }
}

const wave = (shape: readonly number[], salt: number): Tensor<'float64'> =>
  tensor(
    'float64',
    shape,
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => 1.5 * Math.sin(12.9898 * (i + 1) + 7.233 * salt)),
  )

const numbers = (value: Tensor): number[] => Array.from(value.data as Float64Array)
const inner = (a: Tensor, b: Tensor): number => numbers(a).reduce((sum, x, i) => sum + x * numbers(b)[i], 0)

async function run(model: g.Model, feeds: Readonly<Record<string, Tensor>>) {
  await using session = await g.openSession(model, { optimization: 'basic' })
  return session.run(feeds)
}

function agree(found: Readonly<Record<string, Tensor>>, expected: Readonly<Record<string, Tensor>>): void {
  for (const [name, value] of Object.entries(expected)) {
    expect(found[name].shape, name).toEqual(value.shape)
    for (const [i, x] of numbers(value).entries())
      expect(Math.abs(numbers(found[name])[i] - x), name).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(x)))
  }
}

test('random graphs: derivatives agree with differences and each other, and rewriting, saving and loading change nothing', async () => {
  const property = fc.asyncProperty(graphs, async (drawn) => {
    const { inputs, outputs } = everything(drawn)
    const model = g.compile({ inputs, outputs })
    expect(g.compile(everything(drawn)).bodyHash).toBe(model.bodyHash)

    const points = Object.fromEntries(drawn.shapes.map((shape, i) => [`x${i}`, wave(shape, i)]))
    const directions = Object.fromEntries(drawn.shapes.map((shape, i) => [`v${i}`, wave(shape, 10 + i)]))
    const feeds = { ...points, ...directions }
    const plain = await run(g.compile({ inputs, outputs, optimize: false }), feeds)
    const found = await run(model, feeds)
    agree(found, plain)
    const { inputs: read, outputs: written } = g.load(model)
    agree(await run(g.compile({ inputs: read, outputs: written }), feeds), plain)

    const each = drawn.shapes.map((_, i) => i)
    const reverse = each.reduce((sum, i) => sum + inner(found[`gradient${i}`], directions[`v${i}`]), 0)
    const [forward] = numbers(found.tangent0)
    expect(Math.abs(forward - reverse)).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(forward)))

    const step = 1e-5
    const moved = (by: number) =>
      Object.fromEntries(
        each.map((i) => {
          const v = numbers(directions[`v${i}`])
          const data = Float64Array.from(numbers(points[`x${i}`]), (x, k) => x + by * v[k])
          return [`x${i}`, tensor('float64', drawn.shapes[i], data)]
        }),
      )
    const [high, low] = [
      await run(model, { ...directions, ...moved(step) }),
      await run(model, { ...directions, ...moved(-step) }),
    ]
    const difference = (name: string): number[] =>
      numbers(high[name]).map((x, i) => (x - numbers(low[name])[i]) / (2 * step))
    const near = (exact: number, numeric: number, name: string): void =>
      expect(Math.abs(exact - numeric), name).toBeLessThanOrEqual(1e-3 * (1 + Math.abs(exact)))
    near(forward, difference('loss')[0], 'first derivative')
    for (const i of each)
      for (const [k, numeric] of difference(`gradient${i}`).entries())
        near(numbers(found[`second${i}`])[k], numeric, 'second derivative')
  })
  await fc.assert(property, { numRuns: 60, seed: 7 })
})
