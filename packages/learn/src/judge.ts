import type { Tensor } from '@mlpod/contract'
import { openSession, type SessionOptions } from '@mlpod/graph'
import { columnsOf, cutRows, rowsOf, type TrainingData } from './data.ts'
import { evaluation, lossNames } from './evaluation.ts'
import type { Problem } from './objective.ts'
import { parameterName } from './optimizerGraph.ts'
import { metricNames } from './trainingStep.ts'

/** The loss and the metrics of parameters over rows. */
export interface Verdict {
  readonly loss: number
  readonly metrics: Readonly<Record<string, number>>
}

/** Returns what computes the loss and the metrics of given parameters over all rows, so many at a time. */
export async function openJudge(problem: Problem, data: TrainingData, options: SessionOptions, rows = 4096) {
  // the rows judged by may be weighed where those learnt from are not, and the other way round
  const { columns, layout } = columnsOf(data)
  const session = await openSession(evaluation({ ...problem, columns, layout, precision: 'full' }), options)
  const n = rowsOf(data)
  return {
    [Symbol.asyncDispose]: () => session.close(),
    async judge(parameters: Readonly<Record<string, Tensor>>): Promise<Verdict> {
      const sums: Record<string, number> = {}
      const state = Object.fromEntries(Object.entries(parameters).map(([path, value]) => [parameterName(path), value]))
      for (let at = 0; at < n; at += rows) {
        const feeds: Record<string, Tensor> = { ...state }
        for (const [name, column] of Object.entries(columns)) feeds[name] = cutRows(column, at, at + rows)
        const fed = Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]]))
        const found = await session.run(fed)
        for (const [name, { data: values }] of Object.entries(found))
          sums[name] = (sums[name] ?? 0) + (values as Float32Array)[0]
      }
      const mean = ([sum, total]: readonly [string, string]): number => sums[sum] / sums[total]
      return {
        loss: Object.keys(problem.losses).reduce(
          (loss, name) => loss + (problem.lossWeights[name] ?? 1) * mean(lossNames(name)),
          0,
        ),
        metrics: Object.fromEntries(Object.keys(problem.metrics).map((name) => [name, mean(metricNames(name))])),
      }
    },
  }
}
