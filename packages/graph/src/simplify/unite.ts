import { apply } from '../apply.ts'
import { scanAttributes } from '../operators/control.ts'
import { scanOptions } from '../schemas/control.ts'
import { schemaOf } from '../schemas/index.ts'
import type { Operation, Value } from '../value.ts'

/** One operation for several, and which of its outputs are theirs. */
export interface United {
  readonly operation: Operation
  readonly places: ReadonlyMap<Value, number>
}

/**
 * Returns the operations that are the same but for what they give, each with one that gives all of it: Loops and Scans
 * that collect (a derivative keeps its tape in a copy of the operation, which then costs no second run), and operators
 * with optional outputs.
 */
export function unite(order: readonly Operation[]): ReadonlyMap<Operation, United> {
  return new Map([...iterations(order), ...withOptionalOutputs(order)])
}

/** Operations of which another has the same inputs and attributes and more outputs. */
function withOptionalOutputs(order: readonly Operation[]): ReadonlyMap<Operation, United> {
  const most = new Map<Value | null, Operation[]>()
  for (const operation of order) {
    if (operation.outputs.length === 1 || !isComparable(operation)) continue
    const alike = most.get(operation.inputs[0])
    const at = alike?.findIndex((other) => isSame(other, operation)) ?? -1
    if (alike === undefined) most.set(operation.inputs[0], [operation])
    else if (at < 0) alike.push(operation)
    else if (alike[at].outputs.length < operation.outputs.length) alike[at] = operation
  }
  const found = new Map<Operation, United>()
  for (const operation of order) {
    const all = most.get(operation.inputs[0])?.find((other) => isSame(other, operation))
    if (all !== undefined)
      found.set(operation, { operation: all, places: new Map(operation.outputs.map((value, i) => [value, i])) })
  }
  return found
}

const isComparable = ({ type, domain, bodies, inputs }: Operation): boolean =>
  bodies === undefined &&
  inputs.length > 0 &&
  domain === '' &&
  schemaOf(domain, type) !== undefined &&
  !schemaOf(domain, type)?.random

const isSame = (a: Operation, b: Operation): boolean =>
  a.type === b.type &&
  a.domain === b.domain &&
  a.attributes === b.attributes &&
  a.inputs.length === b.inputs.length &&
  a.inputs.every((value, i) => value === b.inputs[i])

function iterations(order: readonly Operation[]): ReadonlyMap<Operation, United> {
  const groups = new Map<Value, Operation[]>()
  for (const operation of order) {
    if (operation.type !== 'Loop' && operation.type !== 'Scan') continue
    // copies share the formal inputs of their bodies
    const [first] = operation.bodies!.body.inputs
    const group = groups.get(first)
    if (group === undefined) groups.set(first, [operation])
    else if (isCopy(group[0], operation)) group.push(operation)
  }
  const found = new Map<Operation, United>()
  for (const group of groups.values()) {
    if (group.length === 1) continue
    const united = unitedOf(group)
    for (const operation of group) found.set(operation, united)
  }
  return found
}

const statesOf = ({ type, inputs, attributes, bodies }: Operation): number =>
  type === 'Loop' ? inputs.length - 2 : scanOptions({ inputs, attributes, bodies }).states

function isCopy(a: Operation, b: Operation): boolean {
  const [one, other] = [a.bodies!.body, b.bodies!.body]
  const fixed = statesOf(a) + (a.type === 'Loop' ? 1 : 0)
  const same = (left: readonly (Value | null)[], right: readonly (Value | null)[]): boolean =>
    left.length === right.length && left.every((value, i) => value === right[i])
  return (
    a.type === b.type &&
    same(a.inputs, b.inputs) &&
    same(one.inputs, other.inputs) &&
    same(one.outputs.slice(0, fixed), other.outputs.slice(0, fixed)) &&
    directions(a) === directions(b)
  )
}

const directions = (operation: Operation): string => {
  if (operation.type === 'Loop') return ''
  const { inputAxes, inputDirections } = scanOptions(operation)
  return `${inputAxes};${inputDirections}`
}

function unitedOf(group: readonly Operation[]): United {
  const [first] = group
  const { type, inputs, meta } = first
  const { body } = first.bodies!
  const states = statesOf(first)
  const fixed = body.outputs.slice(0, states + (type === 'Loop' ? 1 : 0))
  // what is collected, and how it lies
  const collected: { readonly value: Value; readonly axis: number; readonly direction: number }[] = []
  const places = new Map<Value, number>()
  for (const operation of group) {
    const { outputAxes, outputDirections } = layingOf(operation)
    for (const [i, value] of operation.bodies!.body.outputs.slice(fixed.length).entries()) {
      const entry = { value, axis: outputAxes[i] ?? 0, direction: outputDirections[i] ?? 0 }
      let at = collected.findIndex(
        (known) => known.value === value && known.axis === entry.axis && known.direction === entry.direction,
      )
      if (at < 0) at = collected.push(entry) - 1
      places.set(operation.outputs[states + i], states + at)
    }
    for (let i = 0; i < states; i++) places.set(operation.outputs[i], i)
  }
  const all = { inputs: body.inputs, outputs: [...fixed, ...collected.map(({ value }) => value)] }
  const captures = [...new Set(group.flatMap((operation) => operation.captures))]
  const attributes = type === 'Loop' ? {} : scanAttributes(readingOf(first), collected)
  const extras = {
    bodies: { body: all },
    captures,
    outputs: states + collected.length,
    name: meta.name,
    names: first.outputs.map(({ name }) => name),
    site: meta.site,
  }
  return { operation: apply(type as 'Loop' | 'Scan', inputs, attributes, extras)[0].operation, places }
}

const layingOf = (operation: Operation) =>
  operation.type === 'Loop' ? { outputAxes: [], outputDirections: [] } : scanOptions(operation)

const readingOf = (operation: Operation) => {
  const { inputAxes, inputDirections } = scanOptions(operation)
  return inputAxes.map((axis, i) => ({ axis, direction: inputDirections[i] }))
}
