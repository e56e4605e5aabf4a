import { PodError } from '@mlpod/contract'
import {
  add,
  cast,
  ceil,
  clip,
  constant,
  div,
  equal,
  gather,
  isNaN,
  lessOrEqual,
  mul,
  reduceMax,
  reshape,
  slice,
  softmax,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import type { SplitConformal } from './split.ts'

/** Returns softmax(logits / temperature) [n, k] as a Value. */
export const temperedSoftmax = (logits: Value, temperature: number): Value =>
  softmax(div(logits, temperature), { axis: 1 })

/** The next float32 above: a threshold rounded outward by one step never loses a covered label. */
export function nextFloat32(x: number): number {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, x)
  const rounded = view.getFloat32(0)
  if (!Number.isFinite(rounded)) return rounded
  if (rounded === 0) return 2 ** -149
  view.setInt32(0, view.getInt32(0) + (rounded > 0 ? 1 : -1))
  return view.getFloat32(0)
}

/** A Mondrian taxonomy read off one raw column: group names are the column's values as text, '' for missing. */
export interface GroupColumn {
  /** [n, 1], float32 or string. */
  readonly value: Value
  readonly dtype: 'float32' | 'string'
}

/** The number by which a group of a numeric column is known in a model; NaN for missing. */
function numberOf(group: string): number {
  if (group === '') return Number.NaN
  const number = group === 'true' ? 1 : group === 'false' ? 0 : Math.fround(Number(group))
  if (Number.isNaN(number))
    throw new PodError('GROUP_INVALID', `the group "${group}" is no value of a column of numbers`, {
      hint: 'name groups by the values of the column, as text, and missing ones ""',
    })
  return number
}

/** Returns the index [n, 1] (int64) of each row's group in `conformal.groups`, 0 (the pool) for unseen ones. */
function groupIndex(conformal: SplitConformal, column: GroupColumn): Value {
  const names = conformal.groups.slice(1).map(({ group }) => group as string)
  const numbers = column.dtype === 'float32' ? names.map(numberOf) : []
  const twice = numbers.findIndex((number, i) => numbers.indexOf(number) < i && !Number.isNaN(number))
  if (twice >= 0)
    throw new PodError('GROUP_INVALID', `single precision does not tell the group "${names[twice]}" from another`, {
      hint: 'give the column to the model as a string',
    })
  const one = (hit: Value, index: number): Value =>
    mul(cast(hit, 'int64'), constant({ dtype: 'int64', shape: [1, 1], data: BigInt64Array.of(BigInt(index)) }))
  const hits = names.map((name, i) => {
    if (column.dtype === 'string') return one(equal(column.value, constant(name, 'string')), i + 1)
    return one(name === '' ? isNaN(column.value) : equal(column.value, numbers[i]), i + 1)
  })
  return hits.reduce((sum, hit) => add(sum, hit))
}

/**
 * Returns the threshold [n, 1] of each row at `level` (a float64 scalar Value, so that a caller may ask for another one):
 * the k-th smallest calibration score of its group, k = ceil((m + 1) level), infinite when k > m or the level is NaN; see
 * `calibrateSplit`. Throws `GROUP_INVALID` when the groups are no values of the column.
 */
export function splitThreshold(conformal: SplitConformal, level: Value, column?: GroupColumn): Value {
  const groups = column && conformal.groups.length > 1 ? conformal.groups : conformal.groups.slice(0, 1)
  const width = Math.max(...groups.map(({ scores }) => scores.length)) + 1
  const table = new Float32Array(groups.length * width).fill(Number.POSITIVE_INFINITY)
  groups.forEach(({ scores }, g) => {
    scores.forEach((score, i) => {
      table[g * width + i] = nextFloat32(score)
    })
  })
  const sizes = constant({
    dtype: 'float64',
    shape: [groups.length, 1],
    data: Float64Array.from(groups, ({ scores }) => scores.length),
  })
  // the same tolerance as the rank rule: ceil((m + 1) level - 1e-9), at least 1, at most one past the last score
  const asked = where(isNaN(level), constant(1, 'float64'), level)
  const rank = ceil(sub(mul(add(sizes, constant(1, 'float64')), asked), constant(1e-9, 'float64')))
  const position = sub(clip(rank, constant(1, 'float64'), constant(width, 'float64')), constant(1, 'float64'))
  const offsets = constant({
    dtype: 'int64',
    shape: [groups.length, 1],
    data: BigInt64Array.from(groups, (_, g) => BigInt(g * width)),
  })
  const flat = constant({ dtype: 'float32', shape: [table.length], data: table })
  const thresholds = gather(flat, reshape(add(cast(position, 'int64'), offsets), [-1]))
  if (groups.length === 1) return reshape(thresholds, [1, 1])
  return gather(thresholds, groupIndex(conformal, column as GroupColumn))
}

/** Returns the prediction set [n, k] (bool) as a Value: the labels with 1 - p <= threshold. */
export const splitSet = (probability: Value, threshold: Value): Value =>
  lessOrEqual(sub(constant(1, 'float32'), probability), threshold)

/** Returns log-odds of the last class against the best other one [n, 1] from logits [n, k]: what explanations and attacks look at. */
export const marginOfLast = (logits: Value, classes: number): Value =>
  sub(
    slice(logits, [classes - 1], [classes], { axes: [1] }),
    reduceMax(slice(logits, [0], [classes - 1], { axes: [1] }), { axes: [1], keepDims: true }),
  )
