import type { Figure, Hash } from '@mlpod/contract'
import { checkLength } from '../calibrate/calibrate.ts'
import { intervalCover, meanCover } from '../metrics/cover.ts'
import type { Intervals } from './splitRegression.ts'

/** What an interval figure shows. */
export interface IntervalFigureOptions {
  /** Of which rows, in words. */
  readonly data: string
  readonly prediction: ArrayLike<number>
  /** What happened, where that is known. */
  readonly y?: ArrayLike<number>
  /** Where the rows stand: a number of each; by default the rows in order of their width. */
  readonly x?: ArrayLike<number>
  readonly names?: { readonly x?: string; readonly y?: string }
  /** Which of the levels; the first by default. */
  readonly level?: number
  /** At most so many rows are drawn, evenly picked along x; 400 by default. */
  readonly most?: number
  readonly evidence?: readonly Hash[]
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/**
 * Returns the figure of prediction intervals along a number of the rows, or along their widths. Its coverage is of all rows, also of those
 * that are not drawn. Throws `LENGTH_MISMATCH`. Source: puncc `plot_prediction_intervals`, `plot_sorted_pi`.
 */
export function intervalFigure(
  { levels, lower, upper }: Intervals,
  { data, prediction, y, x, names = {}, level = levels[0], most = 400, evidence = [] }: IntervalFigureOptions,
): Figure {
  const n = lower.length / levels.length
  const l = Math.max(0, levels.indexOf(level))
  checkLength(prediction.length, n, 'predictions')
  checkLength(y?.length, n, 'values of y')
  checkLength(x?.length, n, 'values of x')
  const bounds = {
    lower: Float64Array.from({ length: n }, (_, i) => lower[i * levels.length + l]),
    upper: Float64Array.from({ length: n }, (_, i) => upper[i * levels.length + l]),
  }
  const widths = bounds.upper.map((u, i) => u - bounds.lower[i])
  const along = x ?? widths
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => along[a] - along[b] || a - b)
  const drawn =
    n <= most ? order : Array.from({ length: most }, (_, k) => order[Math.round((k * (n - 1)) / (most - 1))])
  const places =
    x === undefined
      ? drawn.map((_, k) => (n <= most ? k + 1 : Math.round((k * (n - 1)) / (most - 1)) + 1))
      : drawn.map((i) => x[i])
  const coverage = y === undefined ? undefined : meanCover(intervalCover(y, bounds))
  const median = [...widths].sort((a, b) => a - b)[Math.floor((n - 1) / 2)]
  const said = coverage === undefined ? '' : `${(100 * coverage).toFixed(1)} % of what happened is inside; `
  return {
    kind: 'predictionIntervals',
    version: 1,
    title: `Where is y with probability ${levels[l]}?`,
    caption: `${n} rows of ${data}${drawn.length < n ? `, ${drawn.length} drawn` : ''}; band: interval, line: prediction${y === undefined ? '' : ', dots: what happened, crosses: outside'}`,
    alt: `${said}the median width is ${Number(median.toPrecision(4))}.`,
    data: {
      x: places,
      prediction: drawn.map((i) => finite(prediction[i])),
      lower: drawn.map((i) => finite(bounds.lower[i])),
      upper: drawn.map((i) => finite(bounds.upper[i])),
      y: drawn.map((i) => (y === undefined ? null : finite(y[i]))),
    },
    encoding: { x: names.x ?? (x === undefined ? 'rows by width' : 'x'), y: names.y ?? 'y' },
    evidence,
  }
}
