import type { Claim, Dataset, MeasuredPart, Quantity } from '@mlpod/contract'
import type { AnyRelation } from '@mlpod/data'
import type { Model } from '@mlpod/graph'
import { type Answers, answersOf, groupsOf } from '../guard/answers.ts'
import { bootstrapError, calibrationError, debiasedCalibrationError } from './calibrationError.ts'

/** The handles that a claim about a guarded model reads. */
export interface ModelAndData {
  readonly model: Dataset<Model>
  readonly data: Dataset<unknown, never>
}

/** What such a claim gets to measure. */
export type ModelAndRows = { readonly model: Model; readonly data: AnyRelation }

/** Returns the counts of covered rows, whole and by group; rows without a label are dropped. */
export function countCovered(
  { truth, set, classes }: Answers,
  groups?: readonly string[],
): { whole: { successes: number; n: number }; parts: MeasuredPart[]; dropped: number } {
  const cells = new Map<string, { successes: number; n: number }>()
  const whole = { successes: 0, n: 0 }
  let dropped = 0
  for (let i = 0; i < truth.length; i++) {
    if (truth[i] < 0) {
      dropped++
      continue
    }
    const hit = set[i * classes + truth[i]]
    whole.n++
    whole.successes += hit
    if (!groups) continue
    const cell = cells.get(groups[i]) ?? { successes: 0, n: 0 }
    cells.set(groups[i], cell)
    cell.n++
    cell.successes += hit
  }
  const parts = [...cells]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => ({ name, measurement: { kind: 'proportion' as const, ...count } }))
  return { whole, parts, dropped }
}

/** Returns the claim that the model's prediction sets cover the truth at least at `level` on new rows, in each group of `by` if given. */
export function covers({
  model,
  data,
  level,
  by,
}: ModelAndData & { readonly level: number; readonly by?: readonly string[] }): Claim {
  return {
    statement: `coverage >= ${level}${by ? ` by ${by.join(' and ')}` : ''}`,
    quantity: 'coverage',
    operator: '>=',
    threshold: level,
    ...(by ? { by } : {}),
    data: { model, data },
    async measure(inputs) {
      const { model, data } = inputs as ModelAndRows
      const answers = await answersOf(model, data)
      const { whole, parts, dropped } = countCovered(answers, by && (await groupsOf(data, by)))
      const measurement = { kind: 'proportion' as const, ...whole }
      return {
        ...(by ? { parts, n: whole.n } : { whole: measurement }),
        dropped,
        method: `share of rows whose prediction set (calibrated for ${answers.guard.level}) holds the truth`,
      }
    },
  }
}

/**
 * The root mean squared calibration error of the probability of the last class, debiased (Kumar, Liang, Ma 2019), over
 * equal-mass bins (15 by default), with a bootstrap standard error of at least 1 / n.
 */
export function calibrationErrorOf({ model, data }: ModelAndData, { bins = 15 }: { bins?: number } = {}): Quantity {
  return {
    quantity: 'calibration error',
    data: { model, data },
    async measure(inputs, { seed }) {
      const { model, data } = inputs as ModelAndRows
      const { positive, truth, classes } = await answersOf(model, data)
      const rows = Array.from(truth.keys()).filter((i) => truth[i] >= 0)
      const p = Float64Array.from(rows, (i) => positive[i])
      const y = Float64Array.from(rows, (i) => (truth[i] === classes - 1 ? 1 : 0))
      const estimate = debiasedCalibrationError(p, y, { bins })
      // a sample that is right in every row says nothing of what is wrong once in n
      const standardError = Math.max(
        1 / rows.length,
        bootstrapError(
          rows.length,
          (chosen) =>
            debiasedCalibrationError(
              Float64Array.from(chosen, (i) => p[i]),
              Float64Array.from(chosen, (i) => y[i]),
              { bins },
            ),
          { seed },
        ),
      )
      return {
        whole: { kind: 'mean', estimate, standardError, n: rows.length },
        dropped: truth.length - rows.length,
        method: `debiased calibration error over ${bins} equal-mass bins, bootstrap standard error`,
        detail: { ece: calibrationError(p, y, { bins }) },
        seed,
      }
    },
  }
}
