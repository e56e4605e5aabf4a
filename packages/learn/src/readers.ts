import type { Operation, Value } from '@mlpod/graph'

/** Returns, for each value, the operations on the way to `end` that read it. */
export function readersOf(end: Value, values: readonly Value[]): ReadonlyMap<Value, readonly Operation[]> {
  const readers = new Map<Value, Operation[]>(values.map((value) => [value, []]))
  const seen = new Set<Operation>()
  const stack = [end.operation]
  while (stack.length > 0) {
    const operation = stack.pop()!
    if (seen.has(operation)) continue
    seen.add(operation)
    const reads = [...operation.inputs, ...operation.captures].filter((value) => value !== null)
    for (const value of new Set(reads)) readers.get(value)?.push(operation)
    for (const value of reads) stack.push(value.operation)
  }
  return readers
}
