import { div, reduceMax, slice, softmax, sub, type Value } from '@mlpod/graph'

/** Returns softmax(logits / temperature) [n, k] as a Value. */
export const temperedSoftmax = (logits: Value, temperature: number): Value =>
  softmax(div(logits, temperature), { axis: 1 })

/** Returns log-odds of the last class against the best other one [n, 1] from logits [n, k]: what explanations and attacks look at. */
export const marginOfLast = (logits: Value, classes: number): Value =>
  sub(
    slice(logits, [classes - 1], [classes], { axes: [1] }),
    reduceMax(slice(logits, [0], [classes - 1], { axes: [1] }), { axes: [1], keepDims: true }),
  )
