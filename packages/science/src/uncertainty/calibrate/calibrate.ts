import { PodError } from '@mlpod/contract'
import { conformalRank, sortedWithoutNaN } from '@mlpod/math'
import { type LevelOption, levelsOf } from './levels.ts'
import { cumulativeWeights, sortedWithWeights, weightedThreshold } from './weighted.ts'

/** The scores of one group in ascending order, and the thresholds read from them. */
export interface CalibratedScores {
  /** The group's name; null is the pool of all rows. */
  readonly group: string | null
  /** Scores used. */
  readonly n: number
  readonly scores: ArrayLike<number>
  /** Running sums of the weights in the order of the scores; absent where all rows weigh the same. */
  readonly cumulative?: ArrayLike<number>
  /** For each level the rank read; above `n` where there are too few scores, and then the threshold is infinite. */
  readonly ranks: readonly number[]
  /** For each level; with weights that of a new row of weight 1. */
  readonly thresholds: readonly number[]
}

/** What a group that calibration has not seen gets: the threshold of the pool, or none (infinite: everything is in the set). */
export type UnseenGroup = 'pooled' | 'infinite'

/** Thresholds by group and level, with the scores they were read from: plain data. */
export interface Calibration {
  readonly levels: readonly number[]
  /** The pool first, then the groups by name. */
  readonly groups: readonly CalibratedScores[]
  readonly unseenGroup: UnseenGroup
  /** Rows whose score was NaN, left out. */
  readonly dropped: number
}

/** Settings of `calibrateScores`. */
export interface CalibrateOptions extends LevelOption {
  /** The Mondrian group of each row (Vovk et al. 2005): each group gets its own threshold, and its own guarantee. */
  readonly groups?: readonly string[]
  /** How much each row counts, >= 0: its likelihood ratio under covariate shift (Tibshirani et al. 2019), or a fixed weight (Barber et al. 2023). */
  readonly weights?: ArrayLike<number>
  readonly unseenGroup?: UnseenGroup
  /** What to do where n < level / (1 - level) rows cannot tell a threshold: an infinite one (default), or throw `CALIBRATION_TOO_SMALL`. */
  readonly onTooFew?: 'infinite' | 'throw'
}

/**
 * Returns the thresholds that make {score <= threshold} cover a new exchangeable row with probability at least `level`, in each
 * group: the k-th smallest score, k = ceil((n + 1) level), infinite where k > n. Levels share one sort. NaN scores are dropped
 * and counted, infinite ones sort as numbers. With weights, the threshold is the least score at which the weight of the scores
 * up to it is `level` of all weight and that of the new row.
 * Throws `LEVEL_INVALID`, `CALIBRATION_EMPTY`, `LENGTH_MISMATCH`, `WEIGHT_INVALID`, `SCORES_NAN` when every score is NaN, and
 * `CALIBRATION_TOO_SMALL` if asked to. Source: Vovk, Gammerman, Shafer 2005; weights: Tibshirani et al. 2019.
 */
export function calibrateScores(
  scores: ArrayLike<number>,
  { level, alpha, groups, weights, unseenGroup = 'pooled', onTooFew = 'infinite' }: CalibrateOptions,
): Calibration {
  const levels = levelsOf({ level, alpha })
  const n = scores.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  checkLength(groups?.length, n, 'groups')
  checkLength(weights?.length, n, 'weights')
  const pool = calibrated(null, scores, levels, weights)
  if (pool.n === 0)
    throw new PodError('SCORES_NAN', `all ${n} calibration scores are NaN`, {
      hint: 'look at the model output for the calibration rows',
    })
  const parts = groups === undefined ? [] : partition(groups)
  const calibration: Calibration = {
    levels,
    groups: [
      pool,
      ...parts.map(({ name, rows }) => calibrated(name, pick(scores, rows), levels, weights && pick(weights, rows))),
    ],
    unseenGroup,
    dropped: n - pool.n,
  }
  if (onTooFew === 'throw') refuseTooFew(calibration)
  return calibration
}

function calibrated(
  group: string | null,
  values: ArrayLike<number>,
  levels: readonly number[],
  weights: ArrayLike<number> | undefined,
): CalibratedScores {
  if (weights === undefined) return readAt({ group, scores: sortedWithoutNaN(values) }, levels)
  const sorted = sortedWithWeights(values, weights)
  return readAt({ group, scores: sorted.scores, cumulative: cumulativeWeights(sorted.weights) }, levels)
}

/** Reads thresholds at these levels from sorted scores. */
function readAt(
  { group, scores, cumulative }: Pick<CalibratedScores, 'group' | 'scores' | 'cumulative'>,
  levels: readonly number[],
): CalibratedScores {
  const n = scores.length
  const ranks = levels.map((level) =>
    cumulative === undefined ? conformalRank(n, level) : weightedThreshold(scores, cumulative, level).rank,
  )
  const thresholds = ranks.map((rank) => (rank > n ? Number.POSITIVE_INFINITY : scores[rank - 1]))
  return cumulative === undefined
    ? { group, n, scores, ranks, thresholds }
    : { group, n, scores, cumulative, ranks, thresholds }
}

/** Returns the same calibration read at other levels; nothing is sorted again. Throws `LEVEL_INVALID`. */
export function atLevels(calibration: Calibration, option: LevelOption): Calibration {
  const levels = levelsOf(option)
  return { ...calibration, levels, groups: calibration.groups.map((group) => readAt(group, levels)) }
}

/** Settings of `thresholdsOf`: the group and the weight of each new row, where calibration had them. */
export interface NewRows {
  readonly groups?: readonly string[]
  /** The likelihood ratio of each new row; 1 by default (fixed weights). */
  readonly weights?: ArrayLike<number>
}

/** What new rows' groups are looked up in. */
export type KnownGroups = Pick<Calibration, 'unseenGroup'> & {
  readonly groups: readonly { readonly group: string | null }[]
}

/**
 * Returns the function that tells the place of a new row's group among the calibrated ones: 0, the pool, where rows have no groups, and for an
 * unseen one 0 or -1, where it gets nothing. Throws `LENGTH_MISMATCH` unless there are n groups, and `GROUP_INVALID` where calibration
 * had none.
 */
export function groupPlaces(
  { groups: known, unseenGroup }: KnownGroups,
  n: number,
  groups: readonly string[] | undefined,
): (row: number) => number {
  if (groups === undefined) return () => 0
  checkLength(groups.length, n, 'groups')
  if (known.length === 1)
    throw new PodError('GROUP_INVALID', 'the new rows have groups, but calibration had none', {
      hint: 'give the groups of the calibration rows too',
    })
  const places = new Map(known.map(({ group }, g) => [group, g]))
  const unseen = unseenGroup === 'infinite' ? -1 : 0
  return (row) => places.get(groups[row]) ?? unseen
}

/**
 * Returns the thresholds of n new rows as [n, levels], row-major. Throws `LENGTH_MISMATCH`, `WEIGHT_INVALID`, and
 * `GROUP_INVALID` when groups are asked for that calibration did not have.
 */
export function thresholdsOf(calibration: Calibration, n: number, { groups, weights }: NewRows = {}): Float64Array {
  checkLength(weights?.length, n, 'weights')
  const placeOf = groupPlaces(calibration, n, groups)
  const { levels } = calibration
  const width = levels.length
  const found = new Float64Array(n * width).fill(Number.POSITIVE_INFINITY)
  for (let i = 0; i < n; i++) {
    const place = placeOf(i)
    if (place < 0) continue
    const { scores, cumulative, thresholds } = calibration.groups[place]
    for (let l = 0; l < width; l++)
      found[i * width + l] =
        weights === undefined || cumulative === undefined
          ? thresholds[l]
          : weightedThreshold(scores, cumulative, levels[l], weights[i]).threshold
  }
  return found
}

/** Rows of each group, groups by name. */
function partition(groups: readonly string[]): readonly { readonly name: string; readonly rows: Uint32Array }[] {
  const codes = new Uint32Array(groups.length)
  const indexOf = new Map<string, number>()
  const sizes: number[] = []
  for (let i = 0; i < groups.length; i++) {
    let code = indexOf.get(groups[i])
    if (code === undefined) {
      code = indexOf.size
      indexOf.set(groups[i], code)
      sizes.push(0)
    }
    codes[i] = code
    sizes[code]++
  }
  const rows = sizes.map((size) => new Uint32Array(size))
  const filled = new Uint32Array(sizes.length)
  for (let i = 0; i < groups.length; i++) rows[codes[i]][filled[codes[i]]++] = i
  return [...indexOf].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, code]) => ({ name, rows: rows[code] }))
}

function pick(values: ArrayLike<number>, rows: Uint32Array): Float64Array {
  const picked = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]]
  return picked
}

function refuseTooFew({ groups, levels }: Calibration): void {
  for (const { group, n, thresholds } of groups) {
    const l = thresholds.indexOf(Number.POSITIVE_INFINITY)
    if (l < 0) continue
    throw new PodError(
      'CALIBRATION_TOO_SMALL',
      `${n} calibration rows${group === null ? '' : ` of group "${group}"`} are too few for a threshold at level ${levels[l]}`,
      { hint: `${Math.ceil(levels[l] / (1 - levels[l]) - 1e-9)} rows are the least` },
    )
  }
}

/** Throws `LENGTH_MISMATCH` unless there are n of what is given. */
export function checkLength(given: number | undefined, n: number, what: string): void {
  if (given !== undefined && given !== n)
    throw new PodError('LENGTH_MISMATCH', `${given} ${what} do not match ${n} rows`)
}
