import { type DataType, PodError, type Tensor } from '@mlpod/contract'
import {
  add,
  compile,
  constant,
  type Dim,
  gather,
  input,
  type Model,
  parameter,
  repeat,
  sub,
  substitute,
  unsqueeze,
  type Value,
} from '@mlpod/graph'
import { batchGradients } from './batchGradients.ts'
import type { Mask } from './layers/layer.ts'
import type { Objective, Problem } from './objective.ts'
import { globalNorm } from './optimizers/arithmetic.ts'
import type { Optimizer } from './optimizers/index.ts'
import { stepped } from './optimizers/optimizer.ts'
import type { RandomTensor, Step, Trained } from './optimizers/transform.ts'

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
  readonly computed: { readonly values: readonly Value[]; readonly inputs: Readonly<Record<string, Value>> }
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
  /** Which parameters are trained, by path. */
  readonly trainable?: (path: string) => boolean
}

/** The names of what is given for a metric. */
export const metricNames = (name: string): readonly [sum: string, total: string] => [
  `metric ${name} sum`,
  `metric ${name} total`,
]

/** The norms of a step. */
export const NORMS = ['gradientNorm', 'updateNorm', 'weightNorm'] as const

/**
 * Returns the graph of one or more steps: gather the batch, predict, lose, differentiate, update. Its inputs are the columns of
 * the data (all rows, of which a run copies none), `run rows` [steps, batch] (the rows of each step), the state, scalars, masks
 * [steps, batch, ...], and `run trips` when there may be several steps.
 */
export function trainingStep(options: TrainingStepOptions): TrainingStep {
  const { problem, optimizer, stepsPerRun, norms = false } = options
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
  const mask = ({ name, shape }: Mask): Value => now(name, 'bool', ['batch', ...shape])
  const batch = batchGradients(options, { rows, tables, mask })
  const { built } = batch.objective

  const scalarNames = Object.keys(optimizer.scalars?.({ t: 1, factor: 1, kept: () => 0 }) ?? {})
  const scalars = Object.fromEntries(scalarNames.map((name) => [name, take(`scalar ${name}`, 'float32', ['steps'])]))
  const numbersAt = (at: Value): Step['numbers'] => ({
    ...optimizer.constants,
    ...Object.fromEntries(scalarNames.map((name) => [name, gather(scalars[name], at)])),
  })
  const trained: Trained[] = batch.paths.map((path) => ({
    path,
    shape: built.values[path].shape,
    initial: built.values[path],
  }))
  const kept = optimizer.state?.(trained) ?? {}
  const keptLeaves = Object.fromEntries(
    Object.entries(kept).map(([name, tensor]) => [name, parameter(slotName(name), tensor)]),
  )
  const randoms = optimizer.randoms?.(trained) ?? {}
  const step: Omit<Step, 'gradients' | 'loss'> = {
    paths: batch.paths,
    parameters: batch.parameters,
    state: keptLeaves,
    numbers: numbersAt(turn),
    delayed: (steps) => numbersAt(sub(turn, steps)),
    randoms: Object.fromEntries(
      Object.entries(randoms).map(([name, { shape }]) => [name, now(randomName(name), 'float32', shape)]),
    ),
    gradientAt: (point) => batch.at(point).gradients,
    hessianTimes: batch.hessianTimes,
  }
  const { parameters, state, value, extras } = update(optimizer, step, batch, norms)

  const written = Object.keys(kept).filter((name) => state[name] !== undefined && state[name] !== keptLeaves[name])
  const leaves = [...batch.parameters, ...written.map((name) => keptLeaves[name])]
  const next = [...parameters, ...written.map((name) => state[name])]
  const names = [...batch.paths.map(parameterName), ...written.map(slotName)]
  const collected = Object.keys(extras)
  const results = [...next, value, ...Object.values(extras)]
  const done =
    stepsPerRun > 1
      ? repeat(take(TRIPS, 'int64', []), leaves, (current, index) => {
          const replaced = new Map([[turn, index], ...leaves.map((leaf, i) => [leaf, current[i]] as const)])
          const turned = substitute(results, replaced)
          return { state: turned.slice(0, names.length), collect: turned.slice(names.length) }
        })
      : substitute(results, new Map([[turn, constant(0, 'int64')]])).map((result, i) =>
          i < names.length ? result : unsqueeze(result, [0]),
        )
  const outputs = Object.fromEntries(
    [...names.map((name) => `${name} next`), LOSSES, ...collected].map((name, i) => [name, done[i]]),
  )
  const inputs = {
    ...fed,
    ...Object.fromEntries(batch.paths.map((path, i) => [parameterName(path), batch.parameters[i]])),
    ...Object.fromEntries(Object.entries(keptLeaves).map(([name, leaf]) => [slotName(name), leaf])),
  }
  const used = optimizer.result?.({ paths: batch.paths, parameters: batch.parameters, state: keptLeaves })
  return {
    model: compile({ inputs, outputs, name: 'training step' }),
    result:
      used &&
      compile({
        outputs: Object.fromEntries(batch.paths.map((path, i) => [path, used[i]])),
        inputs: inputsOf(inputs, fed),
        name: 'result',
      }),
    state: {
      ...Object.fromEntries(
        trained.map(({ path, initial }) => [parameterName(path), { initial, path, changes: true }]),
      ),
      ...Object.fromEntries(
        Object.entries(kept).map(([name, initial]) => [slotName(name), { initial, changes: written.includes(name) }]),
      ),
    },
    frozen: Object.fromEntries(Object.entries(built.values).filter(([path]) => !batch.paths.includes(path))),
    masks: built.masks,
    randoms,
    widths: Object.fromEntries(
      Object.entries(built.outputs).map(([name, { shape }]) => [
        name,
        shape.length === 2 && typeof shape[1] === 'number' ? shape[1] : undefined,
      ]),
    ),
    scalarNames,
    collected,
    computed: {
      values: substitute([value, ...next], new Map([[turn, constant(0, 'int64')]])),
      inputs: Object.fromEntries(Object.entries(inputs).filter(([name]) => name !== TRIPS)),
    },
  }
}

export const parameterName = (path: string): string => `parameter ${path}`
export const slotName = (name: string): string => `slot ${name}`
export const randomName = (name: string): string => `random ${name}`

/** The inputs that are the state. */
const inputsOf = (
  inputs: Readonly<Record<string, Value>>,
  fed: Readonly<Record<string, Value>>,
): Record<string, Value> => Object.fromEntries(Object.entries(inputs).filter(([name]) => !(name in fed)))

/** What a step changes and tells. */
interface Updated {
  readonly parameters: readonly Value[]
  readonly state: Readonly<Record<string, Value>>
  readonly value: Value
  /** What is told of the step beside its loss. */
  readonly extras: Readonly<Record<string, Value>>
}

function update(
  optimizer: Optimizer,
  step: Omit<Step, 'gradients' | 'loss'>,
  batch: ReturnType<typeof batchGradients>,
  norms: boolean,
): Updated {
  const { seed } = optimizer
  // begun with the step's factor, the reverse pass gives the steps themselves, and p + A B becomes one product
  if (seed !== undefined && !norms) {
    const { value, gradients, metrics } = batch.at(undefined, step.numbers[seed] as Value)
    const parameters = step.parameters.map((p, i) => add(p, gradients[i]))
    return { parameters, state: {}, value, extras: metricExtras(metrics) }
  }
  const { value, gradients, metrics } = batch.at(undefined)
  const whole: Step = { ...step, gradients, loss: value }
  const { parameters, state } = stepped(optimizer, whole)
  const extras = metricExtras(metrics)
  if (norms) {
    const moved = parameters.map((p, i) => sub(p, step.parameters[i]))
    for (const [i, values] of [gradients, moved, parameters].entries()) extras[NORMS[i]] = globalNorm(values)
  }
  return { parameters, state, value, extras }
}

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
