import { type GuardMetadata, guardKey, tensor } from '@mlpod/contract'
import {
  add,
  argMax,
  cast,
  compile,
  concat,
  constant,
  div,
  equal,
  greaterOrEqual,
  ifElse,
  input,
  isNaN,
  type Model,
  mul,
  not,
  reduceSum,
  softmax,
  sub,
  where,
} from '@mlpod/graph'

/** What the small guarded model of the tests says of itself. */
export const guard: GuardMetadata = {
  version: 1,
  columns: [
    { name: 'amount', dtype: 'float32', nullable: false, minimum: 0, maximum: 1000 },
    { name: 'units', dtype: 'float32', nullable: true, integer: true },
    { name: 'kind/of', dtype: 'string', nullable: false, values: ['house', 'flat'] },
  ],
  label: { column: 'y', values: [0, 1], names: ['no', 'yes'] },
  level: 0.9,
  oodLevel: 0.05,
  largestSet: 1,
  reasons: ['not one label fits'],
}

export const row = { amount: 400, units: 2, 'kind/of': 'house' }

/** Returns a small guarded model: p(yes) rises with the amount; `units` is squared, so that a large one overflows. */
export function smallModel(metadata: Readonly<Record<string, string>> = {}): Model {
  const [amount, units, kind] = [
    input('amount', 'float32', ['n', 1]),
    input('units', 'float32', ['n', 1]),
    input('kind/of', 'string', ['n', 1]),
  ]
  const confidence = input('confidence', 'float64', [], {
    default: tensor('float64', [], Float64Array.of(guard.level)),
  })
  const attribute = input('attribute', 'bool', [], { default: tensor('bool', [], Uint8Array.of(1)) })
  const squared = mul(where(isNaN(units), 0, units), where(isNaN(units), 0, units))
  const margin = add(
    add(sub(div(amount, 250), 1), mul(cast(equal(kind, constant('house', 'string')), 'float32'), 0.25)),
    sub(squared, squared),
  )
  const probability = softmax(concat([mul(margin, -1), margin], { axis: 1 }), { axis: 1 })
  const set = greaterOrEqual(probability, sub(constant(1, 'float32'), cast(confidence, 'float32')))
  const one = equal(reduceSum(cast(set, 'int64'), { axes: [1], keepDims: true }), constant(1n, 'int64'))
  return compile({
    inputs: [amount, units, kind, confidence, attribute],
    outputs: {
      prediction: argMax(probability, { axis: 1, keepDims: true }),
      probability,
      set,
      ood_p: div(constant(1, 'float32'), add(1, mul(amount, 0.001))),
      abstain: not(one),
      reasons: cast(not(one), 'int64'),
      attributions: ifElse(
        attribute,
        () => concat([div(amount, 250), squared, mul(amount, 0)], { axis: 1 }),
        () => mul(concat([amount, amount, amount], { axis: 1 }), 0),
      ),
    },
    metadata: { [guardKey]: JSON.stringify(guard), ...metadata },
  })
}
