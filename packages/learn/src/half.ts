import { PodError } from '@mlpod/contract'
import { cast, dtypeOf, substitute, type Value } from '@mlpod/graph'

/**
 * Returns values computed in half precision: everything of single precision that the graph begins with (inputs, parameters,
 * constants, and the values of `starts`) is rounded first, and the results are made single again. Parameters stay single: their
 * gradients arrive so. Throws `PRECISION_UNSUPPORTED` when an operator has no form in half precision.
 */
export function inHalf(values: readonly Value[], starts: readonly Value[]): Value[] {
  const known = new Set(starts)
  const replaced = new Map<Value, Value>()
  const seen = new Set<Value>()
  const stack = [...values]
  while (stack.length > 0) {
    const value = stack.pop()!
    if (seen.has(value)) continue
    seen.add(value)
    const { operation } = value
    const begins = known.has(value) || operation.inputs.length + operation.captures.length === 0
    if (begins && dtypeOf(value) === 'float32') replaced.set(value, cast(value, 'float16'))
    if (!begins) for (const read of [...operation.inputs, ...operation.captures]) if (read) stack.push(read)
  }
  try {
    return substitute(values, replaced).map((value, i) => cast(value, dtypeOf(values[i]) ?? 'float32'))
  } catch (cause) {
    throw new PodError('PRECISION_UNSUPPORTED', 'the network cannot be computed in half precision', {
      because: cause instanceof Error ? cause.message : String(cause),
      hint: "leave precision at 'full'",
      cause,
    })
  }
}
