import { PodError } from '@mlpod/contract'
import { add } from './operators/elementwise.ts'
import { activeFrom, notDifferentiable, pullback, reverse, ruleOf } from './pullback.ts'
import type { Differentiable } from './rule.ts'
import { expandTo, onesLike, zerosLike } from './rules/shape.ts'
import { attributed, capture } from './site.ts'
import { describe, describeType, isFloating, type Operation, type Site, type Value } from './value.ts'
import { operands, topological } from './walk.ts'

/** What is done with values that are not connected. */
export interface DerivativeOptions {
  /** Default `zero`: their derivative is 0. `error` throws `NOT_CONNECTED`, where that would be a mistake. */
  readonly unused?: 'zero' | 'error'
}

function unconnected(value: Value, what: string, unused: 'zero' | 'error', site: Site): Value {
  if (unused === 'zero') return zerosLike(value)
  const name = value.name ? `"${value.name}"` : value.operation.type
  throw new PodError('NOT_CONNECTED', `${what} ${name}, which is ${describe(value)}`, { at: site.at })
}

/**
 * Returns the derivative of one scalar by each value: as many values, of their shapes; zeros where the loss does not
 * depend on one. Throws `NOT_SCALAR`, `NOT_DIFFERENTIABLE` (naming the operator and the path), `DTYPE_MISMATCH`.
 */
export function grad(loss: Value, wrt: readonly Value[], options: DerivativeOptions = {}): Value[] {
  if (loss.shape.length > 0 && !loss.shape.every((dim) => dim === 1))
    throw new PodError('NOT_SCALAR', `grad takes one number, not ${describe(loss)}`, {
      at: capture().at,
      hint: 'reduce it with reduceSum or reduceMean, or give cotangents to vjp',
    })
  return vjp([loss], wrt, [onesLike(loss)], options)
}

/**
 * Returns the cotangents of `wrt`: sum over the outputs of cotangent * d output / d value (reverse mode). A cotangent has
 * its output's shape; zeros come back where no output depends on a value. Throws what `grad` throws, and
 * `SHAPE_MISMATCH`.
 */
export function vjp(
  outputs: readonly Value[],
  wrt: readonly Value[],
  cotangents: readonly Value[],
  { unused = 'zero' }: DerivativeOptions = {},
): Value[] {
  const site = capture()
  paired('vjp', outputs, cotangents, 'cotangent', site)
  for (const value of [...outputs, ...wrt]) floating(value, site)
  return attributed(site, () => {
    const found = pullback(outputs, wrt, cotangents)
    return wrt.map((value, i) => found[i] ?? unconnected(value, 'no output depends on', unused, site))
  })
}

/**
 * Returns the tangents of the outputs: sum over `wrt` of d output / d value * tangent (forward mode). A tangent has its
 * value's shape; zeros come back for an output that depends on none. Throws what `vjp` throws.
 */
export function jvp(
  outputs: readonly Value[],
  wrt: readonly Value[],
  tangents: readonly Value[],
  { unused = 'zero' }: DerivativeOptions = {},
): Value[] {
  const site = capture()
  paired('jvp', wrt, tangents, 'tangent', site)
  for (const value of [...outputs, ...wrt]) floating(value, site)
  return attributed(site, () => {
    const found = pushforward(outputs, wrt, tangents)
    return outputs.map((value, i) => found[i] ?? unconnected(value, 'nothing that is varied leads to', unused, site))
  })
}

/**
 * Returns the Hessian of a scalar times vectors, one result a value of `wrt`: forward over reverse, about twice the cost
 * of a gradient.
 */
export function hvp(loss: Value, wrt: readonly Value[], vectors: readonly Value[]): Value[] {
  return jvp(grad(loss, wrt), wrt, vectors)
}

/**
 * Returns the linear function that the outputs are near a point: from tangents of `wrt` to tangents of the outputs. What does
 * not depend on the tangents is computed once, however often it is used. Source: jax.linearize.
 */
export const linearize =
  (outputs: readonly Value[], wrt: readonly Value[]): ((tangents: readonly Value[]) => Value[]) =>
  (tangents) =>
    jvp(outputs, wrt, tangents)

function pushforward(
  outputs: readonly Value[],
  wrt: readonly Value[],
  tangents: readonly Value[],
  cut: ReadonlySet<Value> = new Set(),
): readonly (Value | undefined)[] {
  const order = topological(outputs, cut)
  const active = activeFrom(order, wrt)
  const found = new Map<Value, Value>(wrt.map((value, i) => [value, tangents[i]]))
  for (const operation of order) {
    const ts = operands(operation).map((value) => (value === null ? undefined : found.get(value)))
    if (ts.every((t) => t === undefined)) continue
    attributed(operation.meta.site, () => {
      const rule = ruleOf(operation)
      if (rule === 'zero') return
      if (rule === undefined || 'none' in rule) throw notDifferentiable(operation, order, wrt, outputs, active, rule)
      const y = operation.outputs
      const results =
        rule.jvp?.({ operation, x: operation.inputs as readonly Value[], y, ts, pushforward }) ??
        transposed(operation, rule, ts)
      for (const [i, value] of y.entries()) {
        // a sequence has no tangent: where one is read on, that is an error and not a tangent of zero
        if (!isFloating(value) && active.has(value) && order.some((next) => operands(next).includes(value)))
          throw notDifferentiable(operation, order, wrt, outputs, active, {
            none: `what it gives is a ${describeType(value.type)}`,
          })
        const t = results[i] && isFloating(value) ? expandTo(results[i], value) : undefined
        // A value that is itself varied moves by its own tangent as well as by what it is made of.
        const own = found.get(value)
        if (t !== undefined) found.set(value, own === undefined ? t : add(own, t))
      }
    })
  }
  return outputs.map((value) => found.get(value))
}

/**
 * The forward rule that a reverse rule implies: the vjp is linear in its cotangent u, so its own vjp by u, taken at the
 * tangents, is the jvp; u drops out.
 */
function transposed(
  operation: Operation,
  rule: Differentiable,
  ts: readonly (Value | undefined)[],
): readonly (Value | undefined)[] {
  const y = operation.outputs
  // Zeros stand for u: of u only its shape is ever read.
  const us = y.map((value) => (isFloating(value) ? zerosLike(value) : undefined))
  const lazies = rule.vjp(
    reverse(
      operation,
      us,
      ts.map((t) => t !== undefined),
    ),
  )
  const [cotangents, tangents]: [Value[], Value[]] = [[], []]
  for (const [i, t] of ts.entries()) {
    if (t === undefined) continue
    const lazy = lazies[i]
    const cotangent = typeof lazy === 'function' ? lazy() : lazy
    if (cotangent === undefined) continue
    cotangents.push(cotangent)
    tangents.push(t)
  }
  const asked = us.filter((u) => u !== undefined)
  const cut = new Set<Value>([...operands(operation).filter((value) => value !== null), ...y])
  const results = pullback(cotangents, asked, tangents, cut)
  return us.map((u) => (u === undefined ? undefined : results[asked.indexOf(u)]))
}

function paired(name: string, values: readonly Value[], vectors: readonly Value[], what: string, site: Site): void {
  if (values.length !== vectors.length)
    throw new PodError(
      'SHAPE_MISMATCH',
      `${name} takes one ${what} a value: ${values.length} values, ${vectors.length} ${what}s`,
      { at: site.at },
    )
  for (const [i, value] of values.entries())
    if (
      value.shape.length !== vectors[i].shape.length ||
      value.shape.some(
        (dim, axis) =>
          typeof dim === 'number' && typeof vectors[i].shape[axis] === 'number' && dim !== vectors[i].shape[axis],
      )
    )
      throw new PodError(
        'SHAPE_MISMATCH',
        `${what} ${i} of ${name} is ${describe(vectors[i])}, but its value is ${describe(value)}`,
        { at: site.at },
      )
}

function floating(value: Value, site: Site): void {
  if (!isFloating(value))
    throw new PodError(
      'DTYPE_MISMATCH',
      `${value.name ? `"${value.name}"` : value.operation.type} is ${describe(value)}, and only floating numbers have derivatives`,
      {
        at: site.at,
        hint: 'cast it to float32 before it is used, or leave it out',
      },
    )
}
