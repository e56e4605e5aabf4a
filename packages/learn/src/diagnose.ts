import type { Tensor } from '@mlpod/contract'
import {
  add,
  cast,
  compile,
  dtypeOf,
  isInf,
  isNaN as isNaNValue,
  type Operation,
  openSession,
  or,
  reduceMax,
  topological,
  type Value,
} from '@mlpod/graph'

import type { Chunk } from './source.ts'
import type { Trainer } from './trainer.ts'
import type { TrainingStep } from './trainingStep.ts'

/** The first operation whose result holds something that is no finite number. */
export interface Culprit {
  /** The operator, with its name or that of its result where it has one. */
  readonly operation: string
  /** Where in the code it was made. */
  readonly at?: string
  readonly value: 'NaN' | 'Infinity'
}

const FLOATS: ReadonlySet<string> = new Set(['float16', 'float32', 'float64'])

const nameOf = ({ type, meta, outputs }: Operation): string => {
  const name = meta.name ?? outputs.find((value) => value.name !== undefined)?.name
  return name === undefined ? type : `${type} "${name}"`
}

/**
 * Returns the first operation on the way to some values whose result is not finite when the graph is fed so, or undefined when
 * there is none. Every result is looked at in one run.
 */
export async function firstNotFinite(
  values: readonly Value[],
  inputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Culprit | undefined> {
  const suspects = topological(values).flatMap((operation) =>
    operation.outputs.filter((value) => FLOATS.has(dtypeOf(value) ?? '')).map((value) => ({ operation, value })),
  )
  // 0 for finite, 1 with an infinity, 2 with a NaN
  const grade = (value: Value): Value => {
    const wide = dtypeOf(value) === 'float16' ? cast(value, 'float32') : value
    const wrong = isNaNValue(wide)
    return reduceMax(add(cast(or(wrong, isInf(wide)), 'float32'), cast(wrong, 'float32')))
  }
  const outputs = Object.fromEntries(suspects.map(({ value }, i) => [`suspect ${i}`, grade(value)]))
  await using session = await openSession(compile({ inputs, outputs, name: 'diagnosis', optimize: false }), {
    optimization: 'none',
  })
  const fed = Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]]))
  const grades = await session.run(fed)
  const guilty = suspects.findIndex((_, i) => (grades[`suspect ${i}`].data as Float32Array)[0] > 0)
  if (guilty < 0) return undefined
  const { operation } = suspects[guilty]
  return {
    operation: nameOf(operation),
    at: operation.meta.site.at,
    value: (grades[`suspect ${guilty}`].data as Float32Array)[0] > 1 ? 'NaN' : 'Infinity',
  }
}

/** Takes the steps of a run again up to the one whose loss was no number, and looks where that began. */
export async function culpritOf(
  step: TrainingStep,
  trainer: Trainer,
  chunk: Chunk,
  wrong: number,
): Promise<Culprit | undefined> {
  const part = (from: number, steps: number): Chunk => ({
    ...chunk,
    rows: chunk.rows.slice(from * chunk.size, (from + steps) * chunk.size),
    steps,
  })
  trainer.restore(trainer.before(), trainer.steps() - chunk.steps, trainer.factor())
  if (wrong > 0) await trainer.run(part(0, wrong))
  const { values, inputs } = step.computed()
  return firstNotFinite(values, inputs, trainer.feeds(part(wrong, 1)))
}
