import { type DataType, sizeOf, type Tensor } from '@mlpod/contract'
import {
  add,
  compile,
  constant,
  type Dim,
  gather,
  grad,
  input,
  type Model,
  parameter,
  repeat,
  substitute,
  unsqueeze,
  type Value,
  vjp,
} from '@mlpod/graph'
import type { TrainingData } from './fit.ts'
import { type Layer, type Mask, type Network, network } from './layers/layer.ts'
import { type Loss, lossSums, lossValue } from './losses/index.ts'
import type { Optimizer } from './optimizers/index.ts'
import { stepped } from './optimizers/optimizer.ts'

/** The output that holds the loss of each step, [steps]. */
export const LOSSES = 'losses'

/** A tensor that a step reads under its name and writes under that name + " next". */
interface StateTensor {
  readonly initial: Tensor
  /** Path of the parameter that it is; a slot of the optimizer has none. */
  readonly path?: string
}

/** A compiled step, or several in one run. */
export interface TrainingStep {
  readonly model: Model
  readonly state: Readonly<Record<string, StateTensor>>
  readonly masks: readonly Mask[]
  /** How many numbers the network gives a row, where that is one axis of known size. */
  readonly width: number | undefined
  /** The optimizer's scalars; each is the input `scalar NAME` of shape [steps]. */
  readonly scalarNames: readonly string[]
}

/** What a step is made of. */
export interface TrainingStepOptions {
  readonly layer: Layer
  readonly loss: Loss
  readonly optimizer: Optimizer
  readonly data: TrainingData
  readonly seed: number
  readonly parameters?: Readonly<Record<string, Tensor>>
  readonly stepsPerRun: number
}

/**
 * Returns the graph of one or more steps: gather the batch, predict, lose, differentiate, update. Its inputs are the data
 * (`x`, `y`, `weights`: all rows, of which a run copies none), `rows` [steps, batch] (the rows of each step), the state,
 * scalars, masks [steps, batch, ...], and `trips` when there may be several steps.
 */
export function trainingStep({
  layer,
  loss,
  optimizer,
  data,
  seed,
  parameters,
  stepsPerRun,
}: TrainingStepOptions): TrainingStep {
  const fed: Record<string, Value> = {}
  const take = (name: string, dtype: DataType, shape: readonly Dim[]): Value => {
    fed[name] = input(name, dtype, shape)
    return fed[name]
  }
  const table = (name: string, { dtype, shape }: Tensor): Value => take(name, dtype, ['all', ...shape.slice(1)])
  // the number of the step within a run
  const turn = input('turn', 'int64', [])
  const now = (name: string, dtype: DataType, shape: readonly Dim[]): Value =>
    gather(take(name, dtype, ['steps', ...shape]), turn)

  const rows = now('rows', 'int64', ['batch'])
  const built = network(layer, gather(table('x', data.x), rows), { seed, parameters, training: true })
  // masks stand in the network as inputs of one batch; here they come for all steps
  const masks = new Map(built.masks.map(({ name, value, shape }) => [value, now(name, 'bool', ['batch', ...shape])]))
  const [output] = substitute([built.output], masks)
  const weights = data.weights && gather(table('weights', data.weights), rows)
  const value = lossValue(loss, output, gather(table('y', data.y), rows), { weights })

  const scalarNames = Object.keys(optimizer.scalars(1, 0))
  const scalars = Object.fromEntries(scalarNames.map((name) => [name, now(`scalar ${name}`, 'float32', [])]))
  const { state, leaves, slots } = stateOf(built, optimizer)
  const next = update(optimizer, value, built, slots, scalars)
  const results = [...next, value]

  const many = stepsPerRun > 1
  const done = many
    ? repeat(take('trips', 'int64', []), leaves, (current, index) => {
        const replaced = new Map([[turn, index], ...leaves.map((leaf, i) => [leaf, current[i]] as const)])
        const turned = substitute(results, replaced)
        return { state: turned.slice(0, -1), collect: turned.slice(-1) }
      })
    : substitute(results, new Map([[turn, constant(0, 'int64')]]))
  const names = Object.keys(state)
  const outputs = Object.fromEntries(names.map((name, i) => [`${name} next`, done[i]]))
  const losses = many ? done[names.length] : unsqueeze(done[names.length], [0])
  const inputs = { ...fed, ...Object.fromEntries(names.map((name, i) => [name, leaves[i]])) }
  return {
    model: compile({ inputs, outputs: { ...outputs, [LOSSES]: losses }, name: 'training step' }),
    state,
    masks: built.masks,
    width: output.shape.length === 2 && typeof output.shape[1] === 'number' ? output.shape[1] : undefined,
    scalarNames,
  }
}

type Slots = Readonly<Record<string, readonly Value[]>>

/** The tensors that a step changes: parameters, then the optimizer's slots, zero at first. */
function stateOf({ parameters, values }: Network, optimizer: Optimizer) {
  const paths = Object.keys(parameters)
  const state: Record<string, StateTensor> = {}
  for (const path of paths) state[`parameter ${path}`] = { initial: values[path], path }
  const slots: Record<string, Value[]> = {}
  for (const slot of optimizer.slots)
    slots[slot] = paths.map((path) => {
      const { shape } = values[path]
      const name = `slot ${slot} ${path}`
      state[name] = { initial: { dtype: 'float32', shape, data: new Float32Array(sizeOf(shape)) } }
      return parameter(name, state[name].initial)
    })
  return { state, slots, leaves: [...Object.values(parameters), ...Object.values(slots).flat()] }
}

/** The state after a step, in the order of `stateOf`. */
function update(
  optimizer: Optimizer,
  loss: Value,
  { parameters }: Network,
  slots: Slots,
  scalars: Readonly<Record<string, Value>>,
): readonly Value[] {
  const list = Object.values(parameters)
  const { seed } = optimizer
  // begun with the step's factor, the reverse pass gives the steps themselves, and p + A B becomes one product
  if (seed !== undefined) return vjp([loss], list, [scalars[seed]]).map((step, i) => add(list[i], step))
  const gradients = grad(loss, list)
  const result = stepped(optimizer, { paths: Object.keys(parameters), parameters: list, gradients, slots, scalars })
  return [...result.parameters, ...optimizer.slots.flatMap((slot) => result.slots[slot])]
}

/** Returns the model of the loss: `sum` and `total` over the rows fed, whose quotients and sums are exact over parts. */
export function evaluation({ layer, loss, data }: Pick<TrainingStepOptions, 'layer' | 'loss' | 'data'>): Model {
  const table = (name: string, { dtype, shape }: Tensor): Value => input(name, dtype, ['rows', ...shape.slice(1)])
  const x = table('x', data.x)
  const y = table('y', data.y)
  const weights = data.weights && table('weights', data.weights)
  const built = network(layer, x, { seed: 0 })
  const parameters = Object.fromEntries(
    Object.entries(built.parameters).map(([path, value]) => [`parameter ${path}`, value]),
  )
  return compile({
    inputs: { x, y, ...(weights && { weights }), ...parameters },
    outputs: { ...lossSums(loss, built.output, y, weights) },
    name: 'evaluation',
  })
}
