import { reapply } from './apply.ts'
import { formal } from './leaf.ts'
import { sameShape } from './schema.ts'
import { type Body, dtypeOf, type Operation, type Value } from './value.ts'
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
      const inputs = formals(operation, body, inner)
      rebuild(body.outputs, inner, new Set([...stop, ...body.inputs]))
      return [key, { inputs, outputs: body.outputs.map((value) => inner.get(value) ?? value) }]
    }),
  )
}

// The state of a loop has the sizes it starts with: where those change, so do the body's formal inputs.
function formals(operation: Operation, body: Body, mapped: Map<Value, Value>): readonly Value[] {
  if (operation.type !== 'Loop') return body.inputs
  return body.inputs.map((value, i) => {
    const before = operation.inputs[i]
    const after = before && mapped.get(before)
    if (!before || !after || i < 2 || sameShape(before.shape, after.shape)) return value
    const shape = value.shape.map((dim, axis) => (dim === before.shape[axis] ? after.shape[axis] : dim))
    const replaced = formal(value.name ?? `state${i - 2}`, dtypeOf(value), shape)
    mapped.set(value, replaced)
    return replaced
  })
}
