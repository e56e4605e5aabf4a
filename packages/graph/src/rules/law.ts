import { reapply } from '../apply.ts'
import type { Composition } from '../compositions/composition.ts'
import { compositions } from '../compositions/index.ts'
import { add, mul } from '../operators/elementwise.ts'
import type { Differentiable, Forward } from '../rule.ts'
import type { OperatorName } from '../schemas/index.ts'
import type { Operation, Value } from '../value.ts'

/** y = f(x) by element: both directions multiply by f'. */
export const scaled = (derivative: (x: Value, y: Value, operation: Operation) => Value): Differentiable => ({
  vjp: ({ g, x, y, operation }) => [() => mul(g, derivative(x[0], y[0], operation))],
  jvp: ({ ts, x, y, operation }) => [ts[0] && mul(ts[0], derivative(x[0], y[0], operation))],
})

/** y = f(x) by element with one slope on each side of a kink: the side not taken never multiplies, so infinities stay out. */
export const gated = (gate: (g: Value, x: Value, y: Value, operation: Operation) => Value): Differentiable => ({
  vjp: ({ g, x, y, operation }) => [() => gate(g, x[0], y[0], operation)],
  jvp: ({ ts, x, y, operation }) => [ts[0] && gate(ts[0], x[0], y[0], operation)],
})

/** Linear in the first input: its tangent goes the same way as it. */
export const onTangent = ({ ts: [t], operation }: Forward): readonly (Value | undefined)[] =>
  t === undefined ? [] : reapply(operation, [t, ...operation.inputs.slice(1)])

/** Linear in every input by itself: f(a, b)' = f(a', b) + f(a, b'). */
export const onEach = ({ ts, operation }: Forward): readonly (Value | undefined)[] => {
  const parts = ts.flatMap((t, i) => (t === undefined ? [] : [reapply(operation, operation.inputs.with(i, t))[0]]))
  return [parts.length === 0 ? undefined : parts.reduce((a, b) => add(a, b))]
}

/** The derivative of what an operator is made of. */
export const decomposed = (compose: Composition): Differentiable => ({
  vjp: ({ operation, x, gs, wanted, pullback }) => {
    const asked = [...new Set(x.filter((_, i) => wanted[i]))]
    const made = compose(operation).map((value, i) => ({ value, g: gs[i] }))
    const known = made.filter(({ value, g }) => value !== undefined && g !== undefined)
    const found = pullback(
      known.map(({ value }) => value!),
      asked,
      known.map(({ g }) => g),
      leavesOf(operation),
    )
    // One value may be several inputs: what it gets through all of them is given to the first.
    return x.map((value, i) => (x.indexOf(value) === i ? found[asked.indexOf(value)] : undefined))
  },
  jvp: ({ operation, ts, pushforward }) => {
    const made = compose(operation)
    const moving = new Map(operation.inputs.flatMap((value, i) => (value && ts[i] ? [[value, ts[i]] as const] : [])))
    const known = made.filter((value) => value !== undefined)
    const found = pushforward(known, [...moving.keys()], [...moving.values()], leavesOf(operation))
    return made.map((value) => value && found[known.indexOf(value)])
  },
})

// A composition may read what the operation gives beside what it is differentiated for.
const leavesOf = ({ inputs, outputs }: Operation): ReadonlySet<Value> =>
  new Set([...inputs.filter((value) => value !== null), ...outputs])

/** The derivative of what the table of compositions says that an operator is made of. */
export const composed = (type: OperatorName): Differentiable => decomposed((use) => compositions[type]!(use))
