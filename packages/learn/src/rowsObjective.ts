import type { Tensor } from '@mlpod/contract'
import { input, type Value } from '@mlpod/graph'
import { maskType } from './layers/layer.ts'
import { type Objective, objective, type Problem } from './objective.ts'
import { parameterName } from './optimizerGraph.ts'
import { clipped } from './privacy.ts'

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
    privacy,
  }: {
    readonly seed: number
    readonly parameters?: Readonly<Record<string, Tensor>>
    readonly trainable?: (path: string) => boolean
    readonly privacy?: { readonly clip: number; readonly batch: number }
  },
): RowsObjective {
  const columns = Object.fromEntries(
    Object.entries(problem.columns).map(([name, { dtype, shape }]) => [
      name,
      input(name, dtype, ['rows', ...shape.slice(1)]),
    ]),
  )
  const masks: Record<string, Value> = {}
  const plain = objective(problem, columns, { seed, parameters: given, training: true }, (mask) => {
    masks[mask.name] = input(mask.name, maskType(mask), ['rows', ...mask.shape])
    return masks[mask.name]
  })
  const { parameters: all } = plain.built
  const paths = Object.keys(all).filter(trainable)
  const parameters = paths.map((path) => all[path])
  const inputs = [...Object.values(columns), ...Object.values(masks)]
  const made = privacy ? clipped(plain, parameters, inputs, privacy) : plain
  return {
    ...made,
    columns,
    masks,
    paths,
    parameters,
    named: Object.fromEntries(paths.map((path) => [parameterName(path), all[path]])),
  }
}
