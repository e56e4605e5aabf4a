import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as learn from '../index.ts'

const { layerNames, layerOf, unnamedLayers } = learn

const peers: { readonly torch: readonly string[]; readonly keras: readonly string[] } = JSON.parse(
  readFileSync(new URL('../../../../conformance/learn/names.json', import.meta.url), 'utf8'),
)

test('every name of ours is an export', () => {
  for (const { ours } of layerNames) {
    const found = ours
      .split('.')
      .reduce<unknown>((place, key) => (place as Readonly<Record<string, unknown>> | undefined)?.[key], learn)
    expect(typeof found, ours).toBe('function')
  }
})

test('every module of torch.nn and every class of keras.layers has a layer or a reason', () => {
  const named = new Set(layerNames.flatMap(({ torchName, kerasName }) => [torchName, kerasName]))
  const all = [...peers.torch, ...peers.keras]
  expect(all.length).toBeGreaterThan(300)
  expect(all.filter((name) => !named.has(name) && !(name in unnamedLayers))).toEqual([])
  // and nothing is said of names that the peers do not have, or twice
  const told = [...[...named].filter((name) => name !== undefined), ...Object.keys(unnamedLayers)]
  expect(told.filter((name) => !all.includes(name))).toEqual([])
  expect(told.length).toBe(new Set(told).size)
})

test('a layer is found by its name with or without the module', () => {
  expect(layerOf('torch.nn.GRU')).toBe('gru')
  expect(layerOf('nn.Conv2d')).toBe('conv')
  expect(layerOf('tf.keras.layers.MaxPool3D')).toBe('maxPool')
  expect(layerOf('layers.Dense')).toBe('dense')
  expect(layerOf('LayerNormalization')).toBe('layerNorm')
  expect(layerOf('merge.film')).toBe('merge.film')
  expect(layerOf('film')).toBe('merge.film')
})

test('a name without its module means one thing', () => {
  const meant = new Map<string, string>()
  for (const { ours, torchName, kerasName } of layerNames)
    for (const name of [torchName, kerasName]) {
      const own = name?.slice(name.lastIndexOf('.') + 1)
      if (own === undefined) continue
      expect(meant.get(own) ?? ours, own).toBe(ours)
      meant.set(own, ours)
    }
})

test('a miss names the nearest, or says why there is none', () => {
  const unknown = expect.objectContaining({ code: 'LAYER_UNKNOWN' })
  expect(() => layerOf('torch.nn.Liner')).toThrow('did you mean "torch.nn.Linear"')
  expect(() => layerOf('Denes')).toThrow('did you mean')
  expect(() => layerOf('torch.nn.ModuleList')).toThrow(unknown)
  expect(() => layerOf('ModuleList')).toThrow(
    expect.objectContaining({ because: expect.stringContaining('named by path') }),
  )
})
