import {
  add,
  constant,
  cumSum,
  div,
  equal,
  gatherElements,
  greater,
  log,
  logSoftmax,
  mul,
  pow,
  reduceMax,
  reduceSum,
  relu,
  slice,
  softmax,
  sub,
  topK,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { valueAlgebra } from '../algebra/values.ts'
import type { ClassTransform } from './rows.ts'
import { type ClassScore, entryOf, excessPower, scoreOver } from './scores.ts'

type Precision = 'float32' | 'float64'

const transforms: Readonly<Record<ClassTransform, (x: Value) => Value>> = {
  identity: (x) => x,
  softmax: (x) => softmax(x, { axis: 1 }),
  logSoftmax: (x) => logSoftmax(x, { axis: 1 }),
  log,
}

/** Returns rows as `classRows` reads them. */
export function transformedValue(x: Value, transform: ClassTransform, normalise = false): Value {
  const value = transforms[transform](x)
  return normalise ? div(value, reduceSum(value, { axes: [1], keepDims: true })) : value
}

/** Scores of all labels of x [n, classes] as values. */
export interface LabelScoreValues {
  readonly scores: Value
  /** Where they stand by rank: the class of each, [n, classes]; else they stand by class. */
  readonly indices?: Value
  /** 1 to classes, [1, classes], and the largest numbers [n, 1], where they stand by rank. */
  readonly rank?: Value
  readonly first?: Value
}

/**
 * Returns the scores of all labels, by class, or by rank where the score (or `ordered`) needs that. `exact` adds up masses as over arrays.
 * Everything is differentiable but the ranks.
 */
export function labelScoreValues(
  x: Value,
  score: ClassScore,
  classes: number,
  dtype: Precision,
  {
    u,
    ordered = false,
    exact = false,
  }: { readonly u?: Value; readonly ordered?: boolean; readonly exact?: boolean } = {},
): LabelScoreValues {
  const number = (value: number): Value => constant(value, dtype)
  const parts = new Set(entryOf(score).parts)
  const algebra = valueAlgebra(dtype)
  const shared = {
    ...(parts.has('top') ? { top: reduceMax(x, { axes: [1], keepDims: true }) } : {}),
    ...(u ? { u } : {}),
  }
  const excess = (own: Value) => (parts.has('excess') ? { excess: excessOf(x, own, excessPower(score), dtype) } : {})
  if (!ordered && !parts.has('rank') && !parts.has('mass') && !parts.has('other'))
    return { scores: scoreOver(algebra, score, { ...shared, ...excess(x), p: x }) }
  const { values, indices } = topK(x, classes, { axis: 1 })
  const ranks = Array.from({ length: classes }, (_, r) => r + 1)
  const data = dtype === 'float64' ? Float64Array.from(ranks) : Float32Array.from(ranks)
  const rank = constant({ dtype, shape: [1, classes], data } as Parameters<typeof constant>[0])
  const first = slice(values, [0], [1], { axes: [1] })
  const second = classes > 1 ? slice(values, [1], [2], { axes: [1] }) : number(Number.NEGATIVE_INFINITY)
  const scores = scoreOver(algebra, score, {
    ...shared,
    ...excess(values),
    p: values,
    rank,
    mass: cumSum(exact ? sub(add(values, number(1)), number(1)) : values, 1),
    other: where(equal(rank, number(1)), second, first),
  })
  return { scores, indices, rank, first }
}

/** Returns the scores of all labels by class [n, classes]. */
export function scoresByClass(x: Value, score: ClassScore, classes: number, dtype: Precision): Value {
  const { scores, indices } = labelScoreValues(x, score, classes, dtype)
  if (indices === undefined) return scores
  // the place of each class among the ranks
  const { indices: places } = topK(indices, classes, { axis: 1, largest: false })
  return gatherElements(scores, places, { axis: 1 })
}

/** The norm of what larger numbers have more than each of `own` [n, classes]: all pairs of a row. */
function excessOf(x: Value, own: Value, power: number, dtype: Precision): Value {
  const number = (value: number): Value => constant(value, dtype)
  const more = relu(sub(unsqueeze(x, [1]), unsqueeze(own, [2])))
  if (power === 1) return reduceSum(more, { axes: [2], keepDims: false })
  const largest = reduceMax(more, { axes: [2], keepDims: false })
  if (power === Number.POSITIVE_INFINITY) return largest
  // where there is no excess, powers of 0 would have no derivative
  const one = number(1)
  const scale = where(equal(largest, number(0)), one, largest)
  const above = greater(more, number(0))
  const shares = pow(where(above, div(more, unsqueeze(scale, [2])), one), number(power))
  const sum = reduceSum(where(above, shares, number(0)), { axes: [2], keepDims: false })
  return mul(largest, pow(where(equal(largest, number(0)), one, sum), number(1 / power)))
}
