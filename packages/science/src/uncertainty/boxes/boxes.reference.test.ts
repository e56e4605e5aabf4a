import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ellipsoidScores } from '../multivariate/ellipsoid.ts'
import { boxIou, boxMetrics } from './box.ts'
import { matchBoxes } from './matching.ts'

const { peers, images, metrics, ellipsoid } = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/regions.json', import.meta.url), 'utf8'),
) as {
  readonly peers: Readonly<Record<string, string>>
  readonly images: readonly {
    readonly truth: readonly number[]
    readonly predicted: readonly number[]
    readonly iou: readonly number[]
    readonly matched: readonly number[]
    readonly kept: readonly boolean[]
  }[]
  readonly metrics: {
    readonly truth: number[]
    readonly outer: number[]
    readonly coverage: number
    readonly area: number
  }
  readonly ellipsoid: { readonly [name in 'y' | 'prediction' | 'covariance' | 'scores']: readonly number[] }
}

test(`shared areas and pairs of boxes are puncc ${peers.puncc}'s by its pixel convention`, () => {
  for (const { truth, predicted, iou, matched, kept } of images) {
    boxIou(truth, predicted, { pixels: true }).forEach((shared, at) => {
      expect(shared).toBeCloseTo(iou[at], 12)
    })
    const { pairs, missed } = matchBoxes(predicted, truth, { pixelConvention: true })
    expect(pairs.map(([, i]) => i)).toEqual(kept.flatMap((k, i) => (k ? [i] : [])))
    expect(missed).toEqual(kept.flatMap((k, i) => (k ? [] : [i])))
    expect(pairs.flatMap(([j]) => predicted.slice(4 * j, 4 * j + 4))).toEqual(matched)
  }
})

test(`coverage and area of boxes are puncc ${peers.puncc}'s`, () => {
  const { truth, outer, coverage, area } = metrics
  const ours = boxMetrics(outer, { truth })
  expect(ours.coverage).toBeCloseTo(coverage, 12)
  expect(ours.area).toBeCloseTo(area, 9)
})

test(`standardised errors of several outputs are MAPIE ${peers.MAPIE}'s`, () => {
  const { y, prediction, covariance, scores } = ellipsoid
  ellipsoidScores(y, { prediction, covariance }, 3).scores.forEach((score, i) => {
    expect(score).toBeCloseTo(scores[i], 9)
  })
})
