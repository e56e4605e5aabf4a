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

    test('so they do when no size is known before the run', async () => {
      expect(await g.checkGrad(graphOf(entry, true))).toMatchObject({ passed: true })
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
