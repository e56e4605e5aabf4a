import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  classifierPValues,
  conformalPValues,
  onlineClassPValues,
  onlinePValues,
  pValueSets,
  scoreReference,
  setEfficiency,
} from '../pValues/index.ts'
import { type ClassifierMethod, calibrateClassifier, type LastLabel } from './classifier.ts'
import { type CrossAggregate, calibrateCrossClassifier, crossClassifierSets } from './crossClassifier.ts'
import { labelScores, ownLabelScores } from './labelScores.ts'
import { naiveSets } from './naive.ts'
import { neighbourScores } from './neighbourScores.ts'
import type { ClassTransform } from './rows.ts'
import type { ClassScore } from './scores.ts'
import { classifierSets } from './sets.ts'
import { tuneRaps } from './tuneRaps.ts'

interface Reference {
  readonly split: {
    readonly classes: number
    readonly levels: readonly number[]
    readonly probabilities: readonly number[]
    readonly labels: readonly number[]
    readonly new: readonly number[]
    readonly u: readonly number[]
    readonly newU: readonly number[]
    readonly results: readonly {
      readonly score: 'lac' | 'aps' | 'topK' | 'naive'
      readonly last: boolean | 'randomized'
      readonly sets: readonly (readonly number[])[]
    }[]
  }
  readonly raps: {
    readonly classes: number
    readonly level: number
    readonly probabilities: readonly number[]
    readonly labels: readonly number[]
    readonly part: readonly number[]
    readonly rest: readonly number[]
    readonly u: readonly number[]
    readonly new: readonly number[]
    readonly results: readonly {
      readonly last: boolean
      readonly penalty: number
      readonly freeRanks: number
      readonly sets: readonly number[]
    }[]
  }
  readonly cross: {
    readonly levels: readonly number[]
    readonly probabilities: readonly number[]
    readonly labels: readonly number[]
    readonly folds: readonly number[]
    readonly new: readonly (readonly number[])[]
    readonly u: readonly number[]
    readonly results: readonly {
      readonly score: 'lac' | 'aps'
      readonly aggregate: CrossAggregate
      readonly sets: readonly (readonly number[])[]
    }[]
  }
  readonly scores: {
    readonly classes: number
    readonly logits: readonly number[]
    readonly probabilities: readonly number[]
    readonly labels: readonly number[]
    readonly results: readonly {
      readonly score: ClassScore
      readonly transform: ClassTransform
      readonly logits: boolean
      readonly all: readonly number[]
      readonly own?: readonly number[]
    }[]
    readonly crepes: readonly {
      readonly score: 'lac' | 'margin'
      readonly all: readonly number[]
      readonly own: readonly number[]
    }[]
    readonly neighbours: {
      readonly features: readonly number[]
      readonly labels: readonly number[]
      readonly rows: readonly number[]
      readonly results: readonly { readonly k: number; readonly distance: number; readonly scores: readonly number[] }[]
    }
  }
  readonly predictors: {
    readonly alpha: number
    readonly probabilities: readonly number[]
    readonly labels: readonly number[]
    readonly new: readonly number[]
    readonly results: readonly {
      readonly method: ClassifierMethod
      readonly thresholds: readonly (number | string)[]
      readonly sets: readonly number[]
      readonly ranks?: readonly number[]
      readonly clusters?: readonly number[]
    }[]
  }
  readonly pValues: {
    readonly classes: number
    readonly calibration: readonly number[]
    readonly scores: readonly number[]
    readonly groups: readonly string[]
    readonly newGroups: readonly string[]
    readonly calibrationLabels: readonly number[]
    readonly labels: readonly number[]
    readonly u: readonly number[]
    readonly plain: readonly number[]
    readonly smoothed: readonly number[]
    readonly grouped: readonly number[]
    readonly byClass: readonly number[]
    readonly online: readonly number[]
    readonly onlineByClass: readonly number[]
    readonly alpha: number
    readonly efficiency: Readonly<Record<string, number>>
    readonly stream: {
      readonly scores: readonly number[]
      readonly u: readonly number[]
      readonly pValues: readonly number[]
    }
  }
}

const { split, raps, cross, scores, predictors, pValues } = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/classification.json', import.meta.url), 'utf8'),
) as Reference

function expectClose(found: ArrayLike<number>, expected: readonly number[], what: string, tolerance = 1e-12): void {
  expect(found.length, what).toBe(expected.length)
  expected.forEach((x, i) => {
    expect(Math.abs(found[i] - x), `${what} [${i}]: ${found[i]} and ${x}`).toBeLessThanOrEqual(
      tolerance * Math.max(1, Math.abs(x)),
    )
  })
}

const rulesOfLast: Readonly<Record<string, LastLabel>> = { true: 'include', false: 'exclude', randomized: 'randomize' }

test('split conformal sets are those of MAPIE 1.6.0: LAC, APS with each rule for the last label, top-k, naive', () => {
  const { classes, levels, probabilities, labels, u, newU, results } = split
  for (const { score, last, sets } of results) {
    const lastLabel = rulesOfLast[`${last}`]
    const found =
      score === 'naive'
        ? naiveSets(split.new, { classes, level: levels })
        : classifierSets(
            calibrateClassifier(probabilities, labels, {
              level: levels,
              score,
              ...(score === 'aps' ? { randomize: { uniform: u }, lastLabel } : {}),
            }),
            split.new,
            { uniform: newU },
          )
    sets.forEach((expected, l) => {
      expect([...found[l]], `${score} ${last} ${levels[l]}`).toEqual(expected)
    })
  }
})

test('RAPS has the free ranks of MAPIE 1.6.0, and with its penalty the same sets', () => {
  const { classes, level, probabilities, labels, part, rest, u, results } = raps
  const take = (rows: readonly number[]) => ({
    p: rows.flatMap((i) => probabilities.slice(i * classes, (i + 1) * classes)),
    y: rows.map((i) => labels[i]),
  })
  for (const { last, penalty, freeRanks, sets } of results) {
    const tuning = take(part)
    expect(tuneRaps(tuning.p, tuning.y, { level }).freeRanks).toBe(freeRanks)
    const { p, y } = take(rest)
    const conformal = calibrateClassifier(p, y, {
      level,
      score: { name: 'raps', penalty, freeRanks },
      randomize: { uniform: u },
      lastLabel: last ? 'include' : 'exclude',
    })
    expect([...classifierSets(conformal, raps.new)[0]]).toEqual(sets)
  }
})

test('cross-conformal sets are those of MAPIE 1.6.0, fold by fold and by the mean', () => {
  const { levels, probabilities, labels, folds, u, results } = cross
  for (const { score, aggregate, sets } of results) {
    const conformal = calibrateCrossClassifier(probabilities, labels, {
      level: levels,
      score,
      aggregate,
      folds,
      rule: 'mapie',
      ...(score === 'aps' ? { randomize: { uniform: u } } : {}),
    })
    const found = crossClassifierSets(conformal, cross.new)
    sets.forEach((expected, l) => {
      expect([...found[l]], `${score} ${aggregate} ${levels[l]}`).toEqual(expected)
    })
  }
})

test('scores of all labels and of the true one are those of TorchCP 1.2.1 and crepes 0.9.1', () => {
  const { classes, logits, probabilities, labels, results, neighbours, crepes } = scores
  for (const { score, all, own } of crepes) {
    expectClose(labelScores(probabilities, { classes, score }), all, `${score} of crepes`)
    expectClose(ownLabelScores(probabilities, labels, { score }), own, `${score} of crepes, true label`)
  }
  for (const { score, transform, logits: ofLogits, all, own } of results) {
    const numbers = ofLogits ? logits : probabilities
    const found = labelScores(numbers, { classes, score, transform })
    const what = `${JSON.stringify(score)} of ${transform}`
    expectClose(found, all, what, 1e-7)
    const ours = ownLabelScores(numbers, labels, { score, transform })
    if (own) expectClose(ours, own, `${what}, true label`, 1e-7)
    // one formula: the score of the true label is among those of all labels, to the last bit
    expect([...ours]).toEqual(labels.map((y, i) => found[i * classes + y]))
  }
  for (const { k, distance, scores: expected } of neighbours.results)
    expectClose(
      neighbourScores(neighbours.features, neighbours.labels, neighbours.rows, { classes: 3, k, distance }),
      expected,
      `${k} neighbours by ${distance}`,
      1e-7,
    )
})

test('thresholds and sets by class, by cluster and by rank are those of TorchCP 1.2.1', () => {
  const { alpha, probabilities, labels, results } = predictors
  for (const { method, thresholds, sets, ranks, clusters } of results) {
    const conformal = calibrateClassifier(probabilities, labels, {
      alpha,
      method,
      ...(clusters ? { clusters: { count: 2, both: true, nullCluster: 'infinite' } } : {}),
    })
    const [{ thresholds: found, ranks: limits }] = conformal.byClass ?? []
    thresholds.forEach((t, y) => {
      if (t === 'inf') expect(found[y]).toBe(Number.POSITIVE_INFINITY)
      else expect(found[y], `${method}, class ${y}`).toBeCloseTo(t as number, 6)
    })
    if (ranks) expect(limits).toEqual(ranks)
    if (clusters)
      clusters.forEach((c, y) => {
        clusters.forEach((other, z) => {
          if (c >= 0 && other >= 0) expect(conformal.classGroups?.[y] === conformal.classGroups?.[z]).toBe(c === other)
        })
      })
    expect([...classifierSets(conformal, predictors.new)[0]], method).toEqual(sets)
  }
})

test('p-values are those of crepes 0.9.1: at once, smoothed, by group, by class, online and semi-online', () => {
  const { classes, calibration, scores: given, groups, newGroups, calibrationLabels, labels, u } = pValues
  expectClose(conformalPValues(calibration, given), pValues.plain, 'plain')
  expectClose(conformalPValues(calibration, given, { smoothed: { uniform: u } }), pValues.smoothed, 'smoothed')
  const known = scoreReference(calibration, { groups })
  const each = newGroups.flatMap((group) => new Array<string>(classes).fill(group))
  expectClose(conformalPValues(known, given, { groups: each }), pValues.grouped, 'by group')
  const byLabel = scoreReference(calibration, { groups: calibrationLabels.map((y) => `${y}`) })
  const classOf = given.map((_, i) => `${i % classes}`)
  expectClose(conformalPValues(byLabel, given, { groups: classOf }), pValues.byClass, 'by class')
  expectClose(onlineClassPValues(given, labels, { calibration, smoothed: { uniform: u } }), pValues.online, 'online')
  expectClose(
    onlineClassPValues(given, labels, { calibration, calibrationLabels, byClass: true }),
    pValues.onlineByClass,
    'online by class',
  )
  const { stream } = pValues
  expectClose(onlinePValues(stream.scores, { smoothed: { uniform: stream.u } }), stream.pValues, 'semi-online')
})

test('the criteria of efficiency are those of TorchCP 1.2.1', () => {
  const { calibration, scores: given, labels, alpha, efficiency } = pValues
  const found = setEfficiency(conformalPValues(calibration, given), labels, { alpha })
  for (const [name, value] of Object.entries(efficiency))
    expect(found[name as keyof typeof found], name).toBeCloseTo(value, 6)
})

test('sets of p-values above alpha are those of the threshold', () => {
  const { classes, levels, probabilities, labels } = split
  for (const score of ['lac', 'aps', 'margin'] as const)
    for (const method of ['marginal', 'class'] as const)
      for (const level of levels) {
        const conformal = calibrateClassifier(probabilities, labels, { level, score, method })
        const p = classifierPValues(conformal, split.new)
        expect(pValueSets(p, { level })).toEqual(classifierSets(conformal, split.new)[0])
        expect(p.length).toBe((split.new.length / classes) * classes)
      }
})
