import { apply } from '../apply.ts'
import { draws } from '../draws.ts'
import { intsOf } from '../known.ts'
import { constant, formal } from '../leaf.ts'
import { dependentsOf, ifElse, iterate, scanAttributes, type Way } from '../operators/control.ts'
import { greater } from '../operators/elementwise.ts'
import { gemm } from '../operators/linear.ts'
import { reduceSum } from '../operators/reduction.ts'
import { reshape, shape } from '../operators/structure.ts'
import type { Lazy, Reverse } from '../rule.ts'
import { float, int, sameShape } from '../schema.ts'
import { scanOptions } from '../schemas/control.ts'
import { substitute } from '../substitute.ts'
import { dtypeOf, isFloating, isFreshDim, isRanked, type Operation, type Value } from '../value.ts'
import { vmap } from '../vmap.ts'
import { operands } from '../walk.ts'
import { zerosLike } from './shape.ts'

/** A Loop or a Scan as both are: a state that goes through turns; a Scan also reads an element of each sequence a turn. */
interface Iteration {
  /** Formal inputs of the body, and what it makes of them. */
  readonly states: readonly Value[]
  readonly elements: readonly Value[]
  readonly next: readonly Value[]
  readonly collected: readonly Value[]
  /** Formal inputs beside the state: the number of the turn, and whether to go on (which holds in every turn). */
  readonly turn?: Value
  readonly going?: Value
  readonly initial: readonly Value[]
  readonly sequences: readonly Value[]
  readonly read: readonly Way[]
  readonly laid: readonly Way[]
}

function iterationOf({ type, inputs, attributes, bodies }: Operation): Iteration {
  const { body } = bodies!
  if (type === 'Loop') {
    const [turn, going, ...states] = body.inputs
    const next = body.outputs.slice(1, 1 + states.length)
    const collected = body.outputs.slice(1 + states.length)
    const initial = inputs.slice(2) as readonly Value[]
    const laid = collected.map(() => FORWARD)
    return { states, elements: [], next, collected, turn, going, initial, sequences: [], read: [], laid }
  }
  const options = scanOptions({ inputs, attributes, bodies })
  const n = options.states
  const ways = (axes: readonly number[], directions: readonly number[]): readonly Way[] =>
    axes.map((axis, i) => ({ axis, direction: directions[i] }))
  return {
    states: body.inputs.slice(0, n),
    elements: body.inputs.slice(n),
    next: body.outputs.slice(0, n),
    collected: body.outputs.slice(n),
    initial: inputs.slice(0, n) as readonly Value[],
    sequences: inputs.slice(n) as readonly Value[],
    read: ways(options.inputAxes, options.inputDirections),
    laid: ways(options.outputAxes, options.outputDirections),
  }
}

const FORWARD: Way = { axis: 0, direction: 0 }
const BACKWARD: Way = { axis: 0, direction: 1 }
const opposite = ({ axis, direction }: Way): Way => ({ axis, direction: 1 - direction })

/**
 * The reverse of a Loop or Scan is a Scan from the last turn to the first. With a turn (s', c) = f(s, e, w):
 * the state of the reverse is the cotangent of s, and sums over the turns are the cotangents of what the body captures.
 * What it needs of each turn is kept on a tape: the operation once more with more collected (compiling makes one operation
 * of both). Sums of products are taken after the last turn, as one product.
 */
export function iterated({ operation, y, gs, wanted, pullback }: Reverse): readonly Lazy[] {
  const it = iterationOf(operation)
  const { captures, inputs } = operation
  const first = inputs.length - it.initial.length - it.sequences.length
  const asked = captures.filter((_, i) => wanted[inputs.length + i])
  const elements = it.elements.filter((_, i) => wanted[first + it.initial.length + i])
  const moving = movingStates(
    it,
    it.states.map((_, i) => wanted[first + i]),
    [...asked, ...elements],
  )

  // one turn backwards
  const us = moving.map((j) => formal(`cotangent${j}`, dtypeOf(it.states[j]), it.states[j].shape))
  const given = it.collected.flatMap((value, i) => (gs[it.states.length + i] === undefined ? [] : [{ value, i }]))
  const collectedUs = given.map(({ value, i }) => formal(`collected${i}`, dtypeOf(value), value.shape))
  const wrt = [...moving.map((j) => it.states[j]), ...elements, ...asked]
  const made = pullback(
    [...moving.map((j) => it.next[j]), ...given.map(({ value }) => value)],
    wrt,
    [...us, ...collectedUs],
    new Set(captures),
  )

  const tape = taped(operation, it, made)
  const back = substitute(
    made.map((value, i) => value ?? zerosLike(us[i] ?? wrt[i])),
    tape.replaced,
  )
  const states = back.slice(0, moving.length)
  const ofElements = back.slice(moving.length, moving.length + elements.length)
  const ofCaptures = asked.map((value, i) => {
    const k = moving.length + elements.length + i
    return made[k] === undefined ? undefined : totalOf(back[k], value)
  })
  const sums = ofCaptures.map((total) => total?.added)
  const totals = asked.flatMap((value, i) =>
    sums[i] === undefined ? [] : [formal(`total${i}`, dtypeOf(value), value.shape)],
  )
  const added = sums.filter((value) => value !== undefined)
  const products = ofCaptures.flatMap((total) => total?.products ?? [])
  const stacked = [...new Set(products.flatMap(({ parts }) => parts))].filter((part) => !tape.sequenceOf.has(part))

  const sequences = [...tape.sequences, ...given.map(({ i }) => gs[it.states.length + i]!)]
  const attributes = scanAttributes(
    [...tape.read, ...given.map(({ i }) => opposite(it.laid[i]))],
    [
      ...it.elements.flatMap((value, i) => (elements.includes(value) ? [opposite(it.read[i])] : [])),
      ...stacked.map(() => BACKWARD),
    ],
  )
  const body = {
    inputs: [...us, ...totals, ...tape.elements, ...collectedUs],
    outputs: [...states, ...added.map((value, i) => sumOf(totals[i], value)), ...ofElements, ...stacked],
  }
  const start = [
    ...moving.map((j) => gs[j] ?? zerosLike(y[j])),
    ...asked.flatMap((value, i) => (sums[i] === undefined ? [] : [zerosLike(value)])),
  ]
  const run = (): readonly Value[] => {
    const results = iterate('Scan', [...start, ...sequences], attributes, body, { outputs: body.outputs.length })
    const stackOf = new Map(tape.sequenceOf)
    for (const [i, part] of stacked.entries()) stackOf.set(part, results[results.length - stacked.length + i])
    let sum = moving.length
    const captured = ofCaptures.flatMap((total) => {
      if (total === undefined) return []
      const terms = total.products.map(({ product, parts }) => product(parts.map((part) => stackOf.get(part)!)))
      if (total.added !== undefined) terms.push(results[sum++])
      return [terms.reduce(sumOf)]
    })
    return [
      ...results.slice(0, moving.length),
      ...results.slice(start.length, start.length + elements.length),
      ...captured,
    ]
  }
  const found = mayBeEmpty(operation, sequences[0])
    ? ifElse(greater(shape(sequences[0], 0, 1), constant(0, 'int64')), run, () => [
        ...start.slice(0, moving.length),
        ...asked.flatMap((value, i) => (ofCaptures[i] === undefined ? [] : [zerosLike(value)])),
      ])
    : run()

  let next = 0
  const initial = it.states.map((_, j) => (moving.includes(j) ? found[next++] : undefined))
  const read = it.elements.map((value) => (elements.includes(value) ? found[next++] : undefined))
  const captured = new Map(asked.map((value, i) => [value, ofCaptures[i] === undefined ? undefined : found[next++]]))
  const before = inputs.slice(0, first).map(() => undefined)
  return [...before, ...initial, ...read, ...captures.map((value) => captured.get(value))]
}

// The runtime refuses a Scan of no elements, so that of a Loop that may take no turn is looked at in the run.
const mayBeEmpty = ({ type }: Operation, tape: Value): boolean =>
  type === 'Loop' && !(typeof tape.shape[0] === 'number' && tape.shape[0] > 0)

const sumOf = (a: Value, b: Value): Value => apply('Add', [a, b])[0]

/** Returns which states depend on what is asked for, over any number of turns. */
function movingStates(it: Iteration, wanted: readonly boolean[], sources: readonly Value[]): readonly number[] {
  let moving = it.states.flatMap((_, j) => (wanted[j] ? [j] : []))
  for (;;) {
    const reached = dependentsOf([...sources, ...moving.map((j) => it.states[j])], it.next)
    const more = it.states.flatMap((value, j) =>
      isFloating(value) && (moving.includes(j) || reached.has(it.next[j])) ? [j] : [],
    )
    if (more.length === moving.length) return more
    moving = more
  }
}

/** What the reverse reads of each turn. */
interface Tape {
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
function taped(operation: Operation, it: Iteration, made: readonly (Value | undefined)[]): Tape {
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

/** A sum over the turns: what is added turn by turn, and products of what was stacked. */
interface Total {
  readonly added?: Value
  readonly products: readonly Product[]
}

interface Product {
  /** Values of a turn that are stacked on a first axis. */
  readonly parts: readonly Value[]
  readonly product: (stacks: readonly Value[]) => Value
}

/** Splits a cotangent of a captured value, summed over the turns, into what is added and what is one product in the end. */
function totalOf(value: Value, to: Value): Total {
  const terms = termsOf(value)
  const products: Product[] = []
  const rest: Value[] = []
  for (const term of terms) {
    const product = productOf(term, to)
    if (product === undefined) rest.push(term)
    else products.push(product)
  }
  return { added: rest.length === 0 ? undefined : rest.reduce(sumOf), products }
}

function termsOf(value: Value): readonly Value[] {
  const { type, inputs } = value.operation
  const whole = (type === 'Add' || type === 'Sum') && inputs.every((input) => sameShape(input!.shape, value.shape))
  return whole ? inputs.flatMap((input) => termsOf(input!)) : [value]
}

/** sum_t A_t^T B_t is one product of the stacked rows, sum_t sum_rows(g_t) one sum. */
function productOf(term: Value, to: Value): Product | undefined {
  const { operation } = term
  const { type, inputs } = operation
  if (!sameShape(term.shape, to.shape)) return undefined
  if (
    type === 'Gemm' &&
    int(operation, 'transA', 0) === 1 &&
    int(operation, 'transB', 0) === 0 &&
    inputs.length === 2
  ) {
    const alpha = float(operation, 'alpha', 1)
    const rows = (stack: Value): Value => {
      const width = stack.shape[2]
      return typeof width === 'number' ? reshape(stack, [-1, width]) : stack
    }
    if (inputs.some((input) => typeof input!.shape[1] !== 'number')) return undefined
    return {
      parts: inputs as readonly Value[],
      product: ([a, b]) => gemm(rows(a), rows(b), null, { transA: true, alpha }),
    }
  }
  if (type === 'ReduceSum' && inputs.length === 2) {
    const axes = intsOf(inputs[1])
    if (axes === undefined || int(operation, 'keepdims', 1) === 1) return undefined
    return {
      parts: [inputs[0]!],
      product: ([stack]) =>
        reduceSum(stack, { axes: [0, ...axes.map((axis) => (axis < 0 ? axis + stack.shape.length : axis + 1))] }),
    }
  }
  return undefined
}
