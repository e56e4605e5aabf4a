import type { Tensor } from '@mlpod/contract'
import { input, type Value } from '@mlpod/graph'
import { maskType } from './layers/layer.ts'
import { type Objective, objective, type Problem } from './objective.ts'
import { parameterName } from './optimizerGraph.ts'

/** A problem on rows that are fed, in training, with its inputs by name. */
export interface RowsObjective extends Objective {
  readonly columns: Readonly<Record<string, Value>>
  readonly masks: Readonly<Record<string, Value>>
  /** The trained parameters' paths, the parameters, and these by the names of the inputs that they are. */
  readonly paths: readonly string[]
  readonly parameters: readonly Value[]
  readonly named: Readonly<Record<string, Value>>
}

/** Returns a problem on columns and masks [rows, ...] that are inputs. */
export function rowsObjective(
  problem: Problem,
  {
    seed,
    parameters: given,
    trainable = () => true,
  }: {
    readonly seed: number
    readonly parameters?: Readonly<Record<string, Tensor>>
    readonly trainable?: (path: string) => boolean
  },
): RowsObjective {
  const columns = Object.fromEntries(
    Object.entries(problem.columns).map(([name, { dtype, shape }]) => [
      name,
      input(name, dtype, ['rows', ...shape.slice(1)]),
    ]),
  )
  const masks: Record<string, Value> = {}
  const made = objective(problem, columns, { seed, parameters: given, training: true }, (mask) => {
    masks[mask.name] = input(mask.name, maskType(mask), ['rows', ...mask.shape])
    return masks[mask.name]
  })
  const { parameters: all } = made.built
  const paths = Object.keys(all).filter(trainable)
  return {
    ...made,
    columns,
    masks,
    paths,
    parameters: paths.map((path) => all[path]),
    named: Object.fromEntries(paths.map((path) => [parameterName(path), all[path]])),
  }
}
