import { readFileSync } from 'node:fs'
import { random } from '@mlpod/math'
import { expect, test } from 'vitest'
import { calibrateClassifier } from '../classification/classifier.ts'
import { classifierSets } from '../classification/sets.ts'
import { dapsScores, graphEdges, napsSets, napsThresholds, similarEdges, snapsScores } from './index.ts'

const reference = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/graph_scores.json', import.meta.url), 'utf8'),
) as {
  readonly nodes: number
  readonly classes: number
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly weights: readonly number[]
  readonly features: readonly number[]
  readonly scores: readonly number[]
  readonly daps: readonly { readonly diffusion: number; readonly scores: readonly number[] }[]
  readonly snaps: readonly {
    readonly similarity: number
    readonly neighbours: number
    readonly k: number
    readonly scores: readonly number[]
  }[]
}

const { nodes, classes, from, to, weights, features, scores } = reference

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length)
  expected.forEach((x, i) => {
    expect(Math.abs(found[i] - x)).toBeLessThan(1e-9)
  })
}

test('scores diffused along edges and among similar nodes are those of TorchCP 1.2.1', () => {
  const edges = graphEdges(from, to, { nodes, weights })
  for (const { diffusion, scores: expected } of reference.daps)
    expectClose(dapsScores(scores, edges, { classes, diffusion }), expected)
  for (const { similarity, neighbours, k, scores: expected } of reference.snaps)
    expectClose(
      snapsScores(scores, edges, similarEdges(features, { nodes, k }), { classes, similarity, neighbours }),
      expected,
    )
})

/** A ring of nodes joined to their six nearest: labels change slowly along it. */
function ring(seed: number, n: number) {
  const { normal, uniform } = random({ seed, path: 'ring' })
  const [a, b]: [number[], number[]] = [[], []]
  for (let i = 0; i < n; i++)
    for (const step of [1, 2, 3]) {
      const j = (i + step) % n
      a.push(i, j)
      b.push(j, i)
    }
  const y = Array.from({ length: n }, (_, i) =>
    uniform(i) < 0.9 ? Math.floor((4 * i) / n) : Math.floor(4 * uniform(n + i)),
  )
  const s = Float64Array.from(
    { length: n * 4 },
    (_, i) => normal(2 * n + i) + (y[Math.floor(i / 4)] === i % 4 ? -1 : 0.5),
  )
  return { y, s, edges: graphEdges(a, b, { nodes: n }) }
}

test('sets by diffused scores cover, and are smaller where neighbours have the same label', () => {
  let [hits, plain, diffused] = [0, 0, 0]
  const [n, repeats] = [200, 40]
  for (let r = 0; r < repeats; r++) {
    const { y, s, edges } = ring(r, n)
    const order = random({ seed: r, path: 'split' }).permutation(n)
    const [known, fresh] = [order.subarray(0, n / 2), order.subarray(n / 2)]
    const size = (values: Float64Array) => {
      const rows = (ids: Uint32Array) => Array.from(ids).flatMap((i) => [...values.subarray(4 * i, 4 * i + 4)])
      const conformal = calibrateClassifier(
        rows(known),
        Array.from(known, (i) => y[i]),
        { level: 0.9, score: 'given' },
      )
      const [sets] = classifierSets(conformal, rows(fresh))
      return {
        size: sets.reduce((a, b) => a + b, 0),
        hits: Array.from(fresh).filter((i, j) => sets[4 * j + y[i]] === 1).length,
      }
    }
    plain += size(s).size
    const found = size(dapsScores(s, edges, { classes: 4 }))
    diffused += found.size
    hits += found.hits
  }
  expect(hits / (repeats * (n / 2))).toBeGreaterThan(0.885)
  expect(diffused).toBeLessThan(plain)
})

test('thresholds of neighbourhoods are weighted quantiles of what is near, and nodes with few neighbours have none', () => {
  // a path 0 - 1 - 2 - 3
  const path = graphEdges([0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2], { nodes: 4 })
  const own = [5, 1, 2, Number.NaN]
  const { thresholds, neighbours } = napsThresholds(own, path, {
    level: [0.3, 0.5],
    hops: 2,
    least: 2,
    weight: 'halved',
  })
  expect([...neighbours]).toEqual([2, 2, 2, 2])
  // node 0 sees score 1 at weight 1 and score 2 at weight 1/2, itself at weight 1
  expect([...thresholds.subarray(0, 2)]).toEqual([1, 2])
  // node 1 sees 5 and 2 at weight 1 each: 2 reaches a third; node 2 sees 1 beside it, 5 behind
  expect([...thresholds.subarray(2, 6)]).toEqual([2, 5, 1, 5])
  // node 3 sees 2 beside it and 1 behind: half a weight of 2.5 is not 0.3
  expect([...thresholds.subarray(6)]).toEqual([2, 2])
  const few = napsThresholds(own, path, { level: 0.5, least: 3 })
  expect(few.thresholds.every(Number.isNaN)).toBe(true)
  expect(napsSets(few, [1, 2, 3, 4, 5, 6, 7, 8], { classes: 2 })[0].every((inside) => inside === 1)).toBe(true)
})

test('sets by neighbourhood cover where labels change along the graph', () => {
  let [hits, all] = [0, 0]
  for (let r = 0; r < 10; r++) {
    const n = 400
    const { y, s, edges } = ring(100 + r, n)
    const { uniform } = random({ seed: r, path: 'known' })
    const own = Float64Array.from({ length: n }, (_, i) => (uniform(i) < 0.5 ? s[4 * i + y[i]] : Number.NaN))
    const asked = Array.from({ length: n }, (_, i) => i).filter((i) => Number.isNaN(own[i]))
    const found = napsThresholds(own, edges, { level: 0.8, hops: 5, least: 10, nodes: asked, weight: 'inverse' })
    const [sets] = napsSets(found, s, { classes: 4 })
    asked.forEach((i, j) => {
      hits += sets[4 * j + y[i]]
      all++
    })
  }
  expect(hits / all).toBeGreaterThan(0.77)
  expect(hits / all).toBeLessThan(0.95)
})

test('edges and shares that cannot be are refused', () => {
  const refused = (code: string) => expect.objectContaining({ code })
  expect(() => graphEdges([0], [0, 1], { nodes: 2 })).toThrow(refused('LENGTH_MISMATCH'))
  expect(() => graphEdges([0], [2], { nodes: 2 })).toThrow(refused('EDGE_INVALID'))
  expect(() => graphEdges([0], [1], { nodes: 2, weights: [Number.NaN] })).toThrow(refused('WEIGHT_INVALID'))
  expect(() => similarEdges([1, 2, 3], { nodes: 2 })).toThrow(refused('LENGTH_MISMATCH'))
  expect(() => similarEdges([1, 2], { nodes: 2, k: 2 })).toThrow(refused('NEIGHBOURS_INVALID'))
  const edges = graphEdges([0], [1], { nodes: 2 })
  expect(() => dapsScores([1], edges, { classes: 1 })).toThrow(refused('LENGTH_MISMATCH'))
  expect(() => dapsScores([1, 2], edges, { classes: 1, diffusion: 2 })).toThrow(refused('OPTION_INVALID'))
  expect(() => snapsScores([1, 2], edges, edges, { classes: 1, similarity: 0.6, neighbours: 0.6 })).toThrow(
    refused('OPTION_INVALID'),
  )
  expect(() => napsThresholds([1, 2], edges, { level: 0.9, hops: 0 })).toThrow(refused('OPTION_INVALID'))
  expect(() => napsThresholds([1, 2], edges, { level: 0.9, weight: 'half' as 'halved' })).toThrow(
    refused('OPTION_INVALID'),
  )
  expect(() => napsThresholds([1, 2], edges, { level: 0.9, nodes: [9] })).toThrow(refused('EDGE_INVALID'))
  // a node without edges keeps its own part
  expect([...dapsScores([1, 2], edges, { classes: 1 })][1]).toBe(1)
})
