import { reapply } from './apply.ts'
import type { Body, Operation, Value } from './value.ts'
import { operands, topological } from './walk.ts'

/**
 * Returns the outputs of the same graph with some values replaced: the same model on other inputs. Shapes are inferred
 * anew, so a replacement may have other sizes. What does not depend on a replaced value is shared, not copied.
 * Throws what the operators throw when a replacement does not fit.
 */
export function substitute(outputs: readonly Value[], replacements: ReadonlyMap<Value, Value>): Value[] {
  const mapped = new Map(replacements)
  rebuild(outputs, mapped, new Set(replacements.keys()))
  return outputs.map((value) => mapped.get(value) ?? value)
}

function rebuild(outputs: readonly Value[], mapped: Map<Value, Value>, stop: ReadonlySet<Value>): void {
  const to = (value: Value): Value => mapped.get(value) ?? value
  for (const operation of topological(outputs, stop)) {
    if (!operands(operation).some((value) => value !== null && mapped.has(value))) continue
    const inputs = operation.inputs.map((value) => value && to(value))
    const captures = [...new Set(operation.captures.map(to))]
    const bodies = operation.bodies && rebuildBodies(operation, mapped)
    const results = reapply(operation, inputs, { captures, bodies })
    // An operation with a replaced output still gives its others.
    for (const [i, value] of operation.outputs.entries()) if (!mapped.has(value)) mapped.set(value, results[i])
  }
}

function rebuildBodies(operation: Operation, mapped: ReadonlyMap<Value, Value>): Readonly<Record<string, Body>> {
  const stop = new Set([...operation.captures, ...mapped.keys()])
  return Object.fromEntries(
    Object.entries(operation.bodies!).map(([key, body]) => {
      const inner = new Map(mapped)
      rebuild(body.outputs, inner, new Set([...stop, ...body.inputs]))
      return [key, { inputs: body.inputs, outputs: body.outputs.map((value) => inner.get(value) ?? value) }]
    }),
  )
}
