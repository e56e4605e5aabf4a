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
  // The path down, and how many operands of each step are done: recursion would overflow on deep graphs.
  const path: Operation[] = []
  const done: number[] = []
  const enter = (value: Value | null): void => {
    if (value === null || seen.has(value.operation) || stop.has(value)) return
    seen.add(value.operation)
    path.push(value.operation)
    done.push(0)
  }
  for (const value of values) {
    enter(value)
    while (path.length > 0) {
      const last = path.length - 1
      const operation = path[last]
      const next = done[last]++
      if (next < operation.inputs.length) enter(operation.inputs[next])
      else if (next < operation.inputs.length + operation.captures.length)
        enter(operation.captures[next - operation.inputs.length])
      else {
        order.push(operation)
        path.pop()
        done.pop()
      }
    }
  }
  return order
}
