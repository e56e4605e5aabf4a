import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import * as g from '../index.ts'
import { int64, testDerivatives, unary } from '../testDerivatives.ts'
import { run } from '../testOperators.ts'
import type { Value } from '../value.ts'

const square = (x: Value): Value => g.mul(x, x)
const kept = [1, 0, 1]
const matrix = (rows: number, ...numbers: number[]) => g.reshape(int64(...numbers), [rows, -1])

testDerivatives({
  compress: unary((x) => g.compress(square(x), kept, { axis: 1 })),
  'compress in a row': unary((x) => g.compress(square(x), [0, 1, 1, 0, 1])),
  'compress by what is computed': unary(
    (x) => g.compress(square(x), g.greater(g.reduceSum(x, { axes: [0] }), 0), { axis: -1 }),
    {
      ragged: true,
    },
  ),
  unique: { shapes: [[5]], make: (x) => g.unique(square(x)).values },
  'unique, not sorted': { shapes: [[2, 3]], make: (x) => g.unique(square(x), { sorted: false }).values },
  'unique columns': { shapes: [[2, 3]], make: (x) => g.unique(square(x), { axis: 1 }).values },
  reverseSequence: { shapes: [[4, 3, 2]], make: (x) => g.reverseSequence(square(x), [2, 4, 1]) },
  'reverseSequence, examples first': {
    shapes: [[3, 4]],
    make: (x) => g.reverseSequence(square(x), [2, 4, 1], { batchAxis: 0, timeAxis: 1 }),
  },
  tensorScatter: {
    shapes: [
      [2, 5, 3],
      [2, 2, 3],
    ],
    make: (cache, update) => g.tensorScatter(square(cache), square(update), [1, 3]),
  },
  'tensorScatter from the beginning': {
    shapes: [
      [2, 5, 3],
      [2, 2, 3],
    ],
    make: (cache, update) => g.tensorScatter(square(cache), square(update)),
  },
  'tensorScatter, circular': {
    shapes: [
      [2, 3, 4],
      [2, 3, 2],
    ],
    make: (cache, update) => g.tensorScatter(square(cache), square(update), [1, 3], { axis: 2, mode: 'circular' }),
  },
  'scatterElements mul': {
    shapes: [[3], [5]],
    make: (x, u) => g.scatterElements(square(x), int64(0, 1, 1, 0, -2), u, { reduction: 'mul' }),
  },
  'scatterElements mul, in the middle': {
    shapes: [
      [2, 3, 2],
      [2, 4, 2],
    ],
    make: (x, u) =>
      g.scatterElements(x, g.expand(g.reshape(int64(0, 2, 0, -1), [1, 4, 1]), [2, 4, 2]), u, {
        axis: 1,
        reduction: 'mul',
      }),
  },
  'scatterElements min': {
    shapes: [[3], [4]],
    make: (x, u) => g.scatterElements(square(x), int64(0, 1, 1, 0), square(u), { reduction: 'min' }),
  },
  'scatterND mul of slices': {
    shapes: [
      [4, 3],
      [3, 3],
    ],
    make: (x, u) => g.scatterND(x, matrix(3, 3, 1, -1), u, { reduction: 'mul' }),
  },
  'scatterND mul of elements': {
    shapes: [
      [2, 2],
      [2, 2],
    ],
    make: (x, u) => g.scatterND(x, g.reshape(int64(0, 1, 1, 1, 0, -1, 0, 1), [2, 2, 2]), u, { reduction: 'mul' }),
  },
  'scatterND max': {
    shapes: [[4], [3]],
    make: (x, u) => g.scatterND(square(x), matrix(3, 3, 1, 3), square(u), { reduction: 'max' }),
  },
  'gatherND of two in batches of two axes': {
    shapes: [[2, 2, 3, 2]],
    make: (x) => g.gatherND(square(x), g.reshape(int64(1, 2, 0, 0), [2, 2, 1]), { batchDims: 2 }),
  },
  'gatherND of the whole': { shapes: [[2, 3]], make: (x) => g.gatherND(square(x), g.reshape(int64(1, 0), [2, 1])) },
  'topK of none': { shapes: [[2, 3]], make: (x) => g.topK(square(x), 0).values },
  'topK of all': { shapes: [[2, 3]], make: (x) => g.topK(square(x), 3, { axis: 1, largest: false }).values },
  'slice past the ends': { shapes: [[5]], make: (x) => g.slice(square(x), [-100], [100]) },
  'slice backwards past the ends': { shapes: [[5]], make: (x) => g.slice(square(x), [100], [-100], { steps: [-1] }) },
  'slice of nothing': { shapes: [[5]], make: (x) => g.slice(square(x), [3], [2]) },
  'slice backwards by two, of the last axis': {
    shapes: [[2, 7]],
    make: (x) => g.slice(square(x), [-2], [0], { axes: [-1], steps: [-2] }),
  },
  'slice by int32': {
    shapes: [[5]],
    make: (x) =>
      g.slice(square(x), g.constant([1], 'int32'), g.constant([4], 'int32'), { steps: g.constant([2], 'int32') }),
  },
})

const feed = (...list: number[]) => tensor('float64', [list.length], Float64Array.from(list))
const ones = (n: number) => g.constantOfShape([n], 1, 'float64')

async function slopes(make: (x: Value, u: Value) => Value, xs: number[], us: number[]) {
  const [x, u] = [g.input('x', 'float64', [xs.length]), g.input('u', 'float64', [us.length])]
  const [dx, du] = g.vjp([make(x, u)], [x, u], [ones(xs.length)])
  const results = await run({ dx, du }, { x: feed(...xs), u: feed(...us) })
  return [results.dx, results.du].map(({ data }) => Array.from(data as Float64Array, (value) => value + 0))
}

test('equal largest elements of a scatter share the derivative', async () => {
  const places = int64(0, 0, 1)
  for (const make of [
    (x: Value, u: Value) => g.scatterElements(x, places, u, { reduction: 'max' }),
    (x: Value, u: Value) => g.scatterND(x, g.unsqueeze(places, [-1]), u, { reduction: 'max' }),
  ])
    expect(await slopes(make, [2, 5, 1], [2, 1, 5])).toEqual([
      [0.5, 0.5, 1],
      [0.5, 0, 0.5],
    ])
})

test('a product that is scattered with zeros is differentiated by the product of the others', async () => {
  const make = (x: Value, u: Value) => g.scatterElements(x, int64(0, 0, 1), u, { reduction: 'mul' })
  expect(await slopes(make, [2, 3], [0, 5, 0])).toEqual([
    [0, 0],
    [10, 0, 3],
  ])
})

test('of equal elements the first has the derivative: topK, unique', async () => {
  const top = await slopes((x) => g.concat([g.topK(x, 2).values, ones(1)]), [3, 3, 3], [0])
  expect(top[0]).toEqual([1, 1, 0])
  const x = g.input('x', 'float64', [4])
  const { values } = g.unique(x)
  const results = await run({ slope: g.vjp([values], [x], [g.add(g.mul(0, values), 1)])[0] }, { x: feed(7, 2, 7, 2) })
  expect(results.slope.data).toEqual(Float64Array.of(1, 1, 0, 0))
})

test('boxes that overlap a better one go, and the choice has no derivative', async () => {
  const [boxes, scores] = [g.input('boxes', 'float32', [1, 3, 4]), g.input('scores', 'float32', [1, 1, 3])]
  const chosen = g.nonMaxSuppression(boxes, scores, { most: 3, overlap: 0.5, score: 0.1 })
  const best = g.gatherND(scores, chosen)
  const [slope] = g.grad(g.reduceSum(best), [scores])
  const results = await run(
    { chosen, slope },
    {
      boxes: tensor('float32', [1, 3, 4], Float32Array.of(0, 0, 1, 1, 0, 0, 1, 0.9, 2, 2, 3, 3)),
      scores: tensor('float32', [1, 1, 3], Float32Array.of(0.5, 0.9, 0.7)),
    },
  )
  expect(Array.from(results.chosen.data as BigInt64Array, Number)).toEqual([0, 0, 1, 0, 0, 2])
  expect(results.slope.data).toEqual(Float32Array.of(0, 1, 1))
})

test('what does not fit is refused', () => {
  const x = g.input('x', 'float32', [2, 3])
  const refused = (make: () => unknown, code: string) => expect(make).toThrowError(expect.objectContaining({ code }))
  refused(() => g.compress(x, g.constant([1, 0], 'int64')), 'DTYPE_MISMATCH')
  refused(() => g.compress(x, kept, { axis: 2 }), 'AXIS_OUT_OF_RANGE')
  refused(() => g.compress(x, g.input('c', 'bool', [2, 3])), 'SHAPE_MISMATCH')
  refused(() => g.reverseSequence(x, [1, 1], { batchAxis: 1, timeAxis: 1 }), 'SHAPE_MISMATCH')
  refused(() => g.tensorScatter(x, x, null, { axis: 0 }), 'AXIS_OUT_OF_RANGE')
  refused(() => g.tensorScatter(x, g.input('u', 'float32', [3])), 'SHAPE_MISMATCH')
  refused(() => g.unique(x, { axis: 2 }), 'AXIS_OUT_OF_RANGE')
  refused(() => g.topK(x, 4), 'SHAPE_MISMATCH')
  refused(() => g.nonMaxSuppression(x, x), 'SHAPE_MISMATCH')
})
