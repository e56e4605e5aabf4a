import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apply } from './apply.ts'
import * as g from './index.ts'

const counted = JSON.parse(
  readFileSync(new URL('../../../conformance/graph/flops.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, { readonly model: string; readonly batch: number; readonly flops: number }>>

test.each(Object.entries(counted))('%s: products are those that torch counts', (_, { model, batch, flops }) => {
  const { outputs } = g.load(Uint8Array.from(Buffer.from(model, 'base64')))
  const found = g.flops(outputs, { sizes: { batch } })
  expect(found.products).toBe(flops)
  expect(found.uncounted).toEqual([])
})

const [x, w] = [g.input('x', 'float32', ['batch', 3]), g.input('w', 'float32', [3, 4])]
const [T, B, I, H] = [5, 2, 3, 4]
const sequence = g.input('sequence', 'float32', [T, B, I])
const weights = (gates: number) => [
  g.input('wi', 'float32', [1, gates * H, I]),
  g.input('wr', 'float32', [1, gates * H, H]),
]

test('a product is 2 m n k, a function of elements one for each, and what moves elements nothing', () => {
  const y = g.relu(g.transpose(g.matMul(x, w), [1, 0]))
  const { total, products, nodes, operators } = g.flops({ y }, { sizes: { batch: 10 } })
  expect(products).toBe(2 * 10 * 3 * 4)
  expect(total).toBe(products + 10 * 4)
  expect(nodes).toEqual([
    { operator: 'MatMul', flops: 240 },
    { operator: 'Relu', flops: 40 },
  ])
  expect(operators).toEqual({ MatMul: 240, Relu: 40 })
})

test.each([
  ['rnn', 1, g.rnn],
  ['gru', 3, g.gru],
  ['lstm', 4, g.lstm],
] as const)('%s: each gate is a product with the inputs and one with the state, in every turn', (_, gates, cell) => {
  const [wi, wr] = weights(gates)
  const [all] = cell(sequence, wi, wr)
  expect(g.flops([all]).products).toBe(2 * T * B * gates * H * (I + H))
})

test('attention is queries times keys and weights times values, for every head of the queries', () => {
  const [q, k, v] = [
    g.input('q', 'float32', [2, 4, 5, 8]),
    g.input('k', 'float32', [2, 2, 6, 8]),
    g.input('v', 'float32', [2, 2, 6, 3]),
  ]
  const [y] = apply('Attention', [q, k, v])
  expect(g.flops([y]).products).toBe(2 * (2 * 4 * 5 * 6 * 8) + 2 * (2 * 4 * 5 * 6 * 3))
})

test('a loop counts all its turns, a scan those of its sequence, and a choice its dearer branch', () => {
  const square = g.input('square', 'float32', [4, 4])
  const [repeated] = g.repeat(3, [g.input('s', 'float32', [2, 4])], ([s]) => [g.matMul(s, square)])
  expect(g.flops([repeated]).total).toBe(3 * 2 * 2 * 4 * 4)
  const rows = g.input('rows', 'float32', ['time', 2, 4])
  const [last] = g.scan([g.input('s', 'float32', [2, 4])], [rows], ([s], [row]) => ({
    state: [g.matMul(g.add(s, row), square)],
    collect: [],
  }))
  expect(g.flops([last], { sizes: { time: 7 } }).total).toBe(7 * (2 * 2 * 4 * 4 + 8))
  const chosen = g.ifElse(
    g.input('truth', 'bool', []),
    () => g.matMul(square, square),
    () => g.neg(square),
  )
  expect(g.flops([chosen as g.Value]).total).toBe(2 * 4 * 4 * 4)
})

test('what a run alone tells, and operators that are not in the table, are named and not counted', () => {
  const kept = g.compress(x, g.input('mask', 'bool', [3]), { axis: 1 })
  expect(g.flops([g.exp(kept)], { sizes: { batch: 2 } })).toMatchObject({ total: 0, uncounted: ['Exp'] })
  expect(g.flops([g.resize(g.input('i', 'float32', [1, 1, 2, 2]), { scales: [1, 1, 2, 2] })])).toMatchObject({
    total: 0,
    uncounted: ['Resize'],
  })
})

test('a size without a number is asked for by name', () => {
  expect(() => g.flops([g.matMul(x, w)])).toThrow(
    expect.objectContaining({
      code: 'SIZE_UNKNOWN',
      message: 'the input "x" has the size "batch", which has no number',
      hint: 'give one: flops(outputs, { sizes: { batch: 1 } })',
    }),
  )
})

test('the summary of a model tells them where sizes are given', () => {
  const model = g.compile({ inputs: [x, w], outputs: { y: g.matMul(x, w) } })
  expect(g.summary(model).flops).toBeUndefined()
  expect(g.summary(model, { sizes: { batch: 10 } }).flops).toBe(240)
})
