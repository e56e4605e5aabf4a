import { PodError, type Tensor } from '@mlpod/contract'
import {
  add,
  cast,
  ceil,
  clip,
  constant,
  equal,
  gather,
  isNaN,
  mul,
  reshape,
  sub,
  type Value,
  where,
} from '@mlpod/graph'
import type { Calibration, UnseenGroup } from './calibrate.ts'

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

/** What a threshold is read from: the sorted scores of the pool and of each group. */
export interface ScoredGroups {
  readonly groups: readonly { readonly group: string | null; readonly scores: ArrayLike<number> }[]
  readonly unseenGroup?: UnseenGroup
}

/** Returns the index [n, 1] (int64) of each row's group, 0 (the pool) for unseen ones. */
function groupIndex(groups: readonly { readonly group: string | null }[], column: GroupColumn): Value {
  const names = groups.slice(1).map(({ group }) => group as string)
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
 * `calibrateScores`. Throws `GROUP_INVALID` when the groups are no values of the column.
 */
export function thresholdAtLevel(calibration: ScoredGroups, level: Value, column?: GroupColumn): Value {
  const groups = column && calibration.groups.length > 1 ? calibration.groups : calibration.groups.slice(0, 1)
  const width = Math.max(...groups.map(({ scores }) => scores.length)) + 1
  const table = new Float32Array(groups.length * width).fill(Number.POSITIVE_INFINITY)
  groups.forEach(({ scores }, g) => {
    if (g === 0 && groups.length > 1 && calibration.unseenGroup === 'infinite') return
    for (let i = 0; i < scores.length; i++) table[g * width + i] = nextFloat32(scores[i])
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
  return gather(thresholds, groupIndex(groups, column as GroupColumn))
}

/**
 * Returns the threshold of each row at the l-th level of a calibration, as a scalar or [n, 1] by group; single precision is rounded
 * outward. Throws `GROUP_INVALID` when the groups are no values of the column.
 */
export function thresholdValue(
  { groups, unseenGroup }: Calibration,
  l: number,
  { dtype = 'float32', group }: { readonly dtype?: 'float32' | 'float64'; readonly group?: GroupColumn } = {},
): Value {
  const rounded = (x: number): number => (dtype === 'float32' ? nextFloat32(x) : x)
  if (group === undefined || groups.length === 1) return constant(rounded(groups[0].thresholds[l]), dtype)
  const table = groups.map(({ thresholds }) => rounded(thresholds[l]))
  if (unseenGroup === 'infinite') table[0] = Number.POSITIVE_INFINITY
  const data = dtype === 'float32' ? Float32Array.from(table) : Float64Array.from(table)
  return gather(constant({ dtype, shape: [table.length], data } as Tensor), groupIndex(groups, group))
}
