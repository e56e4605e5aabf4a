import { didYouMean } from '@mlpod/contract'
import type { Value } from '@mlpod/graph'
import { type Optimizer, refuse } from './optimizer.ts'
import { nested, part, type Step, type Trained, type Transform } from './transform.ts'

/** What a partition is: an optimizer when one of its parts is. */
type Partitioned<P extends Readonly<Record<string, Transform>>> =
  Extract<P[keyof P], Optimizer> extends never ? Transform : Optimizer

/** Which transform a parameter has, by its path and sizes. */
export type Label<K extends string> = (path: string, shape: readonly number[]) => K

const shapeOf = (value: Value): readonly number[] => value.shape as readonly number[]

/**
 * Returns for each parameter the transform of its label: `partition({ body: adam(), head: sgd() }, (path) => ...)`. Each
 * has its own learning rate and keeps state for its own parameters alone. Throws `OPTIMIZER_INVALID` for a label without
 * transform, or when some transforms go down and others do not. Source: optax.partition 0.2.8.
 */
export function partition<P extends Readonly<Record<string, Transform>>>(
  parts: P,
  label: Label<NoInfer<keyof P & string>>,
): Partitioned<P> {
  type K = keyof P & string
  const names = Object.keys(parts) as K[]
  const signs = new Set(names.map((name) => parts[name].sign).filter((sign) => sign !== 0))
  if (signs.size > 1)
    throw refuse('partition', `some of ${names.join(', ')} update parameters and others only shape gradients`)
  const members = names.map((name) => ({ name, ...nested(parts[name], name) }))
  const labelOf = (path: string, shape: readonly number[]): K => {
    const found = label(path, shape)
    if (!names.includes(found))
      throw refuse('partition', `"${path}" has the label "${found}"${didYouMean(found, names)}`)
    return found
  }
  const of = (name: K, parameters: readonly Trained[]): readonly Trained[] =>
    parameters.filter(({ path, shape }) => labelOf(path, shape) === name)
  const positions = (name: K, { paths, parameters }: Pick<Step, 'paths' | 'parameters'>): number[] =>
    paths.flatMap((path, i) => (labelOf(path, shapeOf(parameters[i])) === name ? [i] : []))
  const merged = <V>(get: (member: (typeof members)[number]) => Readonly<Record<string, V>>): Record<string, V> =>
    Object.assign({}, ...members.map(get))
  const rates = names.flatMap((name) => parts[name].learningRate ?? [])
  const result: Transform = {
    name: `partition(${names.map((name) => `${name}: ${parts[name].name}`).join(', ')})`,
    options: Object.fromEntries(names.map((name) => [name, parts[name].options ?? {}])),
    ...(signs.has(-1) && { sign: -1 as const }),
    ...(rates.length > 0 && { learningRate: rates[0] }),
    state: (parameters) => merged((member) => member.state(of(member.name, parameters))),
    constants: merged(({ constants }) => constants),
    scalars: (clock) => merged(({ scalars }) => scalars(clock)),
    randoms: (parameters) => merged((member) => member.randoms(of(member.name, parameters))),
    transform(step) {
      const gradients = [...step.gradients]
      const state: Record<string, Value> = {}
      for (const member of members) {
        const at = positions(member.name, step)
        const stepped = member.apply(part(step, at))
        for (const [i, position] of at.entries()) gradients[position] = stepped.gradients[i]
        Object.assign(state, stepped.state)
      }
      return { gradients, state }
    },
    ...(names.every((name) => parts[name].skips) && { skips: true as const }),
    ...(names.some((name) => parts[name].result) && {
      result(step) {
        const parameters = [...step.parameters]
        for (const member of members) {
          const at = positions(member.name, step)
          const used = member.result({
            paths: at.map((i) => step.paths[i]),
            parameters: at.map((i) => step.parameters[i]),
            state: step.state,
          })
          for (const [i, position] of at.entries()) parameters[position] = used[i]
        }
        return parameters
      },
    }),
  }
  return result as Partitioned<P>
}

/** Returns a transform that touches only the parameters of some paths; the gradients of others pass. Source: optax.masked. */
export function masked(transform: Transform, paths: (path: string) => boolean): Transform {
  if (transform.sign === -1)
    throw refuse(
      'masked',
      `${transform.name} would update some parameters, and the gradients of the others climb`,
      'use partition',
    )
  const { sign: _, ...rest } = partition({ in: transform, out: identity() }, (path) => (paths(path) ? 'in' : 'out'))
  return { ...rest, name: `masked(${transform.name})` }
}

/** Returns the transform that gives what it is given. */
export const identity = (): Transform => ({
  name: 'identity',
  transform: ({ gradients }) => ({ gradients, state: {} }),
})
