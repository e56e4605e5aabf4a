import type { Operation, Value } from './value.ts'

const NEVER: ReadonlySet<Value> = new Set()

/** Returns what an operation reads: its inputs, then what its bodies capture. */
export function operands(operation: Operation): readonly (Value | null)[] {
  return operation.captures.length === 0 ? operation.inputs : [...operation.inputs, ...operation.captures]
}

/**
 * Returns every operation that the values need, each after those it reads, in depth-first order of the values: the same
 * graph gives the same order whatever the order of its making. Does not go past the values of `stop`, nor into bodies.
 */
export function topological(values: Iterable<Value>, stop: ReadonlySet<Value> = NEVER): Operation[] {
  const order: Operation[] = []
  const seen = new Set<Operation>()
  // Each frame is an operation and how many of its operands are done: recursion would overflow on deep graphs.
  const stack: { operation: Operation; reads: readonly (Value | null)[]; next: number }[] = []
  const enter = (value: Value | null): void => {
    if (value === null || stop.has(value) || seen.has(value.operation)) return
    seen.add(value.operation)
    stack.push({ operation: value.operation, reads: operands(value.operation), next: 0 })
  }
  for (const value of values) {
    enter(value)
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]
      if (frame.next < frame.reads.length) enter(frame.reads[frame.next++])
      else {
        order.push(frame.operation)
        stack.pop()
      }
    }
  }
  return order
}
