import { apply } from '../apply.ts'
import { draws } from '../draws.ts'
import { constant, formal } from '../leaf.ts'
import { dependentsOf, scanAttributes, type Way } from '../operators/control.ts'
import { substitute } from '../substitute.ts'
import { dtypeOf, isFreshDim, isRanked, type Operation, type Value } from '../value.ts'
import { vmap } from '../vmap.ts'
import { operands } from '../walk.ts'
import { BACKWARD, FORWARD, type Iteration, iterationOf, opposite } from './turns.ts'

/** What the reverse reads of each turn. */
export interface Tape {
  /** What stands for values of the body. */
  readonly replaced: ReadonlyMap<Value, Value>
  /** Formal inputs: an element of each sequence. */
  readonly elements: readonly Value[]
  readonly sequences: readonly Value[]
  readonly read: readonly Way[]
  /** The tape by formal, where its first axis is the turns from first to last. */
  readonly sequenceOf: ReadonlyMap<Value, Value>
}

/** Returns the tape of what `made` reads of a turn. */
export function taped(operation: Operation, it: Iteration, made: readonly (Value | undefined)[]): Tape {
  const body = operation.bodies!.body
  const varying = dependentsOf(body.inputs, body.outputs)
  const needed = residuals(operation, body.inputs, made, varying)
  const kept = needed.filter((value) => !it.elements.includes(value) && value !== it.going)
  if (needed.length === 0 && it.turn !== undefined) kept.push(it.turn)
  const again =
    kept.length === 0
      ? []
      : (fromStates(operation, it, kept) ?? withMore(operation, kept).slice(operation.outputs.length))
  const replaced = new Map<Value, Value>()
  const [elements, sequences, read]: [Value[], Value[], Way[]] = [[], [], []]
  const sequenceOf = new Map<Value, Value>()
  const keep = (value: Value, sequence: Value, way: Way): void => {
    const element = formal(`tape${elements.length}`, dtypeOf(value), value.shape)
    replaced.set(value, element)
    elements.push(element)
    sequences.push(sequence)
    read.push(way)
    if (way.axis === 0 && way.direction === 1) sequenceOf.set(element, sequence)
  }
  for (const [i, value] of kept.entries()) keep(value, again[i], BACKWARD)
  for (const [i, value] of it.elements.entries())
    if (needed.includes(value) || elements.length === 0) keep(value, it.sequences[i], opposite(it.read[i]))
  if (it.going !== undefined) replaced.set(it.going, constant(true))
  return { replaced, elements, sequences, read, sequenceOf }
}

/** Returns values of all turns at once, where the states that the turns start with are known. */
function fromStates({ meta }: Operation, it: Iteration, kept: readonly Value[]): readonly Value[] | undefined {
  if (meta.states === undefined) return undefined
  const formals = [...it.states, ...it.elements]
  const turn = (...found: readonly Value[]): readonly Value[] =>
    substitute(kept, new Map(formals.map((value, i) => [value, found[i]])))
  return vmap(turn, [...meta.states, ...it.sequences])
}

/** Returns the operation once more, with more collected. */
function withMore(operation: Operation, more: readonly Value[]): readonly Value[] {
  const { type, inputs, attributes, captures, outputs, meta } = operation
  const { body } = operation.bodies!
  const bodies = { body: { inputs: body.inputs, outputs: [...body.outputs, ...more] } }
  const { remember } = meta
  const extras = { bodies, captures, outputs: outputs.length + more.length, remember }
  if (type === 'Loop') return apply('Loop', inputs, attributes, extras)
  const it = iterationOf(operation)
  return apply('Scan', inputs, scanAttributes(it.read, [...it.laid, ...more.map(() => FORWARD)]), extras)
}

/**
 * Returns the values of the body that `made` reads and that vary from turn to turn. One whose size nothing tells cannot lie
 * on a tape: what it is made of is kept in its place.
 */
function residuals(
  { captures, meta }: Operation,
  formals: readonly Value[],
  made: readonly (Value | undefined)[],
  varying: ReadonlySet<Value>,
): readonly Value[] {
  const sizes = new Set([...formals, ...captures].flatMap(({ shape }) => shape))
  const inputs = new Set(formals)
  const keeps = (value: Value): boolean =>
    inputs.has(value) ||
    // what was drawn cannot be drawn again
    draws(value.operation) ||
    (meta.remember !== 'state' &&
      value.type.kind === 'tensor' &&
      isRanked(value) &&
      value.shape.every((dim) => !isFreshDim(dim) || sizes.has(dim)))
  const [found, seen] = [new Set<Value>(), new Set<Value>(captures)]
  const stack = made.filter((value) => value !== undefined).reverse()
  while (stack.length > 0) {
    const value = stack.pop()!
    if (seen.has(value)) continue
    seen.add(value)
    if (varying.has(value) && keeps(value)) found.add(value)
    else for (const read of operands(value.operation).toReversed()) if (read !== null) stack.push(read)
  }
  return [...found]
}
