import type { Operation, Value } from '@mlpod/graph'

/** Returns every operation that values need, each after those it reads; not those inside branches and loops, nor past `stop`. */
export function ordered(values: readonly Value[], stop: ReadonlySet<Value> = new Set()): Operation[] {
  const order: Operation[] = []
  const seen = new Set<Operation>()
  const stack: { operation: Operation; next: number }[] = []
  const enter = (value: Value | null): void => {
    if (!value || stop.has(value) || seen.has(value.operation)) return
    seen.add(value.operation)
    stack.push({ operation: value.operation, next: 0 })
  }
  for (const value of values) {
    enter(value)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      const reads = [...top.operation.inputs, ...top.operation.captures]
      if (top.next < reads.length) enter(reads[top.next++])
      else {
        order.push(top.operation)
        stack.pop()
      }
    }
  }
  return order
}
