import { PodError } from '@mlpod/contract'
import { apply, type Extras, nextSerial } from '../apply.ts'
import { int, ints } from '../attribute.ts'
import { formal, lift, type Operand } from '../leaf.ts'
import { capture } from '../site.ts'
import {
  type Attribute,
  type Body,
  type Dim,
  describe,
  dtypeOf,
  freshDim,
  isFreshDim,
  type Site,
  type Value,
} from '../value.ts'
import { operands, topological } from '../walk.ts'
import { squeeze, unsqueeze } from './structure.ts'

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
 * What a derivative keeps of every turn: all that it needs (the default), or only the state, from which it computes the
 * turn again.
 */
export type Remember = 'all' | 'state'

/** Settings of `loop`. */
export interface LoopOptions {
  readonly trips?: Operand
  readonly proceed?: Value
  readonly remember?: Remember
}

/**
 * Runs `body` again and again on its own state. Returns the last state, then what was collected, stacked on a new first
 * axis. `trips` is the most turns (default no limit), `proceed` whether to take the first one. With zero turns the state
 * comes back as it was. Throws `BODY_MISMATCH` when the body changes the number, element types or ranks of the state.
 */
export function loop(
  state: readonly Value[],
  body: (state: readonly Value[], turn: Value) => Turn,
  { trips, proceed, remember }: LoopOptions = {},
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
    const inputs = [trips === undefined ? null : lift(trips, 'int64'), proceed ?? null, ...state]
    return iterate('Loop', inputs, {}, inner, { outputs: state.length + collect.length, site, remember })
  }
}

/** Returns the outputs of a Loop or Scan. What does not depend on the state or the turn is computed once, outside. */
export function iterate(
  type: 'Loop' | 'Scan',
  inputs: readonly (Value | null)[],
  attributes: Readonly<Record<string, Attribute>>,
  body: Body,
  extras: Pick<Extras, 'outputs' | 'site' | 'remember' | 'states'>,
): readonly Value[] {
  const varying = dependentsOf(body.inputs, body.outputs)
  const captures = capturesOf(body, (value) => !varying.has(value))
  return apply(type, inputs, attributes, { bodies: { body }, captures, ...extras })
}

/**
 * Goes through sequences, one element of each a turn, with a state. Returns the last state, then what was collected. The
 * elements lie along `axis` (default 0) of each sequence; `reverse` goes from the last to the first, and what is collected
 * then lies in the order of the sequences. Throws `BODY_MISMATCH` when the body changes the state's number, element types
 * or shapes.
 */
export function scan(
  state: readonly Value[],
  sequences: readonly Value[],
  body: (state: readonly Value[], elements: readonly Value[]) => Omit<Turn, 'proceed'>,
  { axis = 0, reverse = false, remember, states: known }: ScanOptions = {},
): readonly Value[] {
  const site = capture()
  const states = state.map((value, i) => formal(`state${i}`, dtypeOf(value), value.shape))
  const elements = sequences.map((value, i) => {
    if (axis < 0 || axis >= value.shape.length)
      throw new PodError('AXIS_OUT_OF_RANGE', `sequence ${i} is ${describe(value)}, which has no axis ${axis}`, {
        at: site.at,
      })
    return formal(`element${i}`, dtypeOf(value), value.shape.toSpliced(axis, 1))
  })
  const next = body(states, elements)
  if (next.state.length !== state.length)
    throw mismatch(`starts with ${state.length} values of state and returns ${next.state.length}`, site)
  for (const [i, value] of state.entries()) widened(value.shape, value, next.state[i], site)
  const collect = next.collect ?? []
  const outputs = [...next.state, ...collect]
  const way = { axis, direction: reverse ? 1 : 0 }
  const attributes = scanAttributes(
    sequences.map(() => way),
    collect.map(() => way),
  )
  return iterate(
    'Scan',
    [...state, ...sequences],
    attributes,
    { inputs: [...states, ...elements], outputs },
    {
      outputs: outputs.length,
      site,
      remember,
      states: known,
    },
  )
}

/** Settings of `scan`. */
export interface ScanOptions {
  readonly axis?: number
  readonly reverse?: boolean
  readonly remember?: Remember
  /**
   * The states at the start of each turn, stacked on a first axis, where something else has computed them: a derivative
   * then takes what it needs from them and this scan need not run.
   */
  readonly states?: readonly Value[]
}

/** Where the elements of a sequence lie, and from which end (1: the last) they are taken or laid down. */
export interface Way {
  readonly axis: number
  readonly direction: number
}

/** Returns the attributes of a Scan. */
export const scanAttributes = (read: readonly Way[], collected: readonly Way[]): Record<string, Attribute> => ({
  num_scan_inputs: int(read.length),
  scan_input_axes: ints(read.map(({ axis }) => axis)),
  scan_input_directions: ints(read.map(({ direction }) => direction)),
  scan_output_axes: ints(collected.map(({ axis }) => axis)),
  scan_output_directions: ints(collected.map(({ direction }) => direction)),
})

/**
 * Returns what `make` makes of the inputs, computed again in the backward pass instead of kept: less memory for up to one
 * more forward pass. Nothing inside is kept but the inputs.
 */
export function checkpoint(
  inputs: readonly Value[],
  make: (inputs: readonly Value[]) => readonly Value[],
): readonly Value[] {
  const turn = (_: readonly Value[], elements: readonly Value[]) => ({ state: [], collect: make(elements) })
  const sequences = inputs.map((value) => unsqueeze(value, [0]))
  return scan([], sequences, turn, { remember: 'state' }).map((value) => squeeze(value, [0]))
}

/**
 * Runs `body` a fixed number of times on its own state, in one operator: several steps of training or of an attack in
 * one run. Returns the last state, then what was collected.
 */
export function repeat(
  trips: Operand,
  state: readonly Value[],
  body: (state: readonly Value[], turn: Value) => readonly Value[] | Turn,
  options: Pick<LoopOptions, 'remember'> = {},
): readonly Value[] {
  const turn = (result: readonly Value[] | Turn): Turn => ('state' in result ? result : { state: result })
  return loop(state, (values, index) => turn(body(values, index)), { trips, ...options })
}

/** Returns the values on the way to `outputs` that depend on `sources`, those included. */
export function dependentsOf(sources: readonly Value[], outputs: readonly Value[]): ReadonlySet<Value> {
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
