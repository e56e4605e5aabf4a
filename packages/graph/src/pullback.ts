import { PodError } from '@mlpod/contract'
import { add, sum } from './operators/elementwise.ts'
import type { Lazy, Reverse, Rule } from './rule.ts'
import { ruleOfDefinition } from './rules/defined.ts'
import { rules } from './rules/index.ts'
import { type OperatorName, schemaOf } from './schemas/index.ts'
import { attributed } from './site.ts'
import { describe, isPassing, isRanked, type Operation, type Value } from './value.ts'
import { operands, topological } from './walk.ts'

/**
 * Returns the cotangent of each value of `wrt`, undefined where the outputs do not depend on it. `cotangents` are those
 * of the outputs. Values of `cut` are leaves: what they were made of is not looked at.
 */
export function pullback(
  outputs: readonly Value[],
  wrt: readonly Value[],
  cotangents: readonly (Value | undefined)[],
  cut: ReadonlySet<Value> = new Set(),
): readonly (Value | undefined)[] {
  const order = topological(outputs, cut)
  const active = activeFrom(order, wrt)
  const parts = new Map<Value, Value[]>()
  const give = (value: Value, cotangent: Value | undefined): void => {
    if (cotangent === undefined) return
    const list = parts.get(value)
    if (list === undefined) parts.set(value, [cotangent])
    else list.push(cotangent)
  }
  for (const [i, output] of outputs.entries()) if (active.has(output)) give(output, cotangents[i])
  for (const operation of order.toReversed()) {
    if (!operation.outputs.some((value) => active.has(value) && parts.has(value))) continue
    const reads = operands(operation)
    const wanted = reads.map((value) => value !== null && active.has(value))
    if (!wanted.includes(true)) continue
    const gs = operation.outputs.map((value) => settle(value, parts))
    attributed(operation.meta.site, () => {
      const rule = ruleOf(operation)
      if (rule === 'zero') return
      const unknown = rule !== undefined && unrankedOf(operation, wanted, gs)
      // What made a rank unknown is an operator that is unknown: it is the better news.
      const opaque = unknown ? order.find((other) => ruleOf(other) === undefined && isActive(other, active)) : undefined
      if (opaque !== undefined) throw notDifferentiable(opaque, order, wrt, outputs, active, undefined)
      if (unknown) throw rankUnknown(operation, unknown)
      if (rule === undefined || 'none' in rule) throw notDifferentiable(operation, order, wrt, outputs, active, rule)
      const c = reverse(operation, gs, wanted)
      for (const [i, lazy] of rule.vjp(c).entries()) if (wanted[i]) give(reads[i]!, force(lazy, reads[i]!, operation))
    })
  }
  return wrt.map((value) => settle(value, parts))
}

/** Returns what an operation's reverse rule sees. */
export function reverse(operation: Operation, gs: readonly (Value | undefined)[], wanted: readonly boolean[]): Reverse {
  return { operation, x: operation.inputs as readonly Value[], y: operation.outputs, g: gs[0]!, gs, wanted, pullback }
}

/** Returns the values that depend on `wrt` and carry derivatives. */
export function activeFrom(order: readonly Operation[], wrt: Iterable<Value>): ReadonlySet<Value> {
  const active = new Set(wrt)
  for (const operation of order) {
    if (!operands(operation).some((value) => value !== null && active.has(value))) continue
    if (ruleOf(operation) === 'zero') continue
    // a sequence on the way is an error there, not a derivative of zero
    for (const value of operation.outputs) if (isPassing(value)) active.add(value)
  }
  return active
}

/** Returns an operation's rule, or undefined for operators that this room does not define. */
export const ruleOf = ({ domain, type, definition }: Operation): Rule | undefined =>
  definition !== undefined
    ? ruleOfDefinition(definition)
    : schemaOf(domain, type) === undefined
      ? undefined
      : rules[type as OperatorName]

// Cotangents of several consumers are summed in the order they came, and the sum kept in place of them.
function settle(value: Value, parts: Map<Value, Value[]>): Value | undefined {
  const list = parts.get(value)
  if (list === undefined) return undefined
  if (list.length === 1) return list[0]
  const total = list.length === 2 ? add(list[0], list[1]) : sum(...list)
  parts.set(value, [total])
  return total
}

const isActive = (operation: Operation, active: ReadonlySet<Value>): boolean =>
  operands(operation).some((value) => value !== null && active.has(value))

function unrankedOf(
  operation: Operation,
  wanted: readonly boolean[],
  gs: readonly (Value | undefined)[],
): Value | undefined {
  // what is inferred without an operand's rank does not need it to be differentiated by the others
  const needed = operation.bodies === undefined && schemaOf(operation.domain, operation.type)?.unranked === undefined
  const read = operands(operation).filter((_, i) => needed || wanted[i])
  const made = operation.outputs.filter((_, i) => gs[i] !== undefined)
  return [...read, ...made].find((value) => value?.type.kind === 'tensor' && !isRanked(value)) ?? undefined
}

// Rules read shapes: a file with an operator that is unknown here must tell what comes out of it.
const rankUnknown = (operation: Operation, value: Value): PodError =>
  new PodError(
    'RANK_UNKNOWN',
    `${nameOf(operation)} has no derivative while the rank of ${nameOf(value.operation)} is unknown`,
    {
      at: operation.meta.site.at,
      hint: 'infer the shapes of the model before it is loaded (onnx.shape_inference.infer_shapes)',
    },
  )

function force(lazy: Lazy, value: Value, operation: Operation): Value | undefined {
  const cotangent = typeof lazy === 'function' ? lazy() : lazy
  if (cotangent !== undefined && cotangent.shape.length !== value.shape.length)
    throw new PodError(
      'RULE_WRONG',
      `the derivative rule of ${operation.type} made ${describe(cotangent)} for an operand that is ${describe(value)}`,
      { at: operation.meta.site.at },
    )
  return cotangent
}

/** Returns the error of an operator without a derivative, with the way from what is varied to what is wanted. */
export function notDifferentiable(
  operation: Operation,
  order: readonly Operation[],
  wrt: readonly Value[],
  outputs: readonly Value[],
  active: ReadonlySet<Value>,
  rule: { readonly none: string } | undefined,
): PodError {
  const before = new Map<Operation, Operation>()
  for (const next of order)
    for (const value of operands(next))
      if (value !== null && active.has(value) && !before.has(next)) before.set(next, value.operation)
  const back: Operation[] = []
  for (let at: Operation | undefined = operation; at !== undefined; at = before.get(at)) back.unshift(at)
  const start = back.findIndex((step) => step.outputs.some((value) => wrt.includes(value)))
  const after = new Map<Operation, Operation>()
  for (const next of order)
    for (const value of operands(next))
      if (value !== null && !after.has(value.operation)) after.set(value.operation, next)
  const forward: Operation[] = []
  for (let at = after.get(operation); at !== undefined; at = after.get(at)) {
    forward.push(at)
    if (at.outputs.some((value) => outputs.includes(value))) break
  }
  const path = [...back.slice(Math.max(start, 0)), ...forward].map(nameOf).join(' -> ')
  return new PodError('NOT_DIFFERENTIABLE', `${nameOf(operation)} has no derivative`, {
    at: operation.meta.site.at,
    because: `it lies on the way ${path}; ${rule?.none ?? `this room does not define the operator ${operation.domain ? `${operation.domain}.` : ''}${operation.type}`}`,
    hint:
      rule === undefined
        ? 'tell its rule with defineOp, or leave what comes before it out of wrt'
        : 'leave what comes before it out of wrt',
  })
}

const nameOf = (operation: Operation): string => {
  const name = operation.meta.name ?? operation.outputs[0]?.name
  return name === undefined ? operation.type : `${operation.type} "${name}"`
}
