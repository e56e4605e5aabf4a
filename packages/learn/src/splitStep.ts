import type { Tensor } from '@mlpod/contract'
import {
  add,
  compile,
  constant,
  div,
  equal,
  grad,
  input,
  type Model,
  mul,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { lossNames } from './evaluation.ts'
import {
  onlyGradients,
  optimizerGraph,
  optimizerNeeds,
  parameterName,
  randomName,
  scalarName,
  slotName,
} from './optimizerGraph.ts'
import { total } from './optimizers/arithmetic.ts'
import { rowsObjective } from './rowsObjective.ts'
import { LOSSES, metricNames, type TrainingStepOptions } from './trainingStep.ts'

/** A step in two: the gradients of some rows, and the update by the gradients of several such parts together. */
export interface SplitStep {
  /** Of columns [rows, ...], masks [rows, ...] and parameters it gives sums: of each loss, its weights, its gradients, and metrics. */
  readonly gradients: Model
  /** Of the sums of each part (`part I NAME`), the state and scalars [1] it gives the next state, and the loss [1]. */
  readonly update: Model
  /** The paths of the states of the network; `gradients` gives what a part makes of each, as `parameter PATH next`. */
  readonly states: readonly string[]
}

const gradientName = (loss: string, path: string): string => `gradient ${loss} ${path}`
/** The name of a sum of one part. */
export const partName = (part: number, name: string): string => `part ${part} ${name}`

/**
 * Returns a step whose gradients are taken in several parts elsewhere: the sum over the parts is that of the whole batch, up to
 * rounding. Throws `OPTIMIZER_INVALID` when the optimizer asks for more than one gradient.
 */
export function splitStep(options: TrainingStepOptions, parts: number): SplitStep {
  const { problem, optimizer, norms } = options
  const { built, terms, metrics, columns, masks, paths, parameters, named } = rowsObjective(problem, options)
  const losses = Object.entries(terms)
  const outputs: Record<string, Value> = {}
  for (const [loss, term] of losses) {
    const [sumName, totalName] = lossNames(loss)
    outputs[sumName] = term.sum
    outputs[totalName] = term.total
    const gradients = grad(term.sum, parameters)
    for (const [i, path] of paths.entries()) outputs[gradientName(loss, path)] = gradients[i]
  }
  for (const [name, { sum, total }] of Object.entries(metrics)) {
    const [sumName, totalName] = metricNames(name)
    outputs[sumName] = sum
    outputs[totalName] = total
  }
  const states = Object.keys(built.states)
  const nexts = Object.fromEntries(states.map((path) => [`${parameterName(path)} next`, built.states[path].next]))
  const stay = Object.fromEntries(states.map((path) => [parameterName(path), built.states[path].value]))

  const needs = optimizerNeeds(optimizer, paths, built.values as Readonly<Record<string, Tensor>>)
  const fed: Record<string, Value> = {}
  const take = (name: string, shape: readonly number[]): Value => {
    fed[name] ??= input(name, 'float32', shape)
    return fed[name]
  }
  /** The sum of a sum over the parts, always in the same order. */
  const whole = (name: string): Value =>
    total(
      Array.from({ length: parts }, (_, part) => take(partName(part, name), outputs[name].shape as readonly number[])),
    )
  const weights = losses.map(([loss, { weight }]) => {
    const all = whole(lossNames(loss)[1])
    return div(weight, where(equal(all, 0), constant(1), all))
  })
  const joined = (of: (loss: string) => Value): Value =>
    losses.map(([loss], k) => mul(of(loss), weights[k])).reduce((a, b) => add(a, b))
  const elsewhere = onlyGradients(optimizer, 'training in parts elsewhere')
  const updated = optimizerGraph(
    optimizer,
    needs,
    {
      parameters,
      turn: constant(0, 'int64'),
      scalar: (name) => take(scalarName(name), [1]),
      random: (name) => take(randomName(name), needs.randoms[name].shape),
      loss: (cotangent) => {
        const gradients = paths.map((path) => joined((loss) => whole(gradientName(loss, path))))
        return {
          value: joined((loss) => whole(lossNames(loss)[0])),
          gradients: cotangent ? gradients.map((g) => mul(g, cotangent)) : gradients,
        }
      },
      gradientAt: elsewhere,
      hessianTimes: elsewhere,
    },
    { norms, seeded: false },
  )
  const written = Object.keys(needs.kept).filter(
    (name) => updated.state[name] !== undefined && updated.state[name] !== needs.leaves[name],
  )
  const one = (value: Value): Value => unsqueeze(value, [0])
  const results: Record<string, Value> = {
    ...Object.fromEntries(paths.map((path, i) => [`${parameterName(path)} next`, updated.parameters[i]])),
    ...Object.fromEntries(written.map((name) => [`${slotName(name)} next`, updated.state[name]])),
    [LOSSES]: one(updated.loss),
    ...Object.fromEntries(
      Object.keys(metrics)
        .flatMap((name) => metricNames(name))
        .map((name) => [name, one(whole(name))]),
    ),
    ...Object.fromEntries(Object.entries(updated.norms).map(([name, value]) => [name, one(value)])),
  }
  const slots = Object.fromEntries(Object.entries(needs.leaves).map(([name, leaf]) => [slotName(name), leaf]))
  return {
    gradients: compile({
      inputs: { ...columns, ...masks, ...named, ...stay },
      outputs: { ...outputs, ...nexts },
      name: 'gradients',
    }),
    update: compile({ inputs: { ...fed, ...named, ...slots }, outputs: results, name: 'update' }),
    states,
  }
}
