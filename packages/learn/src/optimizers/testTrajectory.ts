import { type Tensor, tensor } from '@mlpod/contract'
import { openSession } from '@mlpod/graph'
import type { Layer } from '../layers/layer.ts'
import type { Loss } from '../losses/index.ts'
import { perRow } from '../losses/loss.ts'
import { problemOf } from '../objective.ts'
import { newTrainer } from '../trainer.ts'
import { trainingStep } from '../trainingStep.ts'
import type { Optimizer } from './optimizer.ts'

/** A loss that is the network's own output. */
export const itself: Loss = {
  name: 'itself',
  target: 'float32',
  prediction: 'value',
  rows: (p) => ({ losses: perRow(p) }),
}

/** Where a step led. */
export interface Reached {
  /** The parameters, as one list. */
  readonly point: number[]
  /** The optimizer's result, where it has one. */
  readonly result?: number[]
  /** The numbers that the optimizer keeps. */
  readonly kept: Readonly<Record<string, number>>
}

/** Returns the parameters after each of the steps asked for, in order, as a flat list; and the optimizer's result where it has one. */
export async function trajectory(
  objective: Layer,
  optimizer: Optimizer,
  steps: readonly number[],
  {
    seed = 0,
    stepsPerRun = 1,
    x = () => 1,
  }: { readonly seed?: number; readonly stepsPerRun?: number; readonly x?: (t: number) => number } = {},
): Promise<Record<number, Reached>> {
  const one = tensor('float32', [1, 1], Float32Array.of(1))
  const problem = problemOf({ network: objective, loss: itself, data: { x: one, y: one } })
  const step = trainingStep({ problem, optimizer, seed, stepsPerRun })
  await using session = await openSession(step.model)
  await using averages = step.result && (await openSession(step.result))
  const trainer = newTrainer(step, session, { optimizer, seed, stepsPerRun })
  const flat = (tensors: Readonly<Record<string, Tensor>>): number[] =>
    Object.values(tensors).flatMap(({ data }) => Array.from(data as Float32Array))
  const found: Record<number, Reached> = {}
  while (trainer.steps() < Math.max(...steps)) {
    const until = Math.min(...steps.filter((t) => t > trainer.steps()))
    const count = Math.min(stepsPerRun, until - trainer.steps())
    const at = trainer.steps() + 1
    const fed = Float32Array.from({ length: count }, (_, k) => x(at + k))
    const rows = BigInt64Array.from({ length: count }, (_, k) => BigInt(k))
    const columns = { x: tensor('float32', [count, 1], fed), y: tensor('float32', [count, 1], fed) }
    await trainer.run({ columns, rows, size: 1, steps: count })
    if (!steps.includes(trainer.steps())) continue
    const state = trainer.current()
    const kept = averages && Object.fromEntries(averages.inputs.map(({ name }) => [name, state[name]]))
    found[trainer.steps()] = {
      point: flat(trainer.parameters()),
      kept: Object.fromEntries(
        Object.entries(state).flatMap(([name, { shape, data }]) =>
          name.startsWith('slot ') && shape.length === 0 ? [[name.slice(5), Number(data[0])]] : [],
        ),
      ),
      ...(averages && { result: flat(await averages.run(kept!)) }),
    }
  }
  return found
}
