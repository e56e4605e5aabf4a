import { reapply } from '../apply.ts'
import { attributed } from '../site.ts'
import { type Body, isRanked, type Operation, type Value } from '../value.ts'
import { operands, topological } from '../walk.ts'
import { fold } from './fold.ts'
import { fusions } from './fusions.ts'
import { Interner } from './intern.ts'
import type { Rewrite } from './rewrite.ts'
import { rewrites } from './rewrites.ts'

// Rewrites meet what other rewrites made in the next round; graphs settle in two or three.
const ROUNDS = 4

type Table = Readonly<Record<string, Rewrite | undefined>>

/**
 * Returns values equal to the outputs with less to compute: constants folded, needless operations and common
 * subexpressions removed, then matrix products joined with the sums, scalings and transposes around them.
 */
export function simplify(outputs: readonly Value[]): readonly Value[] {
  return attributed({}, () => {
    const clean = settle(outputs, rewrites)
    const fused = settle(clean, fusions)
    return fused === clean ? clean : settle(fused, rewrites)
  })
}

function settle(outputs: readonly Value[], table: Table): readonly Value[] {
  let current = outputs
  for (let round = 0; round < ROUNDS; round++) {
    const next = pass(current, table)
    if (next.every((value, i) => value === current[i])) return current
    current = next
  }
  return current
}

function pass(outputs: readonly Value[], table: Table): readonly Value[] {
  const mapped = new Map<Value, Value>()
  const uses = countUses(outputs)
  rebuild(outputs, mapped, new Set(), new Interner(), table, uses)
  return outputs.map((value) => mapped.get(value) ?? value)
}

/** Returns how often each value is read, by operations and as an output. */
function countUses(outputs: readonly Value[], stop?: ReadonlySet<Value>): ReadonlyMap<Value, number> {
  const uses = new Map<Value, number>()
  const use = (value: Value | null): void => {
    if (value !== null) uses.set(value, (uses.get(value) ?? 0) + 1)
  }
  for (const operation of topological(outputs, stop)) for (const value of operands(operation)) use(value)
  for (const value of outputs) use(value)
  return uses
}

function rebuild(
  outputs: readonly Value[],
  mapped: Map<Value, Value>,
  stop: ReadonlySet<Value>,
  interner: Interner,
  table: Table,
  uses: ReadonlyMap<Value, number>,
): void {
  for (const operation of topological(outputs, stop)) {
    const results = replaced(operation, mapped, interner, table, uses)
    for (const [i, value] of operation.outputs.entries()) if (results[i] !== value) mapped.set(value, results[i])
  }
}

function replaced(
  operation: Operation,
  mapped: ReadonlyMap<Value, Value>,
  interner: Interner,
  table: Table,
  uses: ReadonlyMap<Value, number>,
): readonly Value[] {
  const current = moved(operation, mapped, table)
  const known = interner.find(current)
  if (known !== undefined) return known
  if (current.outputs.length === 1) {
    const folded = fold(current)
    const better = folded ?? rewritten(current, table, operation, uses)
    if (better !== undefined) {
      interner.remember(current, [better])
      return interner.find(better.operation)?.slice(better.index, better.index + 1) ?? [better]
    }
  }
  interner.remember(current, current.outputs)
  return current.outputs
}

// A value may be consumed into another operation only if nothing else reads it: uses are counted before the round.
function rewritten(
  current: Operation,
  table: Table,
  original: Operation,
  uses: ReadonlyMap<Value, number>,
): Value | undefined {
  if (
    current.type !== 'Identity' &&
    ![...current.inputs, current.outputs[0]].every((value) => value === null || isRanked(value))
  )
    return undefined
  const once = (position: number): boolean => {
    const read = original.inputs[position]
    return read !== null && read !== undefined && uses.get(read) === 1
  }
  return table[current.type]?.({
    operation: current,
    x: current.inputs as readonly Value[],
    y: current.outputs[0],
    once,
  })
}

function moved(operation: Operation, mapped: ReadonlyMap<Value, Value>, table: Table): Operation {
  const to = (value: Value): Value => mapped.get(value) ?? value
  if (operation.bodies !== undefined) return movedWithBodies(operation, mapped, table)
  if (!operation.inputs.some((value) => value !== null && mapped.has(value))) return operation
  return reapply(
    operation,
    operation.inputs.map((value) => value && to(value)),
  )[0].operation
}

function movedWithBodies(operation: Operation, mapped: ReadonlyMap<Value, Value>, table: Table): Operation {
  const to = (value: Value): Value => mapped.get(value) ?? value
  let changed = operands(operation).some((value) => value !== null && mapped.has(value))
  const bodies: Record<string, Body> = {}
  for (const [key, body] of Object.entries(operation.bodies!)) {
    const stop = new Set([...operation.captures, ...body.inputs])
    const inner = new Map(
      [...operation.captures].flatMap((value) => (mapped.has(value) ? [[value, to(value)] as const] : [])),
    )
    rebuild(body.outputs, inner, stop, new Interner(), table, countUses(body.outputs, stop))
    const outputs = body.outputs.map((value) => inner.get(value) ?? value)
    changed ||= outputs.some((value, i) => value !== body.outputs[i])
    bodies[key] = { inputs: body.inputs, outputs }
  }
  if (!changed) return operation
  const captures = [...new Set(operation.captures.map(to))]
  return reapply(
    operation,
    operation.inputs.map((value) => value && to(value)),
    { captures, bodies },
  )[0].operation
}
