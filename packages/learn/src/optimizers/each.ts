import { type DataType, PodError, sizeOf, type Tensor } from '@mlpod/contract'
import type { Operand, Value } from '@mlpod/graph'
import type { Step, Trained, Transform } from './transform.ts'

/** Returns what a slot of one parameter begins with; undefined when this one has none. */
export type Begin = (parameter: Trained) => Tensor | undefined

/** Returns a tensor filled with one number. */
export function filled(shape: readonly number[], value = 0, dtype: 'float32' | 'int64' = 'float32'): Tensor {
  const size = sizeOf(shape)
  const data = dtype === 'int64' ? new BigInt64Array(size).fill(BigInt(value)) : new Float32Array(size).fill(value)
  return { dtype: dtype as DataType, shape, data } as Tensor
}

/** A slot of the parameter's shape that begins with zeros. */
export const zeros: Begin = ({ shape }) => filled(shape)

/** A slot of the parameter's shape that begins with one number. */
export const full =
  (value: number): Begin =>
  ({ shape }) =>
    filled(shape, value)

/** A slot that begins as the parameter does. */
export const copied: Begin = ({ initial }) => initial

/** What is known of one parameter at a step. */
export interface One {
  readonly path: string
  readonly parameter: Value
  /** The sizes of the parameter. */
  readonly shape: readonly number[]
  readonly gradient: Value
  readonly slots: Readonly<Record<string, Value>>
  readonly numbers: Readonly<Record<string, Operand>>
}

/** What one parameter's update gives. */
export interface Updated {
  readonly gradient: Value
  readonly slots?: Readonly<Record<string, Value>>
}

/** Returns the slots of every parameter as they begin, by slot and path. */
export const slotsOf =
  (slots: Readonly<Record<string, Begin>>) =>
  (parameters: readonly Trained[]): Record<string, Tensor> =>
    Object.fromEntries(
      Object.entries(slots).flatMap(([slot, begin]) =>
        parameters.flatMap((parameter) => {
          const tensor = begin(parameter)
          return tensor ? [[keyOf(slot, parameter.path), tensor]] : []
        }),
      ),
    )

/** Returns the state and the transform of what treats every parameter by itself. */
export function each(
  slots: Readonly<Record<string, Begin>>,
  update: (one: One, step: Step) => Updated,
): Pick<Transform, 'state' | 'transform'> {
  const names = Object.keys(slots)
  return {
    state: slotsOf(slots),
    transform(step) {
      const state: Record<string, Value> = {}
      const gradients = step.paths.map((path, i) => {
        const own = names.filter((slot) => keyOf(slot, path) in step.state)
        const one: One = {
          path,
          parameter: step.parameters[i],
          shape: step.parameters[i].shape as readonly number[],
          gradient: step.gradients[i],
          slots: Object.fromEntries(own.map((slot) => [slot, step.state[keyOf(slot, path)]])),
          numbers: step.numbers,
        }
        const { gradient, slots: next = {} } = update(one, step)
        for (const slot of own) {
          if (!next[slot])
            throw new PodError('OPTIMIZER_INVALID', `the slot "${slot}" of "${path}" is kept, but not given`)
          state[keyOf(slot, path)] = next[slot]
        }
        return gradient
      })
      return { gradients, state }
    },
  }
}

/** The name of one parameter's slot in the state. */
export const keyOf = (slot: string, path: string): string => `${slot} ${path}`
