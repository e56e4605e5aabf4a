import { random, spread, symmetricEigen, variance } from '@mlpod/math'
import { gower, scaled } from './distances.ts'
import { type MetaGroup, once } from './group.ts'
import { linearSvm } from './linearSvm.ts'
import { covariance } from './statistical.ts'
import type { MetaTable } from './table.ts'

const sum = (list: ArrayLike<number>): number =>
  Array.prototype.reduce.call(list, (a, b) => Number(a) + Number(b), 0) as number

/** Rows of two classes. */
interface Pair {
  readonly a: readonly Float64Array[]
  readonly b: readonly Float64Array[]
  readonly n: number
}

const ofClass = ({ numbers, target }: MetaTable, k: number): Float64Array[] =>
  numbers.map((column) => column.filter((_, i) => target.codes[i] === k))

const overPairs =
  (of: (pair: Pair, t: MetaTable) => number) =>
  (t: MetaTable): number[] =>
    t.classes.flatMap((count, i) =>
      t.classes.slice(i + 1).map((other, j) => of({ a: ofClass(t, i), b: ofClass(t, i + 1 + j), n: count + other }, t)),
    )

/** Where both classes have values of a column, and where either has. */
const ranges = ({ a, b }: Pair, j: number) => {
  const [x, y] = [spread(a[j]), spread(b[j])]
  return {
    low: Math.max(x.min, y.min),
    high: Math.min(x.max, y.max),
    width: Math.max(x.max, y.max) - Math.min(x.min, y.min),
  }
}
const inside = (column: Float64Array, { low, high }: { low: number; high: number }): Uint8Array =>
  Uint8Array.from(column, (v) => Number(v >= low && v <= high))

/** Share of the scatter that is between the classes, column by column. */
function fisher({ numbers, target, classes, n }: MetaTable): number[] {
  return numbers.map((column) => {
    const whole = spread(column).mean
    let [between, within] = [0, 0]
    classes.forEach((count, k) => {
      const part = spread(column.filter((_, i) => target.codes[i] === k))
      between += count * (part.mean - whole) ** 2
      within += part.m2
    })
    return n === 0 ? Number.NaN : 1 / (1 + between / within)
  })
}

/** The same along the best direction of two classes: d' W^+ d. */
function directional({ a, b, n }: Pair): number {
  const d = a.length
  const [p, q] = [covariance(a), covariance(b)]
  const [na, nb] = [a[0].length, b[0].length]
  const within = p.map((v, i) => (na * v + nb * q[i]) / n)
  const difference = a.map((column, j) => spread(column).mean - spread(b[j]).mean)
  const { values, vectors } = symmetricEigen(within, d)
  let ratio = 0
  values.forEach((value, k) => {
    if (value <= 1e-12 * values[0]) return
    const along = sum(difference.map((v, j) => v * vectors[k * d + j]))
    ratio += along ** 2 / value
  })
  return 1 / (1 + ratio)
}

/** Rows that no column alone tells apart: columns are used up one after the other, the best first. */
function collective(pair: Pair): number {
  let [a, b] = [pair.a, pair.b]
  while (a.length > 0) {
    const masks = a.map((_, j) => {
      const range =
        a[j].length === 0 || b[j].length === 0 ? { low: Infinity, high: -Infinity } : ranges({ ...pair, a, b }, j)
      return { a: inside(a[j], range), b: inside(b[j], range) }
    })
    const left = masks.map((mask) => sum(mask.a) + sum(mask.b))
    const best = left.indexOf(Math.min(...left))
    const keep = (columns: readonly Float64Array[], mask: Uint8Array): Float64Array[] =>
      columns.map((column) => column.filter((_, i) => mask[i] === 1)).filter((_, j) => j !== best)
    if (a.length === 1) return left[best] / pair.n
    ;[a, b] = [keep(a, masks[best].a), keep(b, masks[best].b)]
  }
  return 0
}

/** Components that hold 95 % of the variance. */
function components({ numbers }: MetaTable): number {
  const { values } = symmetricEigen(covariance(numbers), numbers.length)
  const total = sum(values)
  let [held, k] = [0, 0]
  while (k < values.length && held <= 0.95 * total) held += values[k++]
  return k
}

/** For each row the nearest of another class, and of its own. */
const nearest = once((t) => {
  const { at } = gower(t)
  return Array.from({ length: t.n }, (_, i) => {
    let [enemy, enemyAt, friend, friendAt] = [-1, Infinity, -1, Infinity]
    for (let j = 0; j < t.n; j++) {
      if (j === i) continue
      const d = at(i, j)
      if (t.target.codes[j] === t.target.codes[i]) {
        if (d < friendAt) [friend, friendAt] = [j, d]
      } else if (d < enemyAt) [enemy, enemyAt] = [j, d]
    }
    return { enemy, enemyAt, friend, friendAt }
  })
})

/** Rows that a shortest tree over all rows joins with another class. Source: Prim (1957). */
function borderline(t: MetaTable): number {
  const { at } = gower(t)
  const distance = new Float64Array(t.n).fill(Infinity)
  const [from, done] = [new Int32Array(t.n).fill(-1), new Uint8Array(t.n)]
  const found = new Set<number>()
  distance[0] = 0
  for (let step = 0; step < t.n; step++) {
    let next = -1
    for (let i = 0; i < t.n; i++) if (done[i] === 0 && (next < 0 || distance[i] < distance[next])) next = i
    done[next] = 1
    if (from[next] >= 0 && t.target.codes[from[next]] !== t.target.codes[next]) {
      found.add(next)
      found.add(from[next])
    }
    for (let i = 0; i < t.n; i++)
      if (done[i] === 0 && at(next, i) < distance[i]) {
        distance[i] = at(next, i)
        from[i] = next
      }
  }
  return found.size / t.n
}

/** Spheres around rows that hold no other class, those inside larger ones left out. Source: Ho, Basu (2002). */
function spheres(t: MetaTable): number {
  const { at } = gower(t)
  const near = nearest(t)
  const radius = new Float64Array(t.n).fill(-1)
  const settle = (i: number): number => {
    if (radius[i] >= 0) return radius[i]
    const { enemy, enemyAt } = near[i]
    if (near[enemy].enemy === i) radius[i] = radius[enemy] = enemyAt / 2
    else {
      radius[i] = 0
      radius[i] = Math.abs(enemyAt - settle(enemy))
    }
    return radius[i]
  }
  for (let i = 0; i < t.n; i++) settle(i)
  const mass = Array.from(radius, (r, i) => sum(Array.from(radius, (_, j) => Number(at(i, j) <= r))))
  const order = Array.from(mass.keys()).sort((i, j) => mass[j] - mass[i] || i - j)
  const held = new Int32Array(t.n).fill(1)
  for (const i of order) {
    if (held[i] <= 0) continue
    let total = 0
    for (let j = 0; j < t.n; j++)
      if (at(i, j) <= radius[i]) {
        total += held[j]
        held[j] = 0
      }
    held[i] = total
  }
  return Array.from(held).filter((count) => count > 0).length / t.n
}

/** Neighbours (15 % of the rows) of the same class, joined both ways. */
const graph = once((t): Set<number>[] => {
  const { at } = gower(t)
  const h = 0.15 * t.n
  const count = Math.max(1, h % 1 === 0.5 ? Math.floor(h) + (Math.floor(h) % 2) : Math.round(h))
  const edges = Array.from({ length: t.n }, () => new Set<number>())
  for (let i = 0; i < t.n; i++) {
    const others = Array.from({ length: t.n }, (_, j) => j).filter((j) => j !== i)
    others.sort((p, q) => at(i, p) - at(i, q) || p - q)
    for (const j of others.slice(0, count))
      if (t.target.codes[i] === t.target.codes[j]) {
        edges[i].add(j)
        edges[j].add(i)
      }
  }
  return edges
})

/** Closed among all paths of two edges. */
function transitivity(edges: readonly Set<number>[]): number {
  let [closed, paths] = [0, 0]
  for (const near of edges) {
    const list = [...near]
    paths += (list.length * (list.length - 1)) / 2
    list.forEach((a, k) => {
      for (const b of list.slice(k + 1)) if (edges[a].has(b)) closed++
    })
  }
  return paths === 0 ? 0 : closed / paths
}

/** How much each row is a hub, the largest 1. Source: Kleinberg (1999). */
function hubs(edges: readonly Set<number>[]): number[] {
  let score = edges.map(() => 1)
  for (let round = 0; round < 500; round++) {
    const once = edges.map((near) => sum([...near].map((j) => score[j])))
    const twice = edges.map((near) => sum([...near].map((j) => once[j])))
    const most = Math.max(...twice)
    if (most === 0) return score
    score = twice.map((v) => v / most)
  }
  return score
}

/** Rows between two of the same class, as many as there are. */
function between(
  t: MetaTable,
  columns: readonly Float64Array[],
  path: string,
): { columns: Float64Array[]; codes: Int32Array } {
  const draw = random({ seed: t.seed, path })
  const byClass = t.classes.map((_, k) => Array.from(t.target.codes.keys()).filter((i) => t.target.codes[i] === k))
  const codes = t.target.codes.slice().sort()
  const pick = (i: number, which: number): number => {
    const rows = byClass[codes[i]]
    return rows[Math.floor(draw.at(`${which}`).uniform(i) * rows.length)]
  }
  return {
    codes,
    columns: columns.map((column, j) =>
      Float64Array.from({ length: t.n }, (_, i) => {
        const [from, to] = [column[pick(i, 0)], column[pick(i, 1)]]
        return from + (to - from) * draw.at(`share ${j}`).uniform(i)
      }),
    ),
  }
}

/** Nearest neighbours of rows between rows of a class that are of another class. */
function interpolated(t: MetaTable): number[] {
  const columns = scaled(t.numbers)
  const made = between(t, columns, 'n4')
  return Array.from({ length: t.n }, (_, i) => {
    let [best, at] = [-1, Infinity]
    for (let j = 0; j < t.n; j++) {
      let d = 0
      for (let c = 0; c < columns.length; c++) d += Math.abs(made.columns[c][i] - columns[c][j])
      if (d < at) [best, at] = [j, d]
    }
    return Number(t.target.codes[best] !== made.codes[i])
  })
}

/** A linear support vector machine on standardised columns of two classes. */
function svm({ a, b }: Pair) {
  const columns = a.map((column, j) => Float64Array.of(...column, ...b[j]))
  const scale = columns.map((column) => {
    const s = spread(column)
    return { mean: s.mean, sd: Math.sqrt(variance(s, { ddof: 0 })) || 1 }
  })
  const standard = (list: readonly Float64Array[]): Float64Array[] =>
    list.map((column, j) => column.map((v) => (v - scale[j].mean) / scale[j].sd))
  const labels = Float64Array.from(columns[0], (_, i) => (i < a[0].length ? 1 : -1))
  const decide = linearSvm(standard(columns), labels, { c: 2 })
  return {
    labels,
    scores: decide(standard(columns)),
    decide: (list: readonly Float64Array[]) => decide(standard(list)),
  }
}

const errorDistance = (pair: Pair): number => {
  const { labels, scores } = svm(pair)
  const wrong = sum(scores.map((s, i) => (s * labels[i] > 0 ? 0 : Math.abs(s)))) / pair.n
  return 1 - 1 / (1 + wrong)
}
const errorRate = (pair: Pair): number => {
  const { labels, scores } = svm(pair)
  return sum(scores.map((s, i) => Number(s * labels[i] <= 0))) / pair.n
}
function interpolatedError(pair: Pair, t: MetaTable): number {
  const { decide } = svm(pair)
  const part: MetaTable = {
    ...t,
    n: pair.n,
    classes: [pair.a[0].length, pair.b[0].length],
    target: { levels: ['a', 'b'], codes: Int32Array.from({ length: pair.n }, (_, i) => Number(i >= pair.a[0].length)) },
  }
  const made = between(
    part,
    pair.a.map((column, j) => Float64Array.of(...column, ...pair.b[j])),
    'l3',
  )
  const scores = decide(made.columns)
  return sum(scores.map((s, i) => Number(s > 0 !== (made.codes[i] === 0)))) / pair.n
}

/** How hard the classes are to tell apart. Source: Lorena et al. (2019); pymfe 0.4, group `complexity`; rows at no distance are neighbours here. */
export const complexity = {
  f1: fisher,
  f1v: overPairs(directional),
  f2: overPairs((pair) =>
    pair.a.reduce((product, _, j) => {
      const { low, high, width } = ranges(pair, j)
      return product * (Math.max(0, high - low) / width)
    }, 1),
  ),
  f3: overPairs(
    (pair) =>
      Math.min(
        ...pair.a.map((column, j) => sum(inside(column, ranges(pair, j))) + sum(inside(pair.b[j], ranges(pair, j)))),
      ) / pair.n,
  ),
  f4: overPairs(collective),
  l1: overPairs(errorDistance),
  l2: overPairs(errorRate),
  l3: overPairs(interpolatedError),
  n1: borderline,
  n2: (t) => nearest(t).map(({ friendAt, enemyAt }) => 1 - 1 / (1 + friendAt / enemyAt)),
  n3: (t) => nearest(t).map(({ friendAt, enemyAt }) => Number(enemyAt < friendAt)),
  n4: interpolated,
  t1: spheres,
  t2: ({ numbers, n }) => numbers.length / n,
  t3: (t) => components(t) / t.n,
  t4: (t) => components(t) / t.numbers.length,
  c1: ({ classes, n }) => -sum(classes.map((count) => (count / n) * Math.log(count / n))) / Math.log(classes.length),
  c2: ({ classes, n }) =>
    1 - 1 / (((classes.length - 1) / classes.length) * sum(classes.map((count) => count / (n - count)))),
  lsc: (t) => {
    const { at } = gower(t)
    let inner = 0
    nearest(t).forEach(({ enemyAt }, i) => {
      for (let j = 0; j < t.n; j++) if (at(i, j) < enemyAt) inner++
    })
    return 1 - inner / t.n ** 2
  },
  density: (t) => 1 - sum(graph(t).map(({ size }) => size)) / (t.n * (t.n - 1)),
  cls_coef: (t) => 1 - transitivity(graph(t)),
  hubs: (t) => hubs(graph(t)).map((h) => 1 - h),
} as const satisfies MetaGroup
