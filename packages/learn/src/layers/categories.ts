import { PodError } from '@mlpod/contract'
import {
  add,
  cast,
  constant,
  dtypeOf,
  equal,
  greaterOrEqual,
  labelEncoder,
  less,
  min,
  mod,
  mul,
  oneHot,
  reduceSum,
  squeeze,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import type { Layer } from './layer.ts'
import { unfit, whole } from './shape.ts'

/**
 * What becomes of indices: they stay (int64), or become one 1 each, or of all indices of a row a 1 where any is, how many
 * are, or (`tfIdf`) how many times what each weighs. Names are Keras'.
 */
export type CategoryOutput = 'int' | 'oneHot' | 'multiHot' | 'count' | 'tfIdf'

const encodings: Readonly<Record<Exclude<CategoryOutput, 'int'>, (hot: Value, weights?: Value) => Value>> = {
  oneHot: (hot) => hot,
  multiHot: (hot) => min(reduceSum(hot, { axes: [1] }), 1),
  count: (hot, weights) => reduceSum(weights ? mul(hot, unsqueeze(weights, [-1])) : hot, { axes: [1] }),
  tfIdf: (hot, weights) => mul(reduceSum(hot, { axes: [1] }), weights!),
}

/** Indices [batch, k] as `output` says; those that are not in [0, depth) count nowhere. */
function encoded(indices: Value, depth: number, output: CategoryOutput, weights?: Value): Value {
  if (output === 'int') return indices
  const last = indices.shape.length - 1
  const single = output === 'oneHot' && last > 0 && indices.shape[last] === 1
  const flat = single ? squeeze(indices, [last]) : indices
  // below 0 the operator counts from the end
  return encodings[output](oneHot(where(less(flat, 0), depth, flat), depth), weights)
}

const whole64 = (x: Value): Value => (dtypeOf(x) === 'int64' ? x : cast(x, 'int64'))

/**
 * Returns the layer that encodes whole numbers in [0, count): [batch, k] to [batch, k, count] or [batch, count]; others count
 * nowhere. `weights` [batch, k] is what each counts (`count`). Source: Keras CategoryEncoding.
 */
export function categoryEncoding(
  count: number,
  {
    output = 'multiHot',
    weights,
  }: { readonly output?: 'oneHot' | 'multiHot' | 'count'; readonly weights?: Value } = {},
): Layer {
  whole('category encoding', { count })
  if (weights && output !== 'count')
    throw new PodError('LAYER_INVALID', `weights are for counts, and the output of the category encoding is ${output}`)
  return (x) => encoded(whole64(x), count, output, weights)
}

/**
 * Returns the layer that tells in which bin numbers are: below `boundaries[0]` is bin 0, from `boundaries[i]` on bin i + 1.
 * int64, or encoded. Throws `LAYER_INVALID` unless the boundaries rise. Source: Keras Discretization.
 */
export function discretization(
  boundaries: readonly number[],
  { output = 'int' }: { readonly output?: Exclude<CategoryOutput, 'tfIdf'> } = {},
): Layer {
  if (boundaries.length === 0 || boundaries.some((value, i) => !(i === 0 || value > boundaries[i - 1])))
    throw new PodError('LAYER_INVALID', `the boundaries of bins [${boundaries.join(', ')}] do not rise`)
  return (x) => {
    const passed = greaterOrEqual(unsqueeze(x, [-1]), constant(boundaries, dtypeOf(x)))
    return encoded(reduceSum(cast(passed, 'int64'), { axes: [-1] }), boundaries.length + 1, output)
  }
}

/** Settings of `stringLookup` and `integerLookup`. */
export interface LookupOptions<Token extends string | number> {
  /**
   * Indices of what is not in the vocabulary. Default 1. Without one it gets -1, and counts nowhere when encoded. More than
   * one is for integers: they are shared out by their remainder.
   */
  readonly unknown?: number
  /** What stands for missing: index 0, and nothing when encoded. Default none. */
  readonly mask?: Token
  /** Default `int`. */
  readonly output?: CategoryOutput
  /** With `tfIdf`: what each index weighs, those of the unknown first. */
  readonly weights?: readonly number[]
}

/**
 * Returns the layer that gives each token its index: after 0 for `mask` (with `int`) and the unknown ones the vocabulary in
 * its order. int64, or encoded over [batch, k]. Throws `LAYER_INVALID` for tokens that are listed twice, and for more than one
 * index of the unknown, which the graph cannot share strings out over (see `hashing`). Source: Keras StringLookup.
 */
export const stringLookup = (vocabulary: readonly string[], options: LookupOptions<string> = {}): Layer =>
  lookup('string', vocabulary, options)

/** Returns `stringLookup` of whole numbers. Source: Keras IntegerLookup. */
export const integerLookup = (vocabulary: readonly number[], options: LookupOptions<number> = {}): Layer =>
  lookup('integer', vocabulary, options)

function lookup<Token extends string | number>(
  kind: 'string' | 'integer',
  vocabulary: readonly Token[],
  { unknown = 1, mask, output = 'int', weights }: LookupOptions<Token>,
): Layer {
  const invalid = (text: string, hint?: string): PodError =>
    new PodError('LAYER_INVALID', `the ${kind} lookup ${text}`, { hint })
  if (vocabulary.length === 0) throw invalid('has an empty vocabulary')
  const tokens = mask === undefined ? vocabulary : [mask, ...vocabulary]
  const listed = new Set<Token>()
  const twice = tokens.find((token) => listed.size === listed.add(token).size)
  if (twice !== undefined) throw invalid(`lists "${twice}" twice`)
  if (!(Number.isInteger(unknown) && unknown >= 0)) throw invalid(`has ${unknown} indices of the unknown`)
  if (unknown > 1 && kind === 'string')
    throw invalid(`shares strings out over ${unknown} indices`, 'hash them before the graph, with hashing')
  const first = mask !== undefined && output === 'int' ? 1 : 0
  const depth = first + unknown + vocabulary.length
  if ((output === 'tfIdf') !== (weights !== undefined) || (weights && weights.length !== depth))
    throw invalid(`needs ${output === 'tfIdf' ? `${depth} weights` : 'no weights'} for ${output}`)
  const indices = vocabulary.map((_, i) => first + unknown + i)
  return (x, scope) => {
    const text = dtypeOf(x) === 'string'
    if (text !== (kind === 'string'))
      throw unfit(`${kind} lookup`, kind === 'string' ? 'strings' : 'whole numbers', x, scope)
    const read = text ? x : whole64(x)
    const found = labelEncoder(read, {
      keys: tokens as readonly string[] | readonly number[],
      // a mask that is encoded counts nowhere
      values: mask === undefined ? indices : [output === 'int' ? 0 : depth, ...indices],
      fallback: unknown === 1 ? first : -1,
    })
    const all = unknown > 1 ? where(equal(found, -1), add(mod(read, unknown), first), found) : found
    return encoded(all, depth, output, weights && constant(weights, 'float32'))
  }
}

/** Returns the layer that gives each index of `stringLookup` its token; what has none gives `unknownToken`. Source: Keras StringLookup(invert=True). */
export function inverseLookup(
  vocabulary: readonly string[],
  {
    unknown = 1,
    mask,
    unknownToken = '[UNK]',
  }: { readonly unknown?: number; readonly mask?: string; readonly unknownToken?: string } = {},
): Layer {
  const first = mask === undefined ? 0 : 1
  const keys = vocabulary.map((_, i) => first + unknown + i)
  return (x) =>
    labelEncoder(whole64(x), {
      keys: mask === undefined ? keys : [0, ...keys],
      values: mask === undefined ? vocabulary : [mask, ...vocabulary],
      fallback: unknownToken,
    })
}
