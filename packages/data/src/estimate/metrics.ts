import { auc } from '@mlpod/math'

/** Rows with a prediction: `p` is the probability that the class is 1, known or estimated, in the order of `score`. */
export interface Predicted {
  /** 0 or 1. */
  readonly predicted: Float64Array
  readonly score: Float64Array
  /** 0 or 1 where the truth is known, else how probable 1 is. */
  readonly p: Float64Array
}

/** Sums of the four outcomes, expected where `p` is a probability. */
interface Outcomes {
  readonly tp: number
  readonly fp: number
  readonly fn: number
  readonly tn: number
}

function outcomes({ predicted, p }: Predicted): Outcomes {
  let [tp, fp, fn, tn] = [0, 0, 0, 0]
  for (let i = 0; i < p.length; i++) {
    if (predicted[i] === 1) {
      tp += p[i]
      fp += 1 - p[i]
    } else {
      fn += p[i]
      tn += 1 - p[i]
    }
  }
  return { tp, fp, fn, tn }
}

const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b)

/** Area under the ROC curve of probabilities: rows by falling score, each a step of p up and 1 - p to the right. */
function expectedAuc({ score, p }: Predicted): number {
  if (p.every((v) => v === 0 || v === 1)) return auc(score, p).auc
  const order = Array.from(score.keys()).sort((i, j) => score[j] - score[i] || i - j)
  let [area, up, right] = [0, 0, 0]
  for (const i of order) {
    area += (1 - p[i]) * (up + p[i] / 2)
    up += p[i]
    right += 1 - p[i]
  }
  return up > 0 && right > 0 ? area / (up * right) : Number.NaN
}

/** Sum over thresholds of precision times the gain in recall. */
function expectedAveragePrecision({ score, p }: Predicted): number {
  const order = Array.from(score.keys()).sort((i, j) => score[j] - score[i] || i - j)
  const all = p.reduce((sum, v) => sum + v, 0)
  let [sum, up] = [0, 0]
  order.forEach((i, rank) => {
    up += p[i]
    sum += (p[i] / all) * (up / (rank + 1))
  })
  return all > 0 ? sum : Number.NaN
}

/** What is estimated of a binary classifier. Source: NannyML 0.13. */
export const estimatedMetrics = {
  rocAuc: expectedAuc,
  averagePrecision: expectedAveragePrecision,
  accuracy: (rows) => {
    const { tp, tn } = outcomes(rows)
    return (tp + tn) / rows.p.length
  },
  precision: (rows) => {
    const { tp, fp } = outcomes(rows)
    return ratio(tp, tp + fp)
  },
  recall: (rows) => {
    const { tp, fn } = outcomes(rows)
    return ratio(tp, tp + fn)
  },
  specificity: (rows) => {
    const { tn, fp } = outcomes(rows)
    return ratio(tn, tn + fp)
  },
  f1: (rows) => {
    const { tp, fp, fn } = outcomes(rows)
    return ratio(tp, tp + (fp + fn) / 2)
  },
  truePositives: (rows) => outcomes(rows).tp,
  falsePositives: (rows) => outcomes(rows).fp,
  falseNegatives: (rows) => outcomes(rows).fn,
  trueNegatives: (rows) => outcomes(rows).tn,
} as const satisfies Readonly<Record<string, (rows: Predicted) => number>>

/** The name of an estimated metric. */
export type EstimatedMetric = keyof typeof estimatedMetrics

/** Metrics that are not shares have no limit above. */
export const limitsOf = (metric: EstimatedMetric): readonly [number, number] =>
  /tives$/.test(metric) ? [0, Infinity] : [0, 1]
