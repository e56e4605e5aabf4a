import { compile, input, type Model, type Value } from '@mlpod/graph'
import { objective, type Problem } from './objective.ts'
import { parameterName } from './optimizerGraph.ts'
import { metricNames } from './trainingStep.ts'

/** The names of the sums of one loss. */
export const lossNames = (name: string): readonly [sum: string, total: string] => [
  `loss ${name} sum`,
  `loss ${name} total`,
]

/**
 * Returns the model of the losses and metrics: a sum and a total of each over the rows fed, whose quotients and sums are exact
 * over parts. Its inputs are the columns [rows, ...] and the parameters.
 */
export function evaluation(problem: Problem): Model {
  const columns = Object.fromEntries(
    Object.entries(problem.columns).map(([name, { dtype, shape }]) => [
      name,
      input(name, dtype, ['rows', ...shape.slice(1)]),
    ]),
  )
  const { built, terms, metrics } = objective(problem, columns, { seed: 0 })
  const outputs: Record<string, Value> = {}
  const give = (
    [sumName, totalName]: readonly [string, string],
    { sum, total }: { sum: Value; total: Value },
  ): void => {
    outputs[sumName] = sum
    outputs[totalName] = total
  }
  for (const [name, term] of Object.entries(terms)) give(lossNames(name), term)
  for (const [name, metric] of Object.entries(metrics)) give(metricNames(name), metric)
  const parameters = Object.fromEntries(
    [
      ...Object.entries(built.parameters),
      ...Object.entries(built.states).map(([path, { value }]) => [path, value] as const),
    ].map(([path, value]) => [parameterName(path), value]),
  )
  return compile({ inputs: { ...columns, ...parameters }, outputs, name: 'evaluation' })
}
