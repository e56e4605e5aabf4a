import { PodError } from '@mlpod/contract'
import { constant, formal } from '../leaf.ts'
import { dependentsOf, ifElse, iterate, scanAttributes } from '../operators/control.ts'
import { add, greater } from '../operators/elementwise.ts'
import { shape } from '../operators/structure.ts'
import type { Lazy, Reverse } from '../rule.ts'
import { substitute } from '../substitute.ts'
import { describeType, dtypeOf, isPassing, type Operation, type Value } from '../value.ts'
import { zerosLike } from './shape.ts'
import { taped } from './tape.ts'
import { totalOf } from './total.ts'
import { BACKWARD, type Iteration, iterationOf, opposite } from './turns.ts'

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
  const all = movingStates(
    it,
    it.states.map((_, i) => wanted[first + i]),
    [...asked, ...elements],
  )
  const moving = all.filter((j) => it.states[j].type.kind === 'tensor')
  const led = [
    ...moving.map((j) => it.next[j]),
    ...it.collected.filter((_, i) => gs[it.states.length + i] !== undefined),
  ]
  for (const j of all) {
    const reached = moving.includes(j) ? undefined : dependentsOf([it.states[j]], led)
    if (led.some((value) => reached?.has(value))) throw untaped(operation, it.states[j])
  }

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

  // zeros too may need a size that only the turn knows
  const whole = made.map((value, i) => value ?? zerosLike(us[i] ?? wrt[i]))
  const needed = whole.map((value, i) => (i < moving.length + elements.length || made[i] ? value : undefined))
  const tape = taped(operation, it, needed)
  const back = substitute(whole, tape.replaced)
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

// A Scan goes backwards, and carries tensors alone.
const untaped = ({ type, meta }: Operation, state: Value): PodError =>
  new PodError('NOT_DIFFERENTIABLE', `${type}${meta.name ? ` "${meta.name}"` : ''} has no derivative`, {
    at: meta.site.at,
    because: `its state "${state.name ?? ''}" is a ${describeType(state.type)}, and what leads to the loss goes through it`,
    hint: 'carry a tensor, or collect what each turn gives',
  })

// The runtime refuses a Scan of no elements, so that of a Loop that may take no turn is looked at in the run.
const mayBeEmpty = ({ type }: Operation, tape: Value): boolean =>
  type === 'Loop' && !(typeof tape.shape[0] === 'number' && tape.shape[0] > 0)

const sumOf = (a: Value, b: Value): Value => add(a, b)

/** Returns which states depend on what is asked for, over any number of turns. */
function movingStates(it: Iteration, wanted: readonly boolean[], sources: readonly Value[]): readonly number[] {
  let moving = it.states.flatMap((_, j) => (wanted[j] ? [j] : []))
  for (;;) {
    const reached = dependentsOf([...sources, ...moving.map((j) => it.states[j])], it.next)
    const more = it.states.flatMap((value, j) =>
      isPassing(value) && (moving.includes(j) || reached.has(it.next[j])) ? [j] : [],
    )
    if (more.length === moving.length) return more
    moving = more
  }
}
