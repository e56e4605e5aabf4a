import {
  type AttentionCache,
  add,
  and,
  concat,
  constant,
  div,
  dtypeOf,
  expand,
  greater,
  greaterOrEqual,
  lessOrEqual,
  matMul,
  max,
  mul,
  range,
  reshape,
  shape,
  softmax,
  squeeze,
  sub,
  tanh,
  transpose,
  type Value,
  where,
} from '@mlpod/graph'
import type { Scope } from './layer.ts'
import { dropout } from './regularization.ts'

/** What the scores of attention go through. */
export interface ScoreSettings {
  readonly heads: number
  readonly keyHeads: number
  readonly causal: boolean
  readonly window?: { readonly before?: number; readonly after?: number }
  readonly mask?: Value
  readonly softcap?: number
}

// what hides a score: its exponential is 0
const HIDDEN = -1e30

/**
 * Returns attention of [batch, time, heads * size] as the operator of the graph gives it, and its weights [batch, heads,
 * queries, keys], which training drops at a rate (then the times must be known). Written out, since the operator keeps its
 * weights to itself. Source: torch.nn.MultiheadAttention's `dropout` and `need_weights`.
 */
export function writtenAttention(
  [q, k, v]: readonly [Value, Value, Value],
  { heads, keyHeads, causal, window, mask, softcap }: ScoreSettings,
  added: AttentionCache | undefined,
  scope: Scope,
  rate: number,
): { readonly y: Value; readonly weights: Value } {
  const size = (q.shape[2] as number) / heads
  const split = (x: Value, count: number): Value =>
    transpose(reshape(x, [0, 0, count, (x.shape[2] as number) / count]), [0, 2, 1, 3])
  const [keys, values] = [[split(k, keyHeads), added?.keys] as const, [split(v, keyHeads), added?.values] as const].map(
    ([own, first]) => shared(first ? concat([first, own], { axis: 2 }) : own, heads / keyHeads),
  )
  const scaled = div(matMul(split(q, heads), transpose(keys, [0, 1, 3, 2])), Math.sqrt(size))
  const capped = softcap ? mul(tanh(div(scaled, softcap)), softcap) : scaled
  const numbers = mask && dtypeOf(mask) !== 'bool' ? mask : undefined
  const lifted = numbers ? add(capped, max(numbers, HIDDEN)) : capped
  const allowed = [
    ...(mask ? [numbers ? greater(numbers, HIDDEN) : mask] : []),
    ...near(lifted, causal ? { ...window, after: 0 } : window, added),
  ]
  const seen = allowed.length === 0 ? undefined : allowed.reduce((a, b) => and(a, b))
  const shares = softmax(seen ? where(seen, lifted, HIDDEN) : lifted)
  // a query that may see nothing gets nothing
  const weights = dropout(rate)(seen ? where(seen, shares, 0) : shares, scope)
  const y = transpose(matMul(weights, values), [0, 2, 1, 3])
  return { y: reshape(y, [0, 0, heads * (values.shape[3] as number)]), weights }
}

/** Keys or values of which each head serves `times` heads of queries. */
function shared(x: Value, times: number): Value {
  if (times === 1) return x
  const [heads, size] = [x.shape[1] as number, x.shape[3] as number]
  const wide = expand(reshape(x, [0, heads, 1, -1, size]), [1, 1, times, 1, 1])
  return reshape(wide, [0, heads * times, -1, size])
}

/** Conditions that hold where the keys are within the window of the query, the added ones before all. */
function near(scores: Value, window: ScoreSettings['window'], added: AttentionCache | undefined): readonly Value[] {
  if (window?.before === undefined && window?.after === undefined) return []
  const first = added ? squeeze(shape(added.keys, 2, 3), [0]) : constant(0, 'int64')
  const [rows, columns] = [2, 3].map((axis) => squeeze(shape(scores, axis, axis + 1), [0]))
  const i = reshape(add(range(constant(0, 'int64'), rows), first), [-1, 1])
  const gap = sub(i, range(constant(0, 'int64'), columns))
  return [
    ...(window.after === undefined ? [] : [greaterOrEqual(gap, -window.after)]),
    ...(window.before === undefined ? [] : [lessOrEqual(gap, window.before)]),
  ]
}
