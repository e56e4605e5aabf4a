import { apply, nextSerial } from '../apply.ts'
import type { Body, Value } from '../value.ts'
import { operands } from '../walk.ts'

const LEAVES: ReadonlySet<string> = new Set(['Input', 'Parameter'])

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
    if (leaf || (isOuter(value) && value.operation.type !== 'Constant')) found.add(value)
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
