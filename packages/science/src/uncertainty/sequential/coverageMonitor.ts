import { PodError } from '@mlpod/contract'
import { closedETest, type MeanSequence, meanSequence, noLosses } from '@mlpod/math'
import { logSumExp } from './martingale.ts'

/** Settings of a monitor of coverage. */
export interface CoverageMonitorOptions {
  /** Coverage promised. */
  readonly level: number
  /** Probability that all that is said of it holds, at all times; 0.95 by default. */
  readonly confidence?: number
}

/** Counts of a group, and its bets against "it is covered as promised". */
export interface WatchedGroup {
  readonly n: number
  readonly misses: number
  /** Logarithm of the e-value. */
  readonly logWealth: number
  /** Rows of the whole stream after which the promise was found broken here; null while it is not. */
  readonly brokenAt: number | null
}

/** A monitor of coverage: one row of plain data, which survives a restart. */
export interface CoverageMonitor {
  readonly level: number
  readonly confidence: number
  /** Misses of all rows, with a confidence sequence of their rate. */
  readonly misses: MeanSequence
  readonly whole: WatchedGroup
  readonly groups: Readonly<Record<string, WatchedGroup>>
}

/** What is known of coverage now. */
export interface CoverageStatus {
  /** `fail`: shown to be below the level; `warn`: half of the evidence that this would need; `pass`: neither. */
  readonly status: 'pass' | 'warn' | 'fail'
  readonly n: number
  readonly coverage: number
  /** Bounds of coverage at all times together. */
  readonly lower: number
  readonly upper: number
  readonly eValue: number
  readonly groups: Readonly<
    Record<
      string,
      {
        readonly status: 'pass' | 'warn' | 'fail'
        readonly n: number
        readonly coverage: number
        readonly eValue: number
      }
    >
  >
}

const unseen: WatchedGroup = { n: 0, misses: 0, logWealth: 0, brokenAt: null }

/** Returns a monitor that has seen nothing. Throws `LEVEL_INVALID`, `CONFIDENCE_INVALID`. */
export function startCoverageMonitor({ level, confidence = 0.95 }: CoverageMonitorOptions): CoverageMonitor {
  if (!(level > 0 && level < 1)) throw new PodError('LEVEL_INVALID', `the level ${level} is not between 0 and 1`)
  if (!(confidence > 0 && confidence < 1))
    throw new PodError('CONFIDENCE_INVALID', `the confidence ${confidence} is not between 0 and 1`)
  return { level, confidence, misses: noLosses, whole: unseen, groups: {} }
}

/** Parts of the largest stake, 1 / alpha, that are bet against a miss rate of at most alpha, each with equal wealth. */
const STAKES = Array.from({ length: 10 }, (_, i) => ((i + 1) / 11) ** 2)

/**
 * Returns the logarithm of the mean wealth of bets 1 + stake (miss - alpha), by misses and rows: an e-value of "each row is
 * missed with probability at most alpha, given those before". It depends on the counts alone.
 */
function wealthAgainst(alpha: number): (misses: number, n: number) => number {
  const miss = STAKES.map((part) => Math.log1p((part / alpha) * (1 - alpha)))
  const hit = STAKES.map((part) => Math.log1p(-part))
  const logs = new Float64Array(STAKES.length)
  const logCount = Math.log(STAKES.length)
  return (misses, n) => {
    for (let s = 0; s < logs.length; s++) logs[s] = misses * miss[s] + (n - misses) * hit[s]
    return logSumExp(logs) - logCount
  }
}

/**
 * Returns the monitor after more rows, covered (1) or not (0), in their order, each of a group if there are groups. Rows one by
 * one or in batches give the same bits. The whole and the groups each have the error 1 - confidence: a group is broken when
 * the closed test of all groups' e-values rejects it. Throws `LENGTH_MISMATCH`, `COVERED_INVALID`.
 */
export function updateCoverageMonitor(
  monitor: CoverageMonitor,
  covered: ArrayLike<number | boolean>,
  { groups: names }: { readonly groups?: ArrayLike<string> } = {},
): CoverageMonitor {
  if (names && names.length !== covered.length)
    throw new PodError('LENGTH_MISMATCH', `${names.length} groups do not match ${covered.length} rows`)
  const error = 1 - monitor.confidence
  const next = meanSequence({ error: error / 2 })
  const logWealthOf = wealthAgainst(1 - monitor.level)
  const goal = -Math.log(error)
  const groups: Record<string, WatchedGroup> = { ...monitor.groups }
  let { misses, whole } = monitor
  const watch = (group: WatchedGroup, miss: number): WatchedGroup => ({
    ...group,
    n: group.n + 1,
    misses: group.misses + miss,
    logWealth: logWealthOf(group.misses + miss, group.n + 1),
  })
  for (let i = 0; i < covered.length; i++) {
    const hit = Number(covered[i])
    if (hit !== 0 && hit !== 1) throw new PodError('COVERED_INVALID', `${covered[i]} of row ${i} is neither 0 nor 1`)
    misses = next(misses, 1 - hit)
    whole = watch(whole, 1 - hit)
    if (whole.brokenAt === null && whole.logWealth >= goal) whole = { ...whole, brokenAt: misses.n }
    if (!names) continue
    groups[names[i]] = watch(groups[names[i]] ?? unseen, 1 - hit)
    // no mean of e-values that are all small is large
    if (groups[names[i]].logWealth < goal) continue
    const all = Object.keys(groups)
    for (const at of closedETest(
      all.map((name) => Math.exp(groups[name].logWealth)),
      error,
    )) {
      const group = groups[all[at]]
      if (group.brokenAt === null) groups[all[at]] = { ...group, brokenAt: misses.n }
    }
  }
  return { ...monitor, misses, whole, groups }
}

/** Returns what the monitor knows now. */
export function coverageStatus({ confidence, misses, whole, groups }: CoverageMonitor): CoverageStatus {
  const enough = -Math.log(1 - confidence)
  const statusOf = ({ brokenAt, logWealth }: WatchedGroup) =>
    brokenAt !== null ? 'fail' : logWealth >= enough / 2 ? 'warn' : 'pass'
  return {
    status: statusOf(whole),
    n: whole.n,
    coverage: 1 - whole.misses / whole.n,
    lower: 1 - misses.upper,
    upper: 1 - misses.lower,
    eValue: Math.exp(whole.logWealth),
    groups: Object.fromEntries(
      Object.entries(groups).map(([name, group]) => [
        name,
        {
          status: statusOf(group),
          n: group.n,
          coverage: 1 - group.misses / group.n,
          eValue: Math.exp(group.logWealth),
        },
      ]),
    ),
  }
}
