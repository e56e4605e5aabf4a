import { type DataType, PodError, type Tensor } from '@mlpod/contract'
import {
  compile,
  constant,
  type Dim,
  gather,
  input,
  type Model,
  repeat,
  substitute,
  unsqueeze,
  type Value,
} from '@mlpod/graph'
import { batchGradients } from './batchGradients.ts'
import { type Mask, maskType } from './layers/layer.ts'
import type { BuiltNetwork } from './namedNetwork.ts'
import type { Objective, Problem } from './objective.ts'
import { optimizerGraph, optimizerNeeds, parameterName, randomName, scalarName, slotName } from './optimizerGraph.ts'
import type { Optimizer } from './optimizers/index.ts'
import type { RandomTensor } from './optimizers/transform.ts'
import { checkHidden } from './privacy.ts'

/** The output that holds the loss of each step, [steps]. */
export const LOSSES = 'losses'

/** The inputs that hold the rows of each step, and the number of steps. */
export const [ROWS, TRIPS] = ['run rows', 'run trips']

/** A tensor that a step reads under its name and writes under that name + " next". */
export interface StateTensor {
  readonly initial: Tensor
  /** Path of the parameter that it is; what the optimizer keeps has none. */
  readonly path?: string
  /** Whether steps write it: where a parameter began, for one, stays. */
  readonly changes: boolean
}

/** A compiled step, or several in one run. */
export interface TrainingStep {
  readonly model: Model
  /** Gives the parameters to use, of the state, where they are not those that are trained. */
  readonly result?: Model
  readonly state: Readonly<Record<string, StateTensor>>
  /** The parameters that stay as they are, by path. */
  readonly frozen: Readonly<Record<string, Tensor>>
  /** The paths of the parameters that are trained. */
  readonly trained: readonly string[]
  readonly masks: readonly Mask[]
  /** The random tensors of a step, by name; each is the input `random NAME` of shape [steps, ...]. */
  readonly randoms: Readonly<Record<string, RandomTensor>>
  /** How many numbers the network gives a row, by output, where that is one axis of known size. */
  readonly widths: Readonly<Record<string, number | undefined>>
  /** The optimizer's scalars; each is the input `scalar NAME` of shape [steps]. */
  readonly scalarNames: readonly string[]
  /** What is given for each step beside the loss, [steps] each. */
  readonly collected: readonly string[]
  /** What a step computes of its inputs: there the first number that is none is looked for. */
  readonly computed: () => { readonly values: readonly Value[]; readonly inputs: Readonly<Record<string, Value>> }
}

/** What a step is made of. */
export interface TrainingStepOptions {
  readonly problem: Problem
  readonly optimizer: Optimizer
  readonly seed: number
  readonly parameters?: Readonly<Record<string, Tensor>>
  readonly stepsPerRun: number
  /** In how many parts a batch is taken, one after the other. */
  readonly accumulate?: number
  /** Whether the norms of gradient, update and weights are given for each step. */
  readonly norms?: boolean
  /** How much of each row's gradient is taken, and by what the sum is divided. */
  readonly privacy?: { readonly clip: number; readonly batch: number }
  /** Which parameters are trained, by path. */
  readonly trainable?: (path: string) => boolean
}

/** The names of what is given for a metric. */
export const metricNames = (name: string): readonly [sum: string, total: string] => [
  `metric ${name} sum`,
  `metric ${name} total`,
]

/**
 * Returns the graph of one or more steps: gather the batch, predict, lose, differentiate, update. Its inputs are the columns of
 * the data (all rows, of which a run copies none), `run rows` [steps, batch] (the rows of each step), the state, scalars, masks
 * [steps, batch, ...], and `run trips` when there may be several steps.
 */
export function trainingStep(options: TrainingStepOptions): TrainingStep {
  const { problem, optimizer, stepsPerRun, norms } = options
  const fed: Record<string, Value> = {}
  const take = (name: string, dtype: DataType, shape: readonly Dim[]): Value => {
    if (name in fed)
      throw new PodError('NAME_TAKEN', `the step has an input "${name}" of its own`, {
        hint: 'give the column another name',
      })
    fed[name] = input(name, dtype, shape)
    return fed[name]
  }
  // the number of the step within a run
  const turn = input('turn', 'int64', [])
  const now = (name: string, dtype: DataType, shape: readonly Dim[]): Value =>
    gather(take(name, dtype, ['steps', ...shape]), turn)

  const rows = now(ROWS, 'int64', ['batch'])
  const tables = Object.fromEntries(
    Object.entries(problem.columns).map(([name, { dtype, shape }]) => [
      name,
      take(name, dtype, ['all', ...shape.slice(1)]),
    ]),
  )
  // masks stand in the network as inputs of one batch; here they come for all steps
  const mask = (drawn: Mask): Value => now(drawn.name, maskType(drawn), ['batch', ...drawn.shape])
  const batch = batchGradients(options, { rows, tables, mask })
  const { built } = batch.objective
  const { paths, parameters } = batch

  const needs = optimizerNeeds(optimizer, paths, built.values)
  const { kept, leaves, randoms, scalarNames } = needs
  let [metrics, changed]: [Objective['metrics'], readonly Value[]] = [{}, []]
  const updated = optimizerGraph(
    optimizer,
    needs,
    {
      parameters,
      turn,
      scalar: (name) => take(scalarName(name), 'float32', ['steps']),
      random: (name) => now(randomName(name), 'float32', randoms[name].shape),
      loss(cotangent) {
        const found = batch.at(undefined, cotangent)
        ;({ metrics, states: changed } = found)
        return found
      },
      gradientAt: (point) => batch.at(point).gradients,
      hessianTimes: batch.hessianTimes,
    },
    { norms },
  )
  const { state, loss } = updated
  if (options.privacy) checkHidden(optimizer.name, loss, [...updated.parameters, ...Object.values(state)])
  const extras = { ...metricExtras(metrics), ...updated.norms }

  const written = Object.keys(kept).filter((name) => state[name] !== undefined && state[name] !== leaves[name])
  // what the network keeps beside its parameters
  const stay = Object.keys(built.states)
  const moving = stay.filter((path, i) => changed[i] !== built.states[path].value)
  const names = [...paths.map(parameterName), ...moving.map(parameterName), ...written.map(slotName)]
  const before = [
    ...parameters,
    ...moving.map((path) => built.states[path].value),
    ...written.map((name) => leaves[name]),
  ]
  const next = [
    ...updated.parameters,
    ...moving.map((path) => changed[stay.indexOf(path)]),
    ...written.map((name) => state[name]),
  ]
  const collected = Object.keys(extras)
  const results = [...next, loss, ...Object.values(extras)]
  const single = (): Value[] => substitute(results, new Map([[turn, constant(0, 'int64')]]))
  const done =
    stepsPerRun > 1
      ? repeat(take(TRIPS, 'int64', []), before, (current, index) => {
          const replaced = new Map([[turn, index], ...before.map((leaf, i) => [leaf, current[i]] as const)])
          const turned = substitute(results, replaced)
          return { state: turned.slice(0, names.length), collect: turned.slice(names.length) }
        })
      : single().map((result, i) => (i < names.length ? result : unsqueeze(result, [0])))
  const outputs = Object.fromEntries(
    [...names.map((name) => `${name} next`), LOSSES, ...collected].map((name, i) => [name, done[i]]),
  )
  const stateInputs = {
    ...Object.fromEntries(paths.map((path, i) => [parameterName(path), parameters[i]])),
    ...Object.fromEntries(stay.map((path) => [parameterName(path), built.states[path].value])),
    ...Object.fromEntries(Object.entries(leaves).map(([name, leaf]) => [slotName(name), leaf])),
  }
  const inputs = { ...fed, ...stateInputs }
  const used = optimizer.result?.({ paths, parameters, state: leaves })
  return {
    model: compile({ inputs, outputs, name: 'training step' }),
    result:
      used &&
      compile({
        inputs: stateInputs,
        outputs: Object.fromEntries(paths.map((path, i) => [path, used[i]])),
        name: 'result',
      }),
    state: {
      ...Object.fromEntries(
        needs.trained.map(({ path, initial }) => [parameterName(path), { initial, path, changes: true }]),
      ),
      ...Object.fromEntries(
        stay.map((path) => [
          parameterName(path),
          { initial: built.values[path], path, changes: moving.includes(path) },
        ]),
      ),
      ...Object.fromEntries(
        Object.entries(kept).map(([name, initial]) => [slotName(name), { initial, changes: written.includes(name) }]),
      ),
    },
    frozen: Object.fromEntries(
      Object.entries(built.values).filter(([path]) => !paths.includes(path) && !stay.includes(path)),
    ),
    trained: paths,
    masks: built.masks,
    randoms,
    widths: widthsOf(built),
    scalarNames,
    collected,
    computed() {
      const made = single()
      return {
        values: [made[names.length], ...made.slice(0, names.length)],
        inputs: Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== TRIPS)),
      }
    },
  }
}

const widthsOf = ({ outputs }: BuiltNetwork): TrainingStep['widths'] =>
  Object.fromEntries(
    Object.entries(outputs).map(([name, { shape }]) => [
      name,
      shape.length === 2 && typeof shape[1] === 'number' ? shape[1] : undefined,
    ]),
  )

const metricExtras = (metrics: Objective['metrics']): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([name, { sum, total }]) => {
      const [sumName, totalName] = metricNames(name)
      return [
        [sumName, sum],
        [totalName, total],
      ]
    }),
  )
