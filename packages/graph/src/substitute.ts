import { reapply } from './apply.ts'
import { formal } from './leaf.ts'
import { sameShape } from './schema.ts'
import { scanOptions } from './schemas/control.ts'
import { type Body, type Dim, dtypeOf, type Operation, type Value } from './value.ts'
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
    if (operation.outputs.every((value) => mapped.has(value))) continue
    const inputs = operation.inputs.map((value) => value && to(value))
    const captures = [...new Set(operation.captures.map(to))]
    const bodies = operation.bodies && rebuildBodies(operation, mapped)
    const results = reapply(operation, inputs, { captures, bodies })
    // An operation with a replaced output still gives its others.
    for (const [i, value] of operation.outputs.entries()) if (!mapped.has(value)) mapped.set(value, results[i])
  }
}

// Bodies that share values (a loop, and the same loop that keeps a tape) share them afterwards too.
function rebuildBodies(operation: Operation, mapped: Map<Value, Value>): Readonly<Record<string, Body>> {
  const stop = new Set([...operation.captures, ...mapped.keys()])
  return Object.fromEntries(
    Object.entries(operation.bodies!).map(([key, body]) => {
      const inputs = formals(operation, body, mapped)
      rebuild(body.outputs, mapped, new Set([...stop, ...body.inputs]))
      return [key, { inputs, outputs: body.outputs.map((value) => mapped.get(value) ?? value) }]
    }),
  )
}

const alike = (a: Value, b: Value): boolean => dtypeOf(a) === dtypeOf(b) && sameShape(a.shape, b.shape)

// The state of a loop has the sizes and element type it starts with, an element those of its sequence: where these change, so do
// the formals.
function formals(operation: Operation, body: Body, mapped: Map<Value, Value>): readonly Value[] {
  const { type, inputs } = operation
  if (type !== 'Loop' && type !== 'Scan') return body.inputs
  const scanned = type === 'Scan' ? scanOptions(operation) : undefined
  return body.inputs.map((value, i) => {
    const before = inputs[i]
    const after = before && mapped.get(before)
    if (!before || !after || (type === 'Loop' && i < 2) || alike(before, after)) return value
    const known = mapped.get(value)
    if (known !== undefined) return known
    const axis = scanned !== undefined && i >= scanned.states ? scanned.inputAxes[i - scanned.states] : undefined
    const element = ({ shape }: Value): readonly Dim[] => (axis === undefined ? shape : shape.toSpliced(axis, 1))
    const [old, present] = [element(before), element(after)]
    const shape = value.shape.map((dim, at) => (dim === old[at] ? present[at] : dim))
    const dtype = dtypeOf(before) === dtypeOf(after) ? dtypeOf(value) : dtypeOf(after)
    const replaced = formal(value.name ?? `formal${i}`, dtype, shape)
    mapped.set(value, replaced)
    return replaced
  })
}
