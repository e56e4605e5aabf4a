import { PodError } from '@mlpod/contract'
import { apply, nextSerial } from '../apply.ts'
import { formal, lift, type Operand } from '../leaf.ts'
import { capture } from '../site.ts'
import { type Body, type Dim, describe, dtypeOf, freshDim, isFreshDim, type Site, type Value } from '../value.ts'
import { operands, topological } from '../walk.ts'

const LEAVES: ReadonlySet<string> = new Set(['Input', 'Formal', 'Parameter'])

/**
 * Returns the outer values that a subgraph reads: on the way back from its outputs, the first ones that `isOuter` tells,
 * and leaves; its own formal inputs are not outer.
 */
export function capturesOf(body: Body, isOuter: (value: Value) => boolean): Value[] {
  const formal = new Set(body.inputs)
  const found = new Set<Value>()
  const seen = new Set<Value>()
  const stack = [...body.outputs].reverse()
  while (stack.length > 0) {
    const value = stack.pop()!
    if (seen.has(value)) continue
    seen.add(value)
    if (formal.has(value)) continue
    const leaf = value.operation.domain === 'mlpod' && LEAVES.has(value.operation.type)
    if (leaf || isOuter(value)) found.add(value)
    else for (const read of operands(value.operation).toReversed()) if (read !== null) stack.push(read)
  }
  return [...found]
}

/** Returns the outputs of an If whose branches are given as values; `isOuter` tells what they capture. */
export function branch(
  condition: Value,
  then: readonly Value[],
  otherwise: readonly Value[],
  isOuter: (value: Value) => boolean,
): readonly Value[] {
  const bodies = { then_branch: { inputs: [], outputs: then }, else_branch: { inputs: [], outputs: otherwise } }
  const captures = [
    ...new Set([...capturesOf(bodies.then_branch, isOuter), ...capturesOf(bodies.else_branch, isOuter)]),
  ]
  return apply('If', [condition], {}, { bodies, captures, outputs: then.length })
}

const createdBefore = (serial: number) => (value: Value) => value.operation.meta.serial < serial

/**
 * Returns what `then` makes when the condition (one bool) holds, else what `otherwise` makes; only that branch runs.
 * Both return the same number of values with the same element types and numbers of axes.
 */
export function ifElse<R extends Value | readonly Value[]>(condition: Value, then: () => R, otherwise: () => R): R {
  const serial = nextSerial()
  const [yes, no] = [then(), otherwise()]
  const list = (result: Value | readonly Value[]): readonly Value[] => ('operation' in result ? [result] : result)
  const results = branch(condition, list(yes), list(no), createdBefore(serial))
  return ('operation' in yes ? results[0] : results) as R
}

/** What a loop's body gives: the state for the next turn, and what to keep of this one. */
export interface Turn {
  readonly state: readonly Value[]
  /** Kept from every turn: the loop gives them stacked on a new first axis. */
  readonly collect?: readonly Value[]
  /** One bool: whether to go on. Default: as long as there are trips. */
  readonly proceed?: Value
}

/**
 * Runs `body` again and again on its own state. Returns the last state, then what was collected, stacked on a new first
 * axis. `trips` is the most turns (default no limit), `proceed` whether to take the first one. With zero turns the state
 * comes back as it was. Throws `BODY_MISMATCH` when the body changes the number, element types or ranks of the state.
 */
export function loop(
  state: readonly Value[],
  body: (state: readonly Value[], turn: Value) => Turn,
  { trips, proceed }: { readonly trips?: Operand; readonly proceed?: Value } = {},
): readonly Value[] {
  const site = capture()
  const turn = formal('turn', 'int64', [])
  const going = formal('proceed', 'bool', [])
  let shapes = state.map((value) => value.shape)
  // A size that the body changes is no size of the state: the body is described again without it.
  for (;;) {
    const formals = state.map((value, i) => formal(`state${i}`, dtypeOf(value), shapes[i]))
    const next = body(formals, turn)
    const wider = shapes.map((shape, i) => widened(shape, state[i], next.state[i], site))
    if (next.state.length !== state.length)
      throw mismatch(`starts with ${state.length} values of state and returns ${next.state.length}`, site)
    if (wider.some((shape, i) => shape !== shapes[i])) {
      shapes = wider
      continue
    }
    const collect = next.collect ?? []
    const inner: Body = {
      inputs: [turn, going, ...formals],
      outputs: [next.proceed ?? going, ...next.state, ...collect],
    }
    // What does not depend on the state or the turn is computed once, outside.
    const varying = dependentsOf(inner.inputs, inner.outputs)
    const captures = capturesOf(inner, (value) => !varying.has(value))
    const inputs = [trips === undefined ? null : lift(trips, 'int64'), proceed ?? null, ...state]
    const extras = { bodies: { body: inner }, captures, outputs: state.length + collect.length, site }
    return apply('Loop', inputs, {}, extras)
  }
}

/**
 * Runs `body` a fixed number of times on its own state, in one operator: several steps of training or of an attack in
 * one run. Returns the last state, then what was collected.
 */
export function repeat(
  trips: Operand,
  state: readonly Value[],
  body: (state: readonly Value[], turn: Value) => readonly Value[] | Turn,
): readonly Value[] {
  const turn = (result: readonly Value[] | Turn): Turn => ('state' in result ? result : { state: result })
  return loop(state, (values, index) => turn(body(values, index)), { trips })
}

/** Returns the values on the way to `outputs` that depend on `sources`, those included. */
function dependentsOf(sources: readonly Value[], outputs: readonly Value[]): ReadonlySet<Value> {
  const found = new Set(sources)
  for (const operation of topological(outputs))
    if (operands(operation).some((value) => value !== null && found.has(value)))
      for (const value of operation.outputs) found.add(value)
  return found
}

function widened(shape: readonly Dim[], before: Value, after: Value | undefined, site: Site): readonly Dim[] {
  if (after === undefined) return shape
  if (dtypeOf(before) !== dtypeOf(after) || before.shape.length !== after.shape.length)
    throw mismatch(`turns ${describe(before)} into ${describe(after)}`, site)
  const same = shape.every((dim, axis) => dim === after.shape[axis] || isFreshDim(dim))
  return same ? shape : shape.map((dim, axis) => (dim === after.shape[axis] ? dim : freshDim()))
}

const mismatch = (what: string, site: Site): PodError =>
  new PodError('BODY_MISMATCH', `the body of the loop ${what}`, {
    at: site.at,
    hint: 'a loop keeps the number, element types and ranks of its state',
  })
