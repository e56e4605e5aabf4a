import { div, equal, mul, neg, where } from '../operators/elementwise.ts'
import { asInt64, gather, gatherElements } from '../operators/indexing.ts'
import { logSoftmax, reduceMean, reduceSum } from '../operators/reduction.ts'
import { constantOfShape, shape, squeeze, unsqueeze } from '../operators/structure.ts'
import { int, text } from '../schema.ts'
import { dtypeOf, type Value } from '../value.ts'
import type { Compositions, Use } from './composition.ts'

/** -w[label] x[label], 0 where the label is the one ignored; the mean is over the weights that count. */
function likelihood(use: Use, x: Value): Value {
  const [, labels, weights] = use.inputs as readonly [Value, Value, Value | null | undefined]
  const places = asInt64(labels)
  const ignored = use.attributes.ignore_index ? equal(places, int(use, 'ignore_index', -1)) : undefined
  const safe = ignored ? where(ignored, 0, places) : places
  const own = neg(squeeze(gatherElements(x, unsqueeze(safe, [1]), { axis: 1 }), [1]))
  const kept = (value: Value): Value => (ignored ? where(ignored, 0, value) : value)
  const weight = weights ? kept(gather(weights, safe)) : ignored && kept(constantOfShape(shape(labels), 1, dtypeOf(x)))
  const each = kept(weights ? mul(own, gather(weights, safe)) : own)
  switch (text(use, 'reduction', 'mean')) {
    case 'none':
      return each
    case 'sum':
      return reduceSum(each)
    default:
      return weight ? div(reduceSum(each), reduceSum(weight)) : reduceMean(each)
  }
}

/** What losses of classes are made of. */
export const losses: Compositions = {
  NegativeLogLikelihoodLoss: (use) => [likelihood(use, use.inputs[0]!)],
  SoftmaxCrossEntropyLoss: (use) => {
    const logarithms = logSoftmax(use.inputs[0]!, { axis: 1 })
    return [likelihood(use, logarithms), logarithms]
  },
}
