import { PodError } from '@mlpod/contract'
import { complement, type LevelOption, levelsOf } from '../calibrate/levels.ts'
import { checkLabels, checkWidth } from '../classification/rows.ts'

/** Returns alpha, the one asked for. Throws `LEVEL_INVALID` for several. */
function alphaOf(option: LevelOption): number {
  const levels = levelsOf(option)
  if (levels.length > 1) throw new PodError('LEVEL_INVALID', `one level is asked for here, not ${levels.length}`)
  return complement(levels[0])
}

/**
 * Returns the sets of labels whose p-values are above 1 - level, [n, classes] of 0 and 1: those of unsmoothed p-values are the sets of the
 * threshold rule. `includeEqual` takes p = 1 - level in, as crepes does. Throws `LEVEL_INVALID`.
 */
export function pValueSets(
  pValues: ArrayLike<number>,
  { includeEqual = false, ...option }: LevelOption & { readonly includeEqual?: boolean },
): Uint8Array {
  const alpha = alphaOf(option)
  return Uint8Array.from(pValues, (p) => (p > alpha || (includeEqual && p === alpha) ? 1 : 0))
}

/** How little p-values and their sets leave open; smaller is better. */
export interface SetEfficiency {
  /** Sum of the p-values of a row. */
  readonly S: number
  /** Labels in a set. */
  readonly N: number
  /** The second largest p-value. */
  readonly U: number
  /** Sum of all p-values but the largest. */
  readonly F: number
  /** Share of sets with more labels than one. */
  readonly M: number
  /** Labels in a set beyond the first. */
  readonly E: number
  /** The largest p-value of a false label. */
  readonly OU: number
  /** Sum of the p-values of the false labels. */
  readonly OF: number
  /** Share of sets with a false label. */
  readonly OM: number
  /** False labels in a set. */
  readonly OE: number
}

/**
 * Returns the means over rows of the ten criteria of efficiency: S, N, U, F, M, E need no labels, the observed OU, OF, OM, OE look at the
 * false ones. `pValues` is [n, classes]. Throws `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `LEVEL_INVALID`.
 * Source: Vovk, Fedorova, Nouretdinov, Gammerman 2016, Criteria of efficiency for conformal prediction.
 */
export function setEfficiency(
  pValues: ArrayLike<number>,
  labels: ArrayLike<number>,
  option: LevelOption,
): SetEfficiency {
  const alpha = alphaOf(option)
  const n = labels.length
  if (n === 0) throw new PodError('LENGTH_MISMATCH', 'there is no row')
  const classes = pValues.length / n
  if (!Number.isInteger(classes) || classes < 1)
    throw new PodError('LENGTH_MISMATCH', `${pValues.length} p-values do not fall into ${n} rows`)
  checkWidth(pValues, classes)
  checkLabels(labels, classes)
  const sums = { S: 0, N: 0, U: 0, F: 0, M: 0, E: 0, OU: 0, OF: 0, OM: 0, OE: 0 }
  for (let i = 0; i < n; i++) {
    let [sum, size, first, second, highest, falseSize] = [0, 0, 0, 0, 0, 0]
    for (let y = 0; y < classes; y++) {
      const p = pValues[i * classes + y]
      sum += p
      if (p > first) [first, second] = [p, first]
      else if (p > second) second = p
      const inside = p > alpha ? 1 : 0
      size += inside
      if (y === labels[i]) continue
      highest = Math.max(highest, p)
      falseSize += inside
    }
    sums.S += sum
    sums.N += size
    sums.U += second
    sums.F += sum - first
    sums.M += size > 1 ? 1 : 0
    sums.E += Math.max(0, size - 1)
    sums.OU += highest
    sums.OF += sum - pValues[i * classes + labels[i]]
    sums.OM += falseSize > 0 ? 1 : 0
    sums.OE += falseSize
  }
  return Object.fromEntries(Object.entries(sums).map(([name, value]) => [name, value / n])) as unknown as SetEfficiency
}
