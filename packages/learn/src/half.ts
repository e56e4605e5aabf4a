import { PodError } from '@mlpod/contract'
import { cast, dtypeOf, input, substitute, topological, type Value } from '@mlpod/graph'

const isSingle = (value: Value | null): boolean => value !== null && dtypeOf(value) === 'float32'

/**
 * Returns values computed in half precision: everything of single precision that the graph begins with (inputs, parameters,
 * constants, the values of `starts`, and numbers made of whole ones) is rounded first, and the results are made single again.
 * Parameters stay single: their gradients arrive so. Throws `PRECISION_UNSUPPORTED` when an operator has no form in half precision.
 */
export function inHalf(values: readonly Value[], starts: readonly Value[]): Value[] {
  const replaced = new Map(starts.filter(isSingle).map((value) => [value, cast(value, 'float16')] as const))
  // what stands for numbers that are made of whole ones (counts, positions), until those are made of the new graph
  const made: { readonly value: Value; readonly place: Value }[] = []
  for (const { inputs, captures, outputs } of topological(values, new Set(starts))) {
    if ([...inputs, ...captures].some(isSingle)) continue
    for (const value of outputs.filter(isSingle)) {
      const leaf = inputs.length + captures.length === 0
      const place = leaf ? value : input(`made ${made.length}`, 'float32', value.shape)
      if (!leaf) made.push({ value, place })
      replaced.set(value, cast(place, 'float16'))
    }
  }
  try {
    let results = substitute(values, replaced)
    const known = new Map<Value, Value>()
    for (const { value, place } of made) {
      const others = new Map([...replaced].filter(([key]) => key !== value))
      const [again] = substitute(substitute([value], others), known)
      known.set(place, again)
    }
    if (made.length > 0) results = substitute(results, known)
    return results.map((value, i) => cast(value, dtypeOf(values[i]) ?? 'float32'))
  } catch (cause) {
    throw new PodError('PRECISION_UNSUPPORTED', 'the network cannot be computed in half precision', {
      because: cause instanceof Error ? cause.message : String(cause),
      hint: "leave precision at 'full'",
      cause,
    })
  }
}
