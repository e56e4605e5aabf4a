import { inverse, random, spread, variance } from '@mlpod/math'
import type { MetaFeature, MetaGroup } from './group.ts'
import type { MetaTable } from './table.ts'
import { classify, growTree, importances } from './tree.ts'

/** Learns on rows of columns and codes, and gives the classes of other rows. */
type Learner = (
  train: readonly Float64Array[],
  codes: Int32Array,
  test: readonly Float64Array[],
  t: MetaTable,
) => Int32Array

const FOLDS = 10

/** The fold of each row: classes are dealt out evenly, in an order that the seed draws. */
function folds(t: MetaTable): Int32Array {
  const order = random({ seed: t.seed, path: 'folds' }).permutation(t.n)
  const dealt = t.classes.map((_, k) => k)
  const found = new Int32Array(t.n)
  for (const i of order) found[i] = dealt[t.target.codes[i]]++ % FOLDS
  return found
}

/** Accuracy on each part of the rows when the others teach. */
const accuracies =
  (learner: Learner): MetaFeature =>
  (t) => {
    const fold = folds(t)
    const pick = (keep: (i: number) => boolean) => ({
      columns: t.numbers.map((column) => column.filter((_, i) => keep(i))),
      codes: t.target.codes.filter((_, i) => keep(i)),
    })
    return Array.from({ length: FOLDS }, (_, k) => {
      const [train, test] = [pick((i) => fold[i] !== k), pick((i) => fold[i] === k)]
      if (test.codes.length === 0) return Number.NaN
      const found = learner(train.columns, train.codes, test.columns, t)
      return found.filter((code, i) => code === test.codes[i]).length / test.codes.length
    })
  }

const stump =
  (choose: (importance: readonly number[], t: MetaTable) => readonly number[] | undefined): Learner =>
  (train, codes, test, t) => {
    const whole = importances(growTree(train, codes, t.classes.length), train.length)
    return classify(growTree(train, codes, t.classes.length, { depth: 1, features: choose(whole, t) }), test)
  }
const most = (list: readonly number[]): number => list.indexOf(Math.max(...list))
const least = (list: readonly number[]): number => list.indexOf(Math.min(...list))

const nearestOf =
  (choose: (train: readonly Float64Array[], codes: Int32Array, t: MetaTable) => readonly number[]): Learner =>
  (train, codes, test, t) => {
    const kept = choose(train, codes, t)
    return Int32Array.from(test[0], (_, i) => {
      let [best, at] = [0, Infinity]
      for (let j = 0; j < codes.length; j++) {
        let d = 0
        for (const c of kept) d += (test[c][i] - train[c][j]) ** 2
        if (d < at) [best, at] = [j, d]
      }
      return codes[best]
    })
  }

/** Means, variances and shares of the classes. */
function byClass(train: readonly Float64Array[], codes: Int32Array, t: MetaTable) {
  const largest = Math.max(...train.map((column) => variance(spread(column), { ddof: 0 })))
  return t.classes.map((_, k) => {
    const parts = train.map((column) => spread(column.filter((_, i) => codes[i] === k)))
    const n = codes.filter((code) => code === k).length
    return {
      share: n / codes.length,
      mean: parts.map((p) => p.mean),
      spread: parts.map((p) => (n > 0 ? p.m2 / n : 0) + 1e-9 * largest),
      parts,
    }
  })
}

const bestClass = (scores: readonly number[]): number => most(scores.map((s) => (Number.isNaN(s) ? -Infinity : s)))

const naiveBayes: Learner = (train, codes, test, t) => {
  const classes = byClass(train, codes, t)
  return Int32Array.from(test[0], (_, i) =>
    bestClass(
      classes.map(({ share, mean, spread: s }) =>
        test.reduce(
          (sum, column, j) => sum - 0.5 * Math.log(2 * Math.PI * s[j]) - (column[i] - mean[j]) ** 2 / (2 * s[j]),
          Math.log(share),
        ),
      ),
    ),
  )
}

const linearDiscriminant: Learner = (train, codes, test, t) => {
  const classes = byClass(train, codes, t)
  const d = train.length
  const pooled = new Float64Array(d * d)
  for (let a = 0; a < d; a++)
    for (let b = 0; b < d; b++)
      for (let i = 0; i < codes.length; i++)
        pooled[a * d + b] +=
          ((train[a][i] - classes[codes[i]].mean[a]) * (train[b][i] - classes[codes[i]].mean[b])) / codes.length
  const precision = inverse(pooled, d, { ridge: 1e-8 })
  const lines = classes.map(({ share, mean }) => {
    const w = Array.from({ length: d }, (_, a) => mean.reduce((sum, m, b) => sum + precision[a * d + b] * m, 0))
    return { w, bias: Math.log(share) - 0.5 * mean.reduce((sum, m, a) => sum + m * w[a], 0) }
  })
  return Int32Array.from(test[0], (_, i) =>
    bestClass(lines.map(({ w, bias }) => test.reduce((sum, column, j) => sum + w[j] * column[i], bias))),
  )
}

/** How well simple learners do on ten stratified parts. Source: Pfahringer et al. (2000); pymfe 0.4, group `landmarking`. */
export const landmarking = {
  best_node: accuracies(stump(() => undefined)),
  random_node: accuracies(
    stump((whole, t) => [Math.floor(random({ seed: t.seed, path: 'node' }).uniform(0) * whole.length)]),
  ),
  worst_node: accuracies(stump((whole) => [least(whole)])),
  linear_discr: accuracies(linearDiscriminant),
  naive_bayes: accuracies(naiveBayes),
  one_nn: accuracies(nearestOf((train) => Array.from(train.keys()))),
  elite_nn: accuracies(
    nearestOf((train, codes, t) => [most(importances(growTree(train, codes, t.classes.length), train.length))]),
  ),
} as const satisfies MetaGroup
