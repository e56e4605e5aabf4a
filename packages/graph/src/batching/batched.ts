import { reapply } from '../apply.ts'
import { constant } from '../leaf.ts'
import { concat, expand, transpose, unsqueeze } from '../operators/structure.ts'
import type { Attribute, Dim, Operation, Value } from '../value.ts'

/** What stands for a value: a batch of it on a first axis, or the one value that all examples share. */
export interface Batched {
  readonly value: Value
  readonly batched: boolean
}

/** How many examples there are, as a size and as a list of one number. */
export interface BatchSize {
  readonly dim: Dim
  readonly sizes: Value
}

/** An operation of one example, and what stands for its inputs. */
export interface Batching {
  readonly operation: Operation
  readonly x: readonly (Batched | null)[]
  readonly size: BatchSize
}

/**
 * Returns the outputs for all examples: a value is a batch of an output, a `Batched` tells itself. Undefined where the
 * operator takes no such batch: it is then run for one example after the other.
 */
export type BatchRule = (c: Batching) => readonly (Value | Batched)[] | undefined

/** Returns the value with an axis moved to the front. */
export function batchOf(value: Value, axis: number): Value {
  if (axis === 0) return value
  const order = value.shape.map((_, i) => i)
  return transpose(value, [axis, ...order.filter((i) => i !== axis)])
}

/** Returns a batch: what all examples share is repeated for each. `rank` is that of one example. */
export function mapped({ value, batched }: Batched, rank: number, { dim, sizes }: BatchSize): Value {
  if (batched) return value
  const wide = unsqueeze(value, [0])
  if (typeof dim === 'number') return expand(wide, [dim, ...new Array<number>(rank).fill(1)])
  return expand(wide, rank === 0 ? sizes : concat([sizes, constant(new Array<number>(rank).fill(1), 'int64')]))
}

/** Returns a batch whose examples have `rank` axes: axes of size 1 are put before theirs. What is shared stays. */
export function aligned({ value, batched }: Batched, rank: number): Value {
  const missing = rank + 1 - value.shape.length
  if (!batched || missing <= 0) return value
  return unsqueeze(
    value,
    Array.from({ length: missing }, (_, i) => i + 1),
  )
}

/** Returns the outputs of the same operator on other inputs, with some attributes replaced. */
export function again(
  operation: Operation,
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>> = {},
): readonly Value[] {
  return reapply({ ...operation, attributes: { ...operation.attributes, ...attributes }, inputs: [] }, inputs)
}
