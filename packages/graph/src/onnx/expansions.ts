import { constant } from '../leaf.ts'
import { scan } from '../operators/control.ts'
import { conv } from '../operators/convolution.ts'
import { add, exp, mul, sub, swish } from '../operators/elementwise.ts'
import { slice } from '../operators/indexing.ts'
import { matMul } from '../operators/linear.ts'
import { reduceSum } from '../operators/reduction.ts'
import { concat, constantOfShape, expand, reshape, shape, transpose, unsqueeze } from '../operators/structure.ts'
import { float, int, text } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { OldNode } from './upgrade.ts'

const whole = (...numbers: number[]): Value => constant(numbers, 'int64')

/** Operators of opset 27 and 28, which the runtime does not know, as what they are made of. Source: the schemas of ONNX 1.23. */
export const EXPANSIONS: Readonly<Record<string, ((node: OldNode) => readonly Value[]) | undefined>> = {
  SwiGLU: (node) => {
    const [a, b] = node.inputs as readonly [Value, Value]
    return [mul(swish(a, { alpha: float(node, 'alpha', 1) }), b)]
  },
  CausalConvWithState: (node) => {
    const [x, w, bias, past] = node.inputs as readonly [Value, Value, (Value | null)?, (Value | null)?]
    const channels = w.shape[0]
    const kernel = sub(shape(w, 2, 3), whole(1))
    const empty = (): Value => constantOfShape(concat([shape(x, 0, 2), kernel]), 0, dtypeOf(x))
    const all = concat([past ?? empty(), x], { axis: 2 })
    const y = conv(all, w, bias ?? null, { group: channels as number })
    const length = shape(all, 2, 3)
    const present = slice(all, sub(length, kernel), length, { axes: [2] })
    const name = text(node, 'activation', 'none')
    return [name === 'none' ? y : swish(y), present]
  },
  LinearAttention: (node) => {
    const [q, k, v, past, decay, beta] = node.inputs as readonly [Value, Value, Value, ...(Value | null | undefined)[]]
    const [heads, keyHeads] = [int(node, 'q_num_heads', 1), int(node, 'kv_num_heads', 1)]
    const rule = text(node, 'update_rule', 'gated_delta')
    // [batch, time, heads * size] to [time, batch, heads, size]
    const byTime = (x: Value, count: number): Value => transpose(reshape(x, [0, 0, count, -1]), [1, 0, 2, 3])
    const [queries, keys, values] = [byTime(q, heads), byTime(k, keyHeads), byTime(v, keyHeads)]
    const size = q.shape[2]
    const given = float(node, 'scale', 0)
    const scale = given !== 0 ? given : 1 / Math.sqrt((size as number) / heads)
    const sizes = concat([shape(q, 0, 1), whole(keyHeads), shape(keys, 3, 4), shape(values, 3, 4)])
    const start = past ?? constantOfShape(sizes, 0, dtypeOf(q))
    const share = heads / keyHeads
    // a key head serves several heads of queries that lie together
    const shared = (state: Value): Value => {
      if (share === 1) return state
      const wide = unsqueeze(state, [2])
      const spread = expand(wide, concat([shape(state, 0, 2), whole(share), shape(state, 2, 4)]))
      return reshape(spread, concat([shape(state, 0, 1), whole(heads), shape(state, 2, 4)]))
    }
    const gated = rule === 'gated' || rule === 'gated_delta'
    const delta = rule === 'delta' || rule === 'gated_delta'
    const rest = [...(gated ? [byTime(decay!, keyHeads)] : []), ...(delta ? [ratesOf(beta!, keyHeads)] : [])]
    const [last, outputs] = scan([start], [queries, keys, values, ...rest], ([state], [qt, kt, vt, ...more]) => {
      const kept = gated ? mul(state, exp(unsqueeze(more[0], [-1]))) : state
      const column = unsqueeze(kt, [-1])
      const seen = delta ? sub(vt, reduceSum(mul(kept, column), { axes: [-2] })) : vt
      const added = mul(column, unsqueeze(seen, [-2]))
      const next = add(kept, delta ? mul(added, unsqueeze(more.at(-1)!, [-1])) : added)
      const read = matMul(unsqueeze(qt, [-2]), shared(next))
      return { state: [next], collect: [mul(reshape(read, concat([shape(read, 0, 2), whole(-1)])), scale)] }
    })
    return [reshape(transpose(outputs, [1, 0, 2, 3]), [0, 0, -1]), last]
  },
}

/** [batch, time, heads] or one rate for all heads: [time, batch, heads, 1]. */
function ratesOf(beta: Value, heads: number): Value {
  const one = beta.shape[2] === 1
  return transpose(reshape(beta, [0, 0, one ? 1 : heads, 1]), [1, 0, 2, 3])
}
