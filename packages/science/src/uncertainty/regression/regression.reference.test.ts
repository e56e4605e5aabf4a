import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bootstrapIntervals, calibrateBootstrap } from './bootstrap.ts'
import { type CrossMethod, calibrateCross, crossIntervals, crossPoint, type PointAggregate } from './cross.ts'
import { difficulty, fitDifficulty } from './difficulty.ts'
import {
  predictiveCrps,
  predictiveIntervals,
  predictivePercentiles,
  predictivePValues,
  predictiveSystem,
} from './predictiveSystem.ts'
import type { regressionScores } from './scores.ts'
import { calibrateRegression, regressionIntervals } from './splitRegression.ts'

type Score = keyof typeof regressionScores
/** Rows of numbers; infinite ones are texts. */
type Table = readonly (readonly (number | string)[])[]

interface Bounds {
  readonly symmetric: boolean
  readonly lower: Table
  readonly upper: Table
}

interface Reference {
  readonly split: readonly {
    readonly n: number
    readonly y: readonly number[]
    readonly parts: Readonly<Record<string, readonly number[]>>
    readonly new: Readonly<Record<string, readonly number[]>>
    readonly levels: readonly number[]
    readonly results: readonly (Bounds & { readonly score: Score; readonly narrowest: boolean })[]
  }[]
  readonly cross: readonly {
    readonly y: readonly number[]
    readonly prediction: readonly number[]
    readonly folds: readonly number[]
    readonly newFolds: readonly (readonly number[])[]
    readonly newFull: readonly number[]
    readonly levels: readonly number[]
    readonly results: readonly (Bounds & {
      readonly score: 'absolute' | 'gamma'
      readonly method: CrossMethod
      readonly point: readonly number[]
    })[]
  }[]
  readonly bootstrap: {
    readonly y: readonly number[]
    readonly inBag: readonly (readonly number[])[]
    readonly answers: readonly (readonly number[])[]
    readonly newAnswers: readonly (readonly number[])[]
    readonly levels: readonly number[]
    readonly results: readonly (Omit<Bounds, 'symmetric'> & {
      readonly method: 'plus' | 'minmax'
      readonly aggregate: PointAggregate
      readonly point: readonly number[]
    })[]
  }
  readonly systems: readonly {
    readonly residuals: readonly number[]
    readonly sigma: readonly number[] | null
    readonly groups: readonly string[] | null
    readonly prediction: readonly number[]
    readonly y: readonly number[]
    readonly newSigma: readonly number[] | null
    readonly newGroups: readonly string[] | null
    readonly pValues: readonly number[]
    readonly lowerPercentiles: Table
    readonly higherPercentiles: Table
    readonly intervals: Table
    readonly crps: number | null
  }[]
  readonly difficulty: {
    readonly features: readonly (readonly number[])[]
    readonly labels: readonly number[]
    readonly residuals: readonly number[]
    readonly new: readonly (readonly number[])[]
    readonly results: readonly {
      readonly kind: 'distance' | 'labels' | 'residuals'
      readonly scaler: boolean
      readonly difficulty: readonly number[]
    }[]
  }
}

const reference = JSON.parse(
  readFileSync(new URL('../../../../../conformance/science/uncertainty/regression.json', import.meta.url), 'utf8'),
) as Reference

/** Equal to 1e-9 of their size, infinite where infinite. */
function expectClose(found: ArrayLike<number>, expected: Table | readonly number[], what: string): void {
  const numbers = (expected as readonly unknown[]).flat().map(Number)
  expect(found.length, what).toBe(numbers.length)
  numbers.forEach((x, i) => {
    if (Number.isFinite(x))
      expect(Math.abs(found[i] - x), `${what} [${i}]`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(x)))
    else expect(found[i], `${what} [${i}]`).toBe(x)
  })
}

test('split intervals are those of MAPIE 1.6.0 and TorchCP 1.2.1', () => {
  for (const { n, y, parts, new: rows, levels, results } of reference.split)
    for (const { score, symmetric, narrowest, lower, upper } of results) {
      const conformal = calibrateRegression(y, parts, { score, symmetric, narrowest, level: levels })
      const found = regressionIntervals(conformal, rows)
      const what = `${score} ${symmetric ? 'symmetric' : 'asymmetric'}${narrowest ? ' narrowest' : ''} n = ${n}`
      expectClose(found.lower, lower, `lower of ${what}`)
      expectClose(found.upper, upper, `upper of ${what}`)
    }
})

test('cross-conformal intervals are those of MAPIE 1.6.0: CV, CV+, jackknife, jackknife+ and minmax', () => {
  for (const { y, prediction, folds, newFolds, newFull, levels, results } of reference.cross)
    for (const { score, method, symmetric, point, lower, upper } of results) {
      const conformal = calibrateCross(y, { prediction }, { score, method, symmetric, folds, level: levels })
      const found = crossIntervals(conformal, {
        folds: { prediction: newFolds.flat() },
        full: { prediction: newFull },
      })
      const what = `${method} ${score} ${symmetric ? 'symmetric' : 'asymmetric'} of ${newFolds[0].length} folds`
      expectClose(found.lower, lower, `lower of ${what}`)
      expectClose(found.upper, upper, `upper of ${what}`)
      if (method !== 'base') expectClose(crossPoint(newFolds.flat(), newFolds[0].length), point, `point of ${what}`)
    }
})

test('jackknife+ after bootstrap is that of MAPIE 1.6.0', () => {
  const { y, inBag, answers, newAnswers, levels, results } = reference.bootstrap
  for (const { method, aggregate, point, lower, upper } of results) {
    const conformal = calibrateBootstrap(y, answers.flat(), { inBag: inBag.flat(), method, aggregate, level: levels })
    const found = bootstrapIntervals(conformal, newAnswers.flat())
    expectClose(found.lower, lower, `lower of ${method} ${aggregate}`)
    expectClose(found.upper, upper, `upper of ${method} ${aggregate}`)
    expectClose(found.prediction, point, `point of ${method} ${aggregate}`)
  }
})

test('predictive systems are those of crepes 0.9.1', () => {
  for (const system of reference.systems) {
    const fitted = predictiveSystem(system.residuals, {
      ...(system.sigma ? { sigma: system.sigma } : {}),
      ...(system.groups ? { groups: system.groups } : {}),
    })
    const rows = {
      prediction: system.prediction,
      ...(system.newSigma ? { sigma: system.newSigma } : {}),
      ...(system.newGroups ? { groups: system.newGroups } : {}),
    }
    expectClose(predictivePValues(fitted, rows, system.y), system.pValues, 'p-values')
    expectClose(predictivePercentiles(fitted, rows, { lower: [2.5, 10, 50] }), system.lowerPercentiles, 'lower')
    expectClose(predictivePercentiles(fitted, rows, { higher: [50, 90, 97.5] }), system.higherPercentiles, 'higher')
    const { lower, upper } = predictiveIntervals(fitted, rows, { level: 0.75 })
    expectClose(
      Array.from(lower).flatMap((x, i) => [x, upper[i]]),
      system.intervals,
      'intervals',
    )
    const crps = predictiveCrps(fitted, rows, system.y)
    if (system.crps !== null) expect(crps.reduce((a, b) => a + b) / crps.length).toBeCloseTo(system.crps, 10)
  }
})

test('difficulty is that of crepes 0.9.1', () => {
  const { features, labels, residuals, new: rows, results } = reference.difficulty
  for (const { kind, scaler, difficulty: expected } of results) {
    const fitted = fitDifficulty(features.flat(), features[0].length, {
      k: 7,
      scaler,
      ...(kind === 'labels' ? { labels } : kind === 'residuals' ? { residuals } : {}),
    })
    expectClose(difficulty(fitted, rows.flat()), expected, `${kind} ${scaler}`)
  }
})
