import { type DataType, type Tensor, tensor } from '@mlpod/contract'
import { describe, expect, test } from 'vitest'
import * as g from './index.ts'
import type { Dim, Value } from './value.ts'

/** One graph whose derivatives are checked at one point. */
export interface Case {
  /** Shapes of the inputs; every size is replaced by a name in the second run. */
  readonly shapes: readonly (readonly number[])[]
  readonly make: (...x: readonly Value[]) => Value | readonly Value[]
  /** Elements are drawn evenly from here. Default [-2, 2]. */
  readonly within?: readonly [number, number]
  /** Default float64; float32 where the runtime has no kernel in double precision. */
  readonly dtype?: 'float64' | 'float32'
  /** Single precision inside: differences of the first derivative say nothing of the second. */
  readonly rounded?: boolean
  /** The sizes of the results depend on the inputs, so that examples make no batch. */
  readonly ragged?: boolean
  /** The sizes must be known before a run. */
  readonly fixed?: boolean
  /** Step of the differences. */
  readonly epsilon?: number
  readonly tolerance?: number
}

/** Returns a list of whole numbers as a constant. */
export const int64 = (...numbers: number[]) => g.constant(numbers, 'int64')

/** Returns the case of a function of one matrix. */
export const unary = (make: (x: Value) => Value | readonly Value[], more: Partial<Case> = {}): Case => ({
  shapes: [[2, 3]],
  make,
  ...more,
})
/** Points above zero. */
export const positive = { within: [0.3, 2] as const }

const draw = (
  dtype: DataType,
  shape: readonly number[],
  [low, high]: readonly [number, number],
  salt: number,
): Tensor => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  const list = Array.from({ length: size }, (_, i) => {
    const wave = Math.sin(12.9898 * (i + 1) + 78.233 * (salt + 1)) * 43758.5453
    return low + (high - low) * (wave - Math.floor(wave))
  })
  return dtype === 'float64'
    ? tensor('float64', shape, Float64Array.from(list))
    : tensor('float32', shape, Float32Array.from(list))
}

const list = (result: Value | readonly Value[]): readonly Value[] => ('operation' in result ? [result] : result)

function graphOf({ shapes, make, within = [-2, 2], dtype = 'float64', epsilon, tolerance }: Case, named: boolean) {
  const x = shapes.map((shape, i) => {
    const dims: Dim[] = named ? shape.map((_, axis) => `d${i}_${axis}`) : [...shape]
    return g.input(`x${i}`, dtype, dims)
  })
  const feeds = Object.fromEntries(shapes.map((shape, i) => [`x${i}`, draw(dtype, shape, within, i)]))
  return { outputs: list(make(...x)), wrt: x, feeds, epsilon, tolerance }
}

/**
 * Checks each graph in reverse and forward mode against differences and against each other, with known and with unknown
 * sizes, and the derivative of its derivative.
 */
export function testDerivatives(cases: Readonly<Record<string, Case>>): void {
  describe.each(Object.entries(cases))('%s', (_, entry) => {
    test('derivatives agree with differences, and the modes with each other', async () => {
      expect(await g.checkGrad(graphOf(entry, false))).toMatchObject({ passed: true })
    })

    if (!entry.fixed)
      test('so they do when no size is known before the run', async () => {
        expect(await g.checkGrad(graphOf(entry, true))).toMatchObject({ passed: true })
      })

    for (const [what, shared] of [
      ['a batch', false],
      ['a batch that shares all inputs but the first', true],
    ] as const)
      if (!entry.ragged && (!shared || entry.shapes.length > 1))
        test(`values and derivatives of ${what} are those of its examples`, async () => {
          const { one, all } = await examplesOf(entry, shared)
          for (const [i, values] of all.entries())
            for (const [k, value] of values.entries())
              expect(value).toBeCloseTo(one[i][k], entry.dtype === 'float32' ? 3 : entry.tolerance ? 6 : 7)
        })

    if (entry.rounded) return
    test('the derivative has a derivative', async () => {
      const { outputs, wrt, feeds } = graphOf(entry, false)
      const weights = outputs.map((value) => g.cos(g.mul(0.3, value)))
      const first = g.vjp(outputs, wrt, weights)
      const tolerance = entry.dtype === 'float32' ? 5e-2 : undefined
      const check = await g.checkGrad({ outputs: first, wrt, feeds, tolerance })
      expect(check, JSON.stringify(check)).toMatchObject({ passed: true })
    })
  })
}

/** Returns values and gradients of two examples, one by one and as a batch, as flat lists by output. */
async function examplesOf({ shapes, make, within = [-2, 2], dtype = 'float64' }: Case, shared: boolean) {
  const both = (x: readonly Value[]): readonly Value[] => {
    const outputs = list(make(...x))
    const weights = outputs.map((value) => g.cos(g.mul(0.3, value)))
    return [...outputs, ...g.vjp(outputs, x, weights)]
  }
  const count = shared ? 1 : shapes.length
  const draws = [0, 1].map((k) =>
    shapes.map((shape, i) => draw(dtype, shape, within, i + (i < count ? k * shapes.length : 0))),
  )
  const results = (values: readonly Value[]) => Object.fromEntries(values.map((value, i) => [`y${i}`, value]))
  const run = async (values: readonly Value[], feeds: Readonly<Record<string, Tensor>>): Promise<number[][]> => {
    await using session = await g.openSession(g.compile({ outputs: results(values) }), { optimization: 'basic' })
    const found = await session.run(feeds, { validate: false })
    return values.map((_, i) => Array.from(found[`y${i}`].data as Float64Array, Number))
  }
  const x = shapes.map((shape, i) => g.input(`x${i}`, dtype, shape))
  const named = (tensors: readonly Tensor[]) => Object.fromEntries(tensors.map((value, i) => [`x${i}`, value]))
  const [first, second] = [await run(both(x), named(draws[0])), await run(both(x), named(draws[1]))]
  const stacks = shapes.map((shape, i) => (i < count ? g.input(`x${i}`, dtype, [2, ...shape]) : x[i]))
  const values = g.vmap((...elements) => both([...elements, ...x.slice(count)]), stacks.slice(0, count))
  const join = (a: Tensor, b: Tensor): Tensor => {
    const data = new (dtype === 'float64' ? Float64Array : Float32Array)(2 * a.data.length)
    data.set(a.data as Float64Array)
    data.set(b.data as Float64Array, a.data.length)
    return { dtype, shape: [2, ...a.shape], data } as Tensor
  }
  const feeds = named(draws[0].map((value, i) => (i < count ? join(value, draws[1][i]) : value)))
  return { one: first.map((list, i) => [...list, ...second[i]]), all: await run(values, feeds) }
}
