import type { Evidence, Figure, Hash } from '@mlpod/contract'
import { clopperPearson, wilson } from '@mlpod/math'
import { countGroups, groupRates } from '../fairness/rates.ts'
import { reliabilityBins } from '../uncertainty/calibrationError.ts'
import { countCovered } from '../uncertainty/covers.ts'
import type { Answers } from './answers.ts'

/** Where a figure's numbers come from: the data in words, and the evidence that it illustrates. */
export interface FigureSource {
  readonly data: string
  readonly evidence?: readonly Hash[]
}

const percent = (x: number): string => x.toFixed(3)

/** Returns the reliability diagram of the probability of the last class over equal-mass bins (10 by default), Wilson intervals. */
export function reliabilityFigure(
  { positive, truth, classes, guard }: Answers,
  { data, evidence = [] }: FigureSource,
  { bins = 10 } = {},
): Figure {
  const rows = Array.from(truth.keys()).filter((i) => truth[i] >= 0)
  const cells = reliabilityBins(
    rows.map((i) => positive[i]),
    rows.map((i) => (truth[i] === classes - 1 ? 1 : 0)),
    { bins },
  )
  const intervals = cells.map(({ n, frequency }) => wilson({ successes: Math.round(frequency * n), n }))
  const worst = cells.reduce((a, b) => (Math.abs(b.mean - b.frequency) > Math.abs(a.mean - a.frequency) ? b : a))
  return {
    kind: 'reliability',
    version: 1,
    title: `Does "${percent(worst.mean)}" mean ${percent(worst.mean)}?`,
    caption: `${rows.length} rows of ${data}; ${cells.length} bins of equally many rows, Wilson intervals at 0.95; bars: rows in the bin`,
    alt: `Largest gap: where the model says ${percent(worst.mean)} on average, ${percent(worst.frequency)} happened (${worst.n} rows).`,
    data: {
      mean: cells.map(({ mean }) => mean),
      frequency: cells.map(({ frequency }) => frequency),
      lower: intervals.map(({ lower }) => lower),
      upper: intervals.map(({ upper }) => upper),
      n: cells.map(({ n }) => n),
    },
    encoding: { x: `predicted probability of "${guard.label.names.at(-1)}"` },
    evidence,
  }
}

/** Returns coverage overall and by group, with the intervals and verdicts of the evidence. */
export function coverageFigure(overall: Evidence, byGroup: Evidence, { data, evidence = [] }: FigureSource): Figure {
  const rows = [
    {
      name: 'overall',
      estimate: overall.estimate,
      lower: overall.lower,
      upper: overall.upper,
      n: overall.n,
      verdict: overall.verdict,
      threshold: overall.claim.threshold,
    },
    ...(byGroup.parts ?? []).map((part) => ({ ...part, threshold: byGroup.claim.threshold })),
  ]
  const worst = (byGroup.parts ?? []).reduce((a, b) => (b.estimate < a.estimate ? b : a))
  return {
    kind: 'coverageByGroup',
    version: 1,
    title: 'Whom do the prediction sets cover?',
    caption: `${overall.n} rows of ${data}; intervals at the level left after the family's correction; ticks: what is promised, ${overall.claim.threshold} overall and ${byGroup.claim.threshold} for each group`,
    alt: `Least covered: ${worst.name}, ${percent(worst.estimate)} [${percent(worst.lower)}, ${percent(worst.upper)}] of ${worst.n} rows; overall ${percent(overall.estimate)}, promised ${overall.claim.threshold}.`,
    data: {
      group: rows.map(({ name }) => name),
      estimate: rows.map(({ estimate }) => estimate),
      lower: rows.map(({ lower }) => lower),
      upper: rows.map(({ upper }) => upper),
      n: rows.map(({ n }) => n),
      threshold: rows.map(({ threshold }) => threshold),
      verdict: rows.map(({ verdict }) => verdict),
    },
    encoding: { x: 'coverage' },
    evidence,
  }
}

/** Returns how large the prediction sets are, and how often each size covers. */
export function setSizeFigure(answers: Answers, { data, evidence = [] }: FigureSource): Figure {
  const { set, classes, truth, n } = answers
  const sizes = Array.from({ length: classes + 1 }, (_, size) => ({ size, n: 0, hits: 0 }))
  for (let i = 0; i < n; i++) {
    let size = 0
    for (let j = 0; j < classes; j++) size += set[i * classes + j]
    sizes[size].n++
    if (truth[i] >= 0) sizes[size].hits += set[i * classes + truth[i]]
  }
  const { whole } = countCovered(answers)
  return {
    kind: 'setSizes',
    version: 1,
    title: 'How often is there one answer?',
    caption: `${n} rows of ${data}; coverage ${percent(whole.successes / whole.n)}`,
    alt: `${percent(sizes[1].n / n)} of the rows get one label, ${percent(sizes.slice(2).reduce((sum, cell) => sum + cell.n, 0) / n)} get several, ${percent(sizes[0].n / n)} get none.`,
    data: {
      size: sizes.map(({ size }) =>
        size === 0 ? 'no label' : size === 1 ? 'one label' : size === 2 ? 'two labels' : `${size} labels`,
      ),
      n: sizes.map((cell) => cell.n),
      coverage: sizes.map((cell) => (cell.n === 0 ? null : cell.hits / cell.n)),
    },
    evidence,
  }
}

/** Returns selection, true positive and false positive rate of each group with Clopper-Pearson intervals at 0.95. */
export function fairnessFigure(
  { prediction, truth, classes }: Answers,
  groups: readonly string[],
  { data, evidence = [] }: FigureSource,
): Figure {
  const rows = Array.from(truth.keys()).filter((i) => truth[i] >= 0)
  const binary = (labels: Int32Array): number[] => rows.map((i) => (labels[i] === classes - 1 ? 1 : 0))
  const counts = countGroups(
    binary(prediction),
    binary(truth),
    rows.map((i) => groups[i]),
  )
  const names = {
    selectionRate: 'selected',
    truePositiveRate: 'true positive',
    falsePositiveRate: 'false positive',
  } as const
  const cells = Object.entries(names).flatMap(([rate, metric]) =>
    counts.map((count) => ({ metric, group: count.group, count: groupRates[rate as keyof typeof names](count) })),
  )
  const intervals = cells.map(({ count }) => clopperPearson(count))
  const selected = counts.map((count) => ({ group: count.group, rate: count.selected / count.n }))
  const [most, least] = [
    selected.reduce((a, b) => (b.rate > a.rate ? b : a)),
    selected.reduce((a, b) => (b.rate < a.rate ? b : a)),
  ]
  return {
    kind: 'groupMetrics',
    version: 1,
    title: 'Who is approved?',
    caption: `${rows.length} rows of ${data}; exact intervals at 0.95`,
    alt: `Selected most often: ${most.group} (${percent(most.rate)}); least often: ${least.group} (${percent(least.rate)}).`,
    data: {
      metric: cells.map(({ metric }) => metric),
      group: cells.map(({ group }) => group),
      estimate: cells.map(({ count }) => (count.n === 0 ? null : count.successes / count.n)),
      lower: intervals.map(({ lower }) => lower),
      upper: intervals.map(({ upper }) => upper),
      n: cells.map(({ count }) => count.n),
    },
    encoding: { x: 'rate' },
    evidence,
  }
}

/** Returns the mean size of the attributions of each raw column, the largest `shown` (15 by default); the caption says what the others sum to. */
export function attributionFigure(
  values: Float32Array,
  columns: readonly string[],
  { data, evidence = [] }: FigureSource,
  { shown = 15 } = {},
): Figure {
  const n = values.length / columns.length
  const means = columns.map((feature, j) => {
    let sum = 0
    for (let i = 0; i < n; i++) sum += Math.abs(values[i * columns.length + j])
    return { feature, value: sum / n }
  })
  const ordered = means.sort((a, b) => b.value - a.value || (a.feature < b.feature ? -1 : 1))
  const rest = ordered.slice(shown)
  const rows = ordered.slice(0, shown)
  const others =
    rest.length > 0
      ? `; the other ${rest.length} sum to ${rest.reduce((sum, { value }) => sum + value, 0).toFixed(2)}`
      : ''
  return {
    kind: 'attributions',
    version: 1,
    title: 'What decides?',
    caption: `integrated gradients of the log-odds, mean size over ${n} rows of ${data}${others}`,
    alt: `The three that weigh most: ${ordered
      .slice(0, 3)
      .map(({ feature }) => feature)
      .join(', ')}.`,
    data: { feature: rows.map(({ feature }) => feature), value: rows.map(({ value }) => value) },
    encoding: { x: 'mean |attribution| (log-odds)' },
    evidence,
  }
}

/** Returns the histograms of out-of-distribution p-values of rows as they come and of shifted ones. */
export function oodFigure(
  series: Readonly<Record<string, Float32Array>>,
  level: number,
  { data, evidence = [] }: FigureSource,
  { bins = 20 } = {},
): Figure {
  const rows = Object.entries(series).flatMap(([name, p]) => {
    const counts = new Array<number>(bins).fill(0)
    for (const value of p) counts[Math.min(bins - 1, Math.floor(value * bins))]++
    return counts.map((count, i) => ({ name, from: i / bins, to: (i + 1) / bins, count }))
  })
  const flagged = Object.entries(series).map(
    ([name, p]) => `${name} ${percent(p.filter((value) => value <= level).length / p.length)}`,
  )
  return {
    kind: 'histogram',
    version: 1,
    title: 'Does it notice what it has never seen?',
    caption: `conformal p-values of the Mahalanobis score on ${data}; line: the level ${level} below which the model abstains`,
    alt: `Flagged: ${flagged.join(', ')}.`,
    data: {
      series: rows.map(({ name }) => name),
      from: rows.map(({ from }) => from),
      to: rows.map(({ to }) => to),
      count: rows.map(({ count }) => count),
    },
    encoding: { x: 'out-of-distribution p-value', threshold: level },
    evidence,
  }
}
