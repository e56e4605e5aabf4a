import { spread } from '@mlpod/math'
import { euclidean } from './distances.ts'
import { type MetaGroup, once } from './group.ts'
import type { MetaTable } from './table.ts'

const sum = (list: readonly number[]): number => list.reduce((total, v) => total + v, 0)
const distances = once((t) => euclidean(t.numbers, t.n))

/** Centres of the classes, and the mean distance of their rows to them. */
function centres({ numbers, target, classes, n }: MetaTable) {
  const centre = classes.map((count, k) =>
    numbers.map((column) => {
      let total = 0
      for (let i = 0; i < n; i++) if (target.codes[i] === k) total += column[i]
      return total / count
    }),
  )
  const distance = (i: number, k: number): number =>
    Math.sqrt(sum(numbers.map((column, j) => (column[i] - centre[k][j]) ** 2)))
  return { centre, distance }
}

/** Between-class over within-class scatter. Source: Calinski, Harabasz (1974). */
function calinskiHarabasz(t: MetaTable): number {
  const { centre, distance } = centres(t)
  const whole = t.numbers.map((column) => spread(column).mean)
  const between = sum(centre.map((c, k) => t.classes[k] * sum(c.map((v, j) => (v - whole[j]) ** 2))))
  let within = 0
  for (let i = 0; i < t.n; i++) within += distance(i, t.target.codes[i]) ** 2
  return (between * (t.n - t.classes.length)) / (within * (t.classes.length - 1))
}

/** Mean over classes of the worst ratio of spreads to the distance of centres. Source: Davies, Bouldin (1979). */
function daviesBouldin(t: MetaTable): number {
  const { centre, distance } = centres(t)
  const spreads = t.classes.map(() => 0)
  for (let i = 0; i < t.n; i++)
    spreads[t.target.codes[i]] += distance(i, t.target.codes[i]) / t.classes[t.target.codes[i]]
  const apart = (a: number, b: number): number => Math.sqrt(sum(centre[a].map((v, j) => (v - centre[b][j]) ** 2)))
  const worst = t.classes.map((_, a) =>
    Math.max(...t.classes.flatMap((_, b) => (a === b ? [] : [(spreads[a] + spreads[b]) / apart(a, b)]))),
  )
  return sum(worst) / worst.length
}

/** Mean silhouette. Source: Rousseeuw (1987). */
function silhouette(t: MetaTable): number {
  const { at } = distances(t)
  let total = 0
  for (let i = 0; i < t.n; i++) {
    const own = t.target.codes[i]
    if (t.classes[own] === 1) continue
    const means = t.classes.map(() => 0)
    for (let j = 0; j < t.n; j++) means[t.target.codes[j]] += at(i, j)
    const a = means[own] / (t.classes[own] - 1)
    const b = Math.min(...means.flatMap((m, k) => (k === own ? [] : [m / t.classes[k]])))
    total += (b - a) / Math.max(a, b)
  }
  return total / t.n
}

/** Correlation of "is of the same class" with the distance of a pair. */
function pointBiserial(t: MetaTable): number {
  const { at } = distances(t)
  let [n, same, d, dd, cross] = [0, 0, 0, 0, 0]
  for (let i = 0; i < t.n; i++)
    for (let j = 0; j < i; j++) {
      const [equal, distance] = [Number(t.target.codes[i] === t.target.codes[j]), at(i, j)]
      n++
      same += equal
      d += distance
      dd += distance ** 2
      cross += equal * distance
    }
  return (cross / n - (same / n) * (d / n)) / Math.sqrt((same / n) * (1 - same / n) * (dd / n - (d / n) ** 2))
}

/** Sum and least of the distances between classes over the number of pairs, and the largest within. */
function between(t: MetaTable) {
  const { at } = distances(t)
  let [total, least, largest] = [0, Infinity, 0]
  for (let i = 0; i < t.n; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [t.target.codes[i], t.target.codes[j]]
      if (a === b) largest = Math.max(largest, at(i, j))
      else {
        const normed = at(i, j) / (t.classes[a] * t.classes[b])
        total += normed
        least = Math.min(least, normed)
      }
    }
  return { total, least, largest }
}

/** How the classes lie as clusters. Source: pymfe 0.4, group `clustering`. */
export const clustering = {
  ch: calinskiHarabasz,
  vdb: daviesBouldin,
  sil: silhouette,
  vdu: (t) => {
    const { least, largest } = between(t)
    return least / largest
  },
  int: (t) =>
    t.classes.length < 2 ? Number.NaN : (2 * between(t).total) / (t.classes.length * (t.classes.length - 1)),
  nre: ({ classes, n }) => -sum(classes.map((count) => (count / n) * Math.log(count / n))),
  pb: pointBiserial,
  sc: ({ classes }) => classes.filter((count) => count < 15).length,
} as const satisfies MetaGroup
