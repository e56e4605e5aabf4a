import type { Value } from '@mlpod/graph'
import { type Optimizer, refuse } from './optimizer.ts'
import { nested, type Transform } from './transform.ts'

/** What a chain is: an optimizer when one of its members has a learning rate. */
type Chained<T extends readonly Transform[]> = Extract<T[number], Optimizer> extends never ? Transform : Optimizer

/**
 * Returns the transforms one after the other: `chain(clipByGlobalNorm(1), adam())`, or in pieces as Optax has them
 * `chain(clipByGlobalNorm(1), scaleByAdam(), addDecayedWeights(0.1), scaleByLearningRate(1e-3))`. Throws
 * `OPTIMIZER_INVALID` when it is empty. Source: optax.chain 0.2.8.
 */
export function chain<T extends readonly Transform[]>(...transforms: T): Chained<T> {
  if (transforms.length === 0) throw refuse('chain', 'there is nothing in it')
  if (transforms.length === 1) return transforms[0] as Chained<T>
  const members = transforms.map((transform, i) => nested(transform, String(i)))
  const merged = <V>(of: (member: (typeof members)[number]) => Readonly<Record<string, V>>): Record<string, V> =>
    Object.assign({}, ...members.map(of))
  const negative = transforms.filter(({ sign }) => sign === -1).length % 2 === 1
  const learningRate = transforms.findLast((member) => member.learningRate !== undefined)?.learningRate
  const chained: Transform = {
    name: transforms.map(({ name }) => name).join(', '),
    options: Object.fromEntries(transforms.map(({ name, options }, i) => [`${i}.${name}`, options ?? {}])),
    ...(negative && { sign: -1, learningRate: learningRate ?? 1 }),
    ...(!negative && learningRate !== undefined && { learningRate }),
    state: (parameters) => merged((member) => member.state(parameters)),
    constants: merged((member) => member.constants),
    scalars: (clock) => merged((member) => member.scalars(clock)),
    randoms: (parameters) => merged((member) => member.randoms(parameters)),
    transform(step) {
      const state: Record<string, Value> = {}
      let { gradients } = step
      for (const member of members) {
        const result = member.apply({ ...step, gradients })
        gradients = result.gradients
        Object.assign(state, result.state)
      }
      return { gradients, state }
    },
    ...(transforms.some(({ skips }) => skips) && { skips: true as const }),
    ...(transforms.some(({ result }) => result) && {
      result: (step) => members.reduce((parameters, member) => member.result({ ...step, parameters }), step.parameters),
    }),
  }
  return chained as Chained<T>
}
