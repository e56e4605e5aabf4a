import type { Norms, StepRecord } from './callback.ts'
import { NORMS } from './optimizerGraph.ts'
import type { Ran } from './trainer.ts'
import { metricNames } from './trainingStep.ts'

/** What is summed up over the steps of an epoch: plain data, so that a checkpoint within an epoch keeps it. */
export interface Tally {
  /** Batches done. */
  readonly batches: number
  readonly rows: number
  /** Losses times rows. */
  readonly loss: number
  /** Sums of everything else that is told of the steps. */
  readonly sums: Readonly<Record<string, number>>
}

/** The tally of an epoch that has not begun. */
export const nothing: Tally = { batches: 0, rows: 0, loss: 0, sums: {} }

/** Returns the tally with the steps of a run. */
export function tallied(tally: Tally, { losses, extras }: Ran, size: number): Tally {
  const sums: Record<string, number> = { ...tally.sums }
  for (const [name, values] of Object.entries(extras))
    sums[name] = values.reduce((sum, value) => sum + value, sums[name] ?? 0)
  // a step that was left out because its loss was no number has none
  const told = losses.filter(Number.isFinite)
  return {
    batches: tally.batches + losses.length,
    rows: tally.rows + told.length * size,
    loss: told.reduce((sum, loss) => sum + loss * size, tally.loss),
    sums,
  }
}

const metricsOf = (names: readonly string[], sums: (name: string) => number): Record<string, number> =>
  Object.fromEntries(
    names.map((name) => {
      const [sum, total] = metricNames(name)
      return [name, sums(sum) / sums(total)]
    }),
  )

const normsOf = (value: (name: string) => number): Norms =>
  Object.fromEntries(NORMS.map((name) => [name, value(name)])) as unknown as Norms

/** Returns what an epoch's record says of its steps. */
export function summed({ loss, rows, batches, sums }: Tally, metrics: readonly string[]) {
  return {
    loss: loss / rows,
    ...(metrics.length > 0 && { metrics: metricsOf(metrics, (name) => sums[name]) }),
    ...(NORMS[0] in sums && { norms: normsOf((name) => sums[name] / batches) }),
  }
}

/** Returns the record of each step of a run. */
export function* stepRecords(
  { first, losses, rates, extras }: Ran,
  epoch: number,
  size: number,
  metrics: readonly string[],
): Generator<StepRecord> {
  for (const [k, loss] of losses.entries())
    yield {
      step: first + k,
      epoch,
      loss,
      learningRate: rates[k],
      rows: size,
      metrics: metricsOf(metrics, (name) => extras[name][k]),
      ...(NORMS[0] in extras && { norms: normsOf((name) => extras[name][k]) }),
    }
}
