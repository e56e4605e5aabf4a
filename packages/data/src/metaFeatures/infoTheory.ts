import { random } from '@mlpod/math'
import type { MetaGroup } from './group.ts'
import type { Codes, MetaTable } from './table.ts'

const sum = (list: ArrayLike<number>): number =>
  Array.prototype.reduce.call(list, (a, b) => Number(a) + Number(b), 0) as number

/** Bits of shares; shares of 0 hold none. */
const bits = (shares: ArrayLike<number>): number => -sum(Array.from(shares, (p) => (p > 0 ? p * Math.log2(p) : 0)))

const sharesOf = ({ codes, levels }: Codes): number[] => {
  const counts = levels.map(() => 0)
  for (const code of codes) counts[code]++
  return counts.map((count) => count / codes.length)
}

/** Shares of the pairs of two columns of categories, by rows of the first. */
function crossed(a: Codes, b: Codes): Float64Array {
  const found = new Float64Array(a.levels.length * b.levels.length)
  for (let i = 0; i < a.codes.length; i++) found[a.codes[i] * b.levels.length + b.codes[i]] += 1 / a.codes.length
  return found
}

/** Added to each share of a pair, which pymfe does against logarithms of 0. */
const EPSILON = 1e-8

const joint = (a: Codes, b: Codes): number => bits(crossed(a, b).map((p) => p + EPSILON))
const classEntropy = ({ target }: MetaTable): number => bits(sharesOf(target))
const entropies = ({ categories }: MetaTable): number[] => categories.map((codes) => bits(sharesOf(codes)))
const joints = ({ categories, target }: MetaTable): number[] => categories.map((codes) => joint(codes, target))
const mutual = (t: MetaTable): number[] => {
  const [own, both, whole] = [entropies(t), joints(t), classEntropy(t)]
  return own.map((entropy, i) => entropy + whole - both[i])
}

/** How much better the second is predicted when the first is known. Source: Goodman, Kruskal (1954), tau. */
function concentration(a: Codes, b: Codes): number {
  const shares = crossed(a, b).map((p) => p + EPSILON)
  const k = b.levels.length
  const column = Array.from({ length: k }, (_, j) => sum(a.levels.map((_, i) => shares[i * k + j])))
  const rows = sum(a.levels.map((_, i) => sum(shares.subarray(i * k, (i + 1) * k)) ** 2))
  return (sum(shares.map((p, at) => p ** 2 / column[at % k])) - rows) / (1 - rows)
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
  class_conc: ({ categories, target }) => categories.map((codes) => concentration(codes, target)),
  attr_conc: ({ categories, seed }) => {
    const all = Array.from(categories.keys())
    const kept =
      all.length <= MOST
        ? all
        : Array.from(random({ seed, path: 'attr_conc' }).permutation(all.length).subarray(0, MOST))
    return kept.flatMap((i) => kept.filter((j) => j !== i).map((j) => concentration(categories[i], categories[j])))
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
