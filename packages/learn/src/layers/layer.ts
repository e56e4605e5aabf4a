import { PodError, sizeOf, type Tensor } from '@mlpod/contract'
import { input, parameter, type Value } from '@mlpod/graph'
import { type Random, random } from '@mlpod/math'

/** Returns the first values of a parameter; `fanIn` and `fanOut` count the values it joins. */
export type Initializer = (draw: Random, shape: readonly number[], fans: Fans) => Float32Array
/** How many values come into and go out of one unit of a layer. */
export interface Fans {
  readonly fanIn: number
  readonly fanOut: number
}

/** How a mask is drawn: bool, true with probability `keep`; or float32, standard normal or uniform in [0, 1). */
export type MaskLaw = { readonly law: 'keep'; readonly keep: number } | { readonly law: 'normal' | 'uniform' }

/** What training draws for each row and feeds: which values are kept, or noise. */
export type Mask = MaskLaw & {
  readonly name: string
  /** The input that stands for it. */
  readonly value: Value
  /** Its sizes without the first, which is the batch. */
  readonly shape: readonly number[]
}

/** Returns the element type of a mask. */
export const maskType = ({ law }: MaskLaw): 'bool' | 'float32' => (law === 'keep' ? 'bool' : 'float32')

/** Where a layer stands while it is built: its path, and what it asks for. */
export interface Scope {
  readonly path: string
  /** Whether what is random or differs in training is on. */
  readonly training: boolean
  /** Returns the parameter of this name below the path: a given one, or a new one from the initializer. */
  parameter(name: string, shape: readonly number[], initialize: Initializer, fans: Fans): Value
  /**
   * Returns a tensor that training keeps beside the parameters (running statistics): a given one, or `initialize` of them.
   * In training a step replaces it by `next` of it, which is asked for when the network is built.
   */
  state(name: string, shape: readonly number[], initialize: Initializer, next: (old: Value) => Value): Value
  /** Returns a mask of the shape of `x`, true with probability `keep`. */
  mask(x: Value, keep: number): Value
  /** Returns noise of the shape of `x`: standard normal numbers, or uniform ones in [0, 1). */
  noise(x: Value, law: 'normal' | 'uniform'): Value
  /**
   * Adds to the loss in training: penalties of rows add their sum over the number of rows in the batch, one number adds itself.
   * The validation loss does not hold them. Throws `SHAPE_MISMATCH` unless it has one axis or none.
   */
  penalty(value: Value): void
  /** Returns the scope of a part. */
  at(part: string): Scope
}

/** A layer: what it makes of a value of shape [batch, ...]. It holds no parameters; the scope gives them. */
export type Layer = (x: Value, scope: Scope) => Value

/** A layer built on a value. */
export interface Network {
  readonly output: Value
  /** Its parameters by path, in the order in which the layers asked for them. */
  readonly parameters: Readonly<Record<string, Value>>
  /** What training keeps beside the parameters, by path, and what a step makes of it. */
  readonly states: Readonly<Record<string, { readonly value: Value; readonly next: Value }>>
  /** The values of the parameters and states by path. */
  readonly values: Readonly<Record<string, Tensor>>
  readonly masks: readonly Mask[]
  /** What its layers add to the loss in training: penalties of rows, or one number. */
  readonly penalties: readonly Value[]
}

/** Settings of `network`. */
export interface NetworkOptions {
  /** Draws the parameters that are not given. The values of one depend on the seed and its path alone. */
  readonly seed?: number
  /** Trained parameters by path. */
  readonly parameters?: Readonly<Record<string, Tensor>>
  readonly training?: boolean
  /** What the paths begin with. */
  readonly path?: string
}

/**
 * Returns the layer applied to a value, with its parameters. Throws `PARAMETER_UNKNOWN`, `PARAMETER_MISSING` (parameters
 * are given, but not this one and no seed), `SHAPE_MISMATCH` when a given one does not fit.
 */
export function network(
  layer: Layer,
  x: Value,
  { seed, parameters, training = false, path = '' }: NetworkOptions = {},
): Network {
  const found: Record<string, Value> = {}
  const values: Record<string, Tensor> = {}
  const masks: Mask[] = []
  const penalties: Value[] = []
  const states: Record<string, { value: Value; next: Value }> = {}
  const pending: (() => void)[] = []
  const draw = random({ seed: seed ?? 0, path: 'parameters' })
  const scope = (here: string): Scope => {
    const below = (part: string): string => (here === '' ? part : `${here}.${part}`)
    const drawn = (kind: string, like: Value, law: MaskLaw): Value => {
      const shape = like.shape.slice(1)
      if (!shape.every((dim) => typeof dim === 'number'))
        throw new PodError(
          'SHAPE_UNKNOWN',
          `the ${kind} at "${here}" needs sizes that are known, not [${like.shape.join(', ')}]`,
        )
      const name = below(`${kind}${masks.length}`)
      const value = input(name, maskType(law), [like.shape[0], ...shape])
      masks.push({ name, value, shape, ...law })
      return value
    }
    return {
      path: here,
      training,
      at: (part) => scope(below(part)),
      parameter(name, shape, initialize, fans) {
        const full = below(name)
        const value = () => initialize(draw.at(full), shape, fans)
        if (!(full in found)) {
          values[full] = given(full, shape, parameters, seed, value)
          found[full] = parameter(full, values[full])
        }
        return found[full]
      },
      state(name, shape, initialize, next) {
        const full = below(name)
        if (!(full in states)) {
          values[full] = given(full, shape, parameters, seed, () => initialize(draw.at(full), shape, ONE))
          const value = parameter(full, values[full])
          states[full] = { value, next: value }
          if (training) pending.push(() => (states[full] = { value, next: next(value) }))
        }
        return states[full].value
      },
      mask: (like, keep) => drawn('mask', like, { law: 'keep', keep }),
      noise: (like, law) => drawn('noise', like, { law }),
      penalty(value) {
        if (value.shape.length > 1)
          throw new PodError(
            'SHAPE_MISMATCH',
            `the penalty at "${here}" is [${value.shape.join(', ')}], neither [batch] nor one number`,
          )
        if (training) penalties.push(value)
      },
    }
  }
  const output = layer(x, scope(path))
  for (const settle of pending) settle()
  for (const name of Object.keys(parameters ?? {}))
    if (!(name in found) && !(name in states))
      throw new PodError('PARAMETER_UNKNOWN', `the network has no parameter "${name}"`, {
        hint: `it has ${Object.keys(found).join(', ')}`,
      })
  return { output, parameters: found, states, values, masks, penalties }
}

const ONE: Fans = { fanIn: 1, fanOut: 1 }

function given(
  path: string,
  shape: readonly number[],
  parameters: Readonly<Record<string, Tensor>> | undefined,
  seed: number | undefined,
  draw: () => Float32Array,
): Tensor {
  const value = parameters?.[path]
  if (value === undefined) {
    if (parameters !== undefined && seed === undefined)
      throw new PodError('PARAMETER_MISSING', `the parameter "${path}" is not given`, {
        hint: 'give it, or a seed to draw it from',
      })
    return { dtype: 'float32', shape, data: draw() }
  }
  if (
    value.shape.length !== shape.length ||
    value.shape.some((dim, i) => dim !== shape[i]) ||
    value.data.length !== sizeOf(shape)
  )
    throw new PodError(
      'SHAPE_MISMATCH',
      `the parameter "${path}" is [${value.shape.join(', ')}], but the layer wants [${shape.join(', ')}]`,
    )
  return value
}
