/** Shares of the same bins or categories: what divergences compare. They need not add up to 1. */
type Shares = ArrayLike<number>

const added = (p: Shares, q: Shares, term: (p: number, q: number) => number): number => {
  let sum = 0
  for (let i = 0; i < p.length; i++) sum += term(p[i], q[i])
  return sum
}
const total = (p: Shares): number => added(p, p, (a) => a)

/** Returns p as shares that add up to 1. */
const normalized = (p: Shares): Float64Array => {
  const sum = total(p)
  return Float64Array.from(p, (v) => v / sum)
}

const relative = (a: number, b: number): number => (a === 0 ? 0 : a * Math.log(a / b))

/** Returns the Kullback-Leibler divergence sum p ln(p / q) of both made to add up to 1; infinite where q alone is 0. */
export const klDivergence = (p: Shares, q: Shares): number => added(normalized(p), normalized(q), relative)

/** Returns the root of the Jensen-Shannon divergence, in nats by default (at most sqrt(ln 2)). Source: Endres, Schindelin (2003). */
export function jensenShannonDistance(
  p: Shares,
  q: Shares,
  { base = Math.E }: { readonly base?: number } = {},
): number {
  const divergence =
    added(normalized(p), normalized(q), (a, b) => relative(a, (a + b) / 2) + relative(b, (a + b) / 2)) / 2
  return Math.sqrt(Math.max(0, divergence) / Math.log(base))
}

/** Returns the population stability index sum (p - q) ln(p / q); infinite where one alone is 0. */
export const stabilityIndex = (p: Shares, q: Shares): number =>
  added(p, q, (a, b) => (a === b ? 0 : (a - b) * Math.log(a / b)))

/** Returns the Hellinger distance sqrt(1 - sum sqrt(p q)), between 0 and 1. */
export const hellinger = (p: Shares, q: Shares): number =>
  Math.sqrt(Math.max(0, 1 - added(p, q, (a, b) => Math.sqrt(a * b))))

/** Returns half the sum of the absolute differences. */
export const totalVariation = (p: Shares, q: Shares): number => added(p, q, (a, b) => Math.abs(a - b)) / 2

/** Returns the largest absolute difference. */
export function largestDifference(p: Shares, q: Shares): number {
  let largest = 0
  for (let i = 0; i < p.length; i++) largest = Math.max(largest, Math.abs(p[i] - q[i]))
  return largest
}

/** Returns -ln of the sum of sqrt(p q). Source: Bhattacharyya (1943). */
export const bhattacharyya = (p: Shares, q: Shares): number => -Math.log(added(p, q, (a, b) => Math.sqrt(a * b)))

/** Returns the share of mass that both have in common. */
export const intersection = (p: Shares, q: Shares): number => added(p, q, Math.min)
