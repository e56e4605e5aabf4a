import type { Tensor } from '@mlpod/contract'
import { compile, constant, grad, input, type Model, type Value } from '@mlpod/graph'
import { checkData } from './checkData.ts'
import type { TrainingData } from './data.ts'
import { evaluation } from './evaluation.ts'
import type { FitOptions } from './fitOptions.ts'
import type { MaskLaw } from './layers/layer.ts'
import { problemOf } from './objective.ts'
import {
  onlyGradients,
  optimizerGraph,
  optimizerNeeds,
  parameterName,
  randomName,
  scalarName,
  slotName,
} from './optimizerGraph.ts'
import { checkUpdates } from './optimizers/optimizer.ts'
import { rowsObjective } from './rowsObjective.ts'

/** What is exported. `data` tells the columns: a few rows are enough. */
export interface ExportTrainingOptions
  extends Pick<
    FitOptions,
    'network' | 'loss' | 'lossWeights' | 'metrics' | 'optimizer' | 'seed' | 'parameters' | 'trainable'
  > {
  readonly data: TrainingData
}

/** Training as three models, for any runtime: no step needs this package. */
export interface ExportedTraining {
  /** Columns [rows, ...], masks and `parameter PATH` -> `loss`, `gradient PATH`, and ` next` of what the network keeps. */
  readonly training: Model
  /** Columns and `parameter PATH` -> the sum and total of each loss and metric. */
  readonly evaluation: Model
  /** `parameter PATH`, `gradient PATH`, `slot NAME`, `scalar NAME` [1] -> the parameters and slots, named with ` next`. */
  readonly optimizer: Model
  /** The first values of parameters and slots: `encodeSafetensors(state)` keeps them. */
  readonly state: Readonly<Record<string, Tensor>>
  /** The masks of the training model, and how each is drawn for each step. */
  readonly masks: readonly ({ readonly name: string } & MaskLaw)[]
  /** Returns what the optimizer's scalars are at the steps 1 to n, by the names of its inputs, [n] each. */
  scalars(n: number): Readonly<Record<string, Tensor<'float32'>>>
}

/**
 * Returns training as models: one that gives loss and gradients, one that judges, and one that updates. Throws what `fit` throws
 * for options that cannot be, and `OPTIMIZER_INVALID` for an optimizer that needs more than one gradient a step.
 */
export function exportTraining(options: ExportTrainingOptions): ExportedTraining {
  const { optimizer, data } = options
  checkUpdates(optimizer)
  const problem = problemOf(options)
  checkData(data, problem.losses, 'the data')
  const { built, value, columns, masks, paths, parameters, named } = rowsObjective(problem, options)
  const states = Object.entries(built.states)
  const stay = Object.fromEntries(states.map(([path, state]) => [parameterName(path), state.value]))
  const nexts = Object.fromEntries(states.map(([path, state]) => [`${parameterName(path)} next`, state.next]))
  const gradients = grad(value, parameters)

  const needs = optimizerNeeds(optimizer, paths, built.values)
  const arrived = paths.map((path, i) => input(gradientName(path), 'float32', parameters[i].shape))
  const loss = input('loss', 'float32', [])
  const fed: Record<string, Value> = {}
  const take = (name: string, shape: readonly number[]): Value => {
    fed[name] = input(name, 'float32', shape)
    return fed[name]
  }
  const elsewhere = onlyGradients(optimizer, 'an exported training')
  const updated = optimizerGraph(
    optimizer,
    needs,
    {
      parameters,
      turn: constant(0, 'int64'),
      scalar: (name) => take(scalarName(name), [1]),
      random: (name) => take(randomName(name), needs.randoms[name].shape),
      loss: () => ({ value: loss, gradients: arrived }),
      gradientAt: elsewhere,
      hessianTimes: elsewhere,
    },
    { seeded: false },
  )
  const slots = Object.fromEntries(Object.entries(needs.leaves).map(([name, leaf]) => [slotName(name), leaf]))
  const next = {
    ...Object.fromEntries(paths.map((path, i) => [`${parameterName(path)} next`, updated.parameters[i]])),
    ...Object.fromEntries(
      Object.keys(needs.kept).map((name) => [`${slotName(name)} next`, updated.state[name] ?? needs.leaves[name]]),
    ),
  }
  return {
    training: compile({
      inputs: { ...columns, ...masks, ...named, ...stay },
      outputs: {
        loss: value,
        ...Object.fromEntries(paths.map((path, i) => [gradientName(path), gradients[i]])),
        ...nexts,
      },
      name: 'training',
    }),
    evaluation: evaluation(problem),
    optimizer: compile({
      inputs: {
        ...named,
        ...Object.fromEntries(paths.map((path, i) => [gradientName(path), arrived[i]])),
        loss,
        ...slots,
        ...fed,
      },
      outputs: next,
      name: 'optimizer',
    }),
    state: {
      ...Object.fromEntries(Object.entries(built.values).map(([path, tensor]) => [parameterName(path), tensor])),
      ...Object.fromEntries(Object.entries(needs.kept).map(([name, tensor]) => [slotName(name), tensor])),
    },
    masks: built.masks.map(({ value: _, shape: __, ...told }) => told),
    scalars(n) {
      const values = Array.from(
        { length: n },
        (_, i) => optimizer.scalars?.({ t: i + 1, factor: 1, kept: () => 0 }) ?? {},
      )
      return Object.fromEntries(
        needs.scalarNames.map((name) => [
          scalarName(name),
          { dtype: 'float32', shape: [n], data: Float32Array.from(values, (scalars) => scalars[name]) },
        ]),
      )
    },
  }
}

const gradientName = (path: string): string => `gradient ${path}`
