import { random } from '@mlpod/math'
import { type MetaGroup, once } from './group.ts'
import type { Codes } from './table.ts'

const sum = (list: ArrayLike<number>): number =>
  Array.prototype.reduce.call(list, (a, b) => Number(a) + Number(b), 0) as number

/** Bits of shares; shares of 0 hold none. */
const bits = (shares: ArrayLike<number>): number => -sum(Array.from(shares, (p) => (p > 0 ? p * Math.log2(p) : 0)))

const sharesOf = ({ codes, levels }: Codes): number[] => {
  const counts = new Int32Array(levels.length)
  for (let i = 0; i < codes.length; i++) counts[codes[i]]++
  return Array.from(counts, (count) => count / codes.length)
}

/** Shares of the pairs of two columns of categories, by rows of the first. */
function crossed({ codes: first, levels }: Codes, { codes: second, levels: { length } }: Codes): Float64Array {
  const counts = new Int32Array(levels.length * length)
  for (let i = 0; i < first.length; i++) counts[first[i] * length + second[i]]++
  return Float64Array.from(counts, (count) => count / first.length)
}

/** Added to each share of a pair, which pymfe does against logarithms of 0. */
const EPSILON = 1e-8

/** Shares of each attribute's values with the classes. */
const withClass = once(({ categories, target }) => categories.map((codes) => crossed(codes, target)))
const classEntropy = once(({ target }): number => bits(sharesOf(target)))
const entropies = once(({ categories }): number[] => categories.map((codes) => bits(sharesOf(codes))))
const joints = once((t): number[] => withClass(t).map((shares) => bits(shares.map((p) => p + EPSILON))))
const mutual = once((t): number[] => {
  const [own, both, whole] = [entropies(t), joints(t), classEntropy(t)]
  return own.map((entropy, i) => entropy + whole - both[i])
})

/** How much better columns are predicted when rows are known. Source: Goodman, Kruskal (1954), tau. */
function concentration(pairs: Float64Array, columns: number): number {
  const shares = pairs.map((p) => p + EPSILON)
  const column = new Float64Array(columns)
  let rows = 0
  for (let from = 0; from < shares.length; from += columns) {
    let row = 0
    for (let j = 0; j < columns; j++) {
      column[j] += shares[from + j]
      row += shares[from + j]
    }
    rows += row ** 2
  }
  return (sum(shares.map((p, at) => p ** 2 / column[at % columns])) - rows) / (1 - rows)
}

function transposed(matrix: Float64Array, columns: number): Float64Array {
  const rows = matrix.length / columns
  return Float64Array.from(matrix, (_, at) => matrix[(at % rows) * columns + Math.floor(at / rows)])
}

/** Attributes whose pairs are looked at; more are drawn from. */
const MOST = 12

/** Entropies, in bits. Source: pymfe 0.4, group `info-theory`. */
export const infoTheory = {
  class_ent: classEntropy,
  attr_ent: entropies,
  joint_ent: joints,
  mut_inf: mutual,
  eq_num_attr: (t) => (t.categories.length * classEntropy(t)) / sum(mutual(t)),
  ns_ratio: (t) => (sum(entropies(t)) - sum(mutual(t))) / sum(mutual(t)),
  class_conc: (t) => withClass(t).map((pairs) => concentration(pairs, t.classes.length)),
  attr_conc: ({ categories, seed }) => {
    const all = Array.from(categories.keys())
    const kept =
      all.length <= MOST
        ? all
        : Array.from(random({ seed, path: 'attr_conc' }).permutation(all.length).subarray(0, MOST))
    const found = new Float64Array(kept.length ** 2)
    for (const [i, row] of kept.entries())
      for (const [j, column] of kept.slice(0, i).entries()) {
        const [a, b] = [categories[row], categories[column]]
        const pairs = crossed(a, b)
        found[i * kept.length + j] = concentration(pairs, b.levels.length)
        found[j * kept.length + i] = concentration(transposed(pairs, b.levels.length), a.levels.length)
      }
    return found.filter((_, at) => at % (kept.length + 1) > 0)
  },
} as const satisfies MetaGroup

/** Shares of each value, and of rows that have one of two values but not both. Source: pymfe 0.4, group `itemset`. */
export const itemset = {
  one_itemset: ({ categories }) => categories.flatMap((codes) => sharesOf(codes)),
  two_itemset: ({ categories }) =>
    categories.flatMap((a, i) =>
      categories.slice(i + 1).flatMap((b) => {
        const [p, q, both] = [sharesOf(a), sharesOf(b), crossed(a, b)]
        return p.flatMap((x, s) => q.map((y, t) => x + y - 2 * both[s * q.length + t]))
      }),
    ),
} as const satisfies MetaGroup
