import { tensor } from '@mlpod/contract'
import { compile, input, load, openSession, type Value } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { adam, crossEntropy, fit, loadedNetwork, lora, mlp, network, quantizationAware } from './index.ts'

const n = 120
const x = tensor(
  'float32',
  [n, 4],
  Float32Array.from({ length: 4 * n }, (_, i) => Math.sin(i * i)),
)
const y = tensor(
  'int64',
  [n],
  BigInt64Array.from({ length: n }, (_, i) => (Number(x.data[4 * i]) > 0 ? 1n : 0n)),
)
const common = { loss: crossEntropy(), optimizer: adam({ learningRate: 0.02 }), data: { x, y }, batch: 30, seed: 3 }

async function run(outputs: Readonly<Record<string, Value>>) {
  await using session = await openSession(compile({ outputs }))
  return session.run({ x })
}

test('an adapter begins at the network, moves it by a product of low rank, and leaves the weights alone', async () => {
  const base = mlp([16], 2)
  const place = input('x', 'float32', ['batch', 4])
  const plain = network(base, place, { seed: 3 })
  const adapted = network(lora(base, { rank: 2 }), place, { seed: 3 })
  expect(Object.keys(adapted.parameters)).toEqual([
    '0.weight.lora_a',
    '0.weight.lora_b',
    '1.weight.lora_a',
    '1.weight.lora_b',
  ])
  expect(Object.keys(adapted.states)).toEqual(Object.keys(plain.parameters))
  const [before, same] = [await run({ y: plain.output }), await run({ y: adapted.output })]
  expect(same.y.data).toEqual(before.y.data)
  const fitted = await fit({ ...common, network: lora(base, { rank: 2 }), epochs: 40 })
  expect(fitted.history.at(-1)!.loss).toBeLessThan(0.5 * fitted.history[0].loss)
  expect(fitted.parameters['0.weight'].data).toEqual(plain.values['0.weight'].data)
})

test('a loaded model is adapted too', async () => {
  const place = input('x', 'float32', ['batch', 4])
  const model = compile({ outputs: { y: network(mlp([16], 2), place, { seed: 3, path: 'net' }).output } })
  const loaded = load(model)
  const head = (path: string): boolean => path.startsWith('net.1')
  const fitted = await fit({
    ...common,
    network: lora(loadedNetwork(loaded), { rank: 1, targets: head, trains: (path) => path === 'net.1.bias' }),
    data: { inputs: { x }, targets: { y } },
    epochs: 20,
  })
  expect(Object.keys(fitted.parameters).filter((path) => path.includes('lora'))).toEqual([
    'net.1.weight.lora_a',
    'net.1.weight.lora_b',
  ])
  expect(fitted.history.at(-1)!.loss).toBeLessThan(fitted.history[0].loss)
})

test('a network that is trained for it computes with 255 levels of each weight', async () => {
  const place = input('x', 'float32', ['batch', 4])
  const fitted = await fit({ ...common, network: quantizationAware(mlp([16], 2)), epochs: 40 })
  expect(fitted.history.at(-1)!.loss).toBeLessThan(0.5 * fitted.history[0].loss)
  const levels = (data: Float32Array): Float32Array => {
    const scale = Math.fround(Math.max(...data.map(Math.abs)) / 127)
    return data.map((value) => Math.round(value / scale) * scale)
  }
  const rounded = Object.fromEntries(
    Object.entries(fitted.parameters).map(([path, value]) => [
      path,
      value.shape.length === 2 ? tensor('float32', value.shape, levels(value.data)) : value,
    ]),
  )
  const aware = await run({ y: fitted.apply(place) })
  const plain = await run({ y: network(mlp([16], 2), place, { parameters: rounded }).output })
  for (const [i, value] of (plain.y.data as Float32Array).entries())
    expect(Number(aware.y.data[i])).toBeCloseTo(value, 3)
})

test('a rank that is none is refused', () => {
  expect(() => lora(mlp([2], 1), { rank: 0 })).toThrow('the rank of an adapter is 0')
})
