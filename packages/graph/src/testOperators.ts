import { PodError, type Tensor } from '@mlpod/contract'
import { expect } from 'vitest'
import { compositions } from './compositions/index.ts'
import * as g from './index.ts'
import type { OperatorName } from './schemas/index.ts'
import { isRanked, type Operation, type Value } from './value.ts'

/** One use of an operator: its outputs as values, and what its inputs are fed. */
export interface Run {
  readonly outputs: readonly Value[]
  readonly feeds: Readonly<Record<string, Tensor>>
  /** What comes out. */
  readonly expected?: readonly (Tensor | null)[]
  /** Relative to 1 + the size of what is compared. Default 1e-5. */
  readonly tolerance?: number
}

const keyed = <T>(key: string, list: readonly (T | null | undefined)[]): Record<string, T> =>
  Object.fromEntries(list.flatMap((entry, i) => (entry == null ? [] : [[`${key}${i}`, entry]])))

/** Returns results by name of a graph of values. */
export async function run(
  outputs: Readonly<Record<string, Value>>,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  await using session = await g.openSession(g.compile({ outputs }), { optimization: 'basic' })
  return session.run(Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]])))
}

/** Checks that two tensors are the same up to rounding; nan is nan. */
export function close(found: Tensor, expected: Tensor, what: string, tolerance = 1e-5): void {
  expect(found.dtype, what).toBe(expected.dtype)
  expect(found.shape, what).toEqual(expected.shape)
  for (const [i, value] of Array.from(expected.data as ArrayLike<number | bigint | string>).entries()) {
    const [a, b] = [found.data[i], value]
    if (typeof b === 'string') expect(a, `${what}[${i}]`).toBe(b)
    else if (!Object.is(Number(a), Number(b)) && Number(a) !== Number(b))
      expect(Math.abs(Number(a) - Number(b)), `${what}[${i}]: ${a} for ${b}`).toBeLessThanOrEqual(
        tolerance * (1 + Math.abs(Number(b))),
      )
  }
}

/**
 * Checks one use of an operator: that its outputs have the types and shapes that its schema tells, that they are what is
 * expected, and that what it is made of gives the same.
 */
export async function checkOperator({ outputs, feeds, expected, tolerance }: Run): Promise<void> {
  const [{ operation }] = outputs
  const composed = composedOf(operation)
  const results = await run({ ...keyed('y', outputs), ...keyed('c', composed.slice(0, outputs.length)) }, feeds)
  for (const [i, value] of outputs.entries()) {
    const found = results[`y${i}`]
    expect(value.type, `type ${i}`).toEqual({ kind: 'tensor', dtype: found.dtype })
    if (isRanked(value)) {
      expect(value.shape.length, `rank of ${i}`).toBe(found.shape.length)
      const told = value.shape.map((dim, axis) => (typeof dim === 'number' ? dim : found.shape[axis]))
      expect(told, `shape of ${i}`).toEqual(found.shape)
    }
    if (expected?.[i]) close(found, expected[i], `output ${i}`, tolerance)
    if (results[`c${i}`]) close(results[`c${i}`], found, `composition ${i}`, tolerance)
  }
}

// What is only known in a run may keep an operator whole.
function composedOf(operation: Operation): readonly (Value | undefined)[] {
  try {
    return compositions[operation.type as OperatorName]?.(operation) ?? []
  } catch (error) {
    if (error instanceof PodError) return []
    throw error
  }
}
