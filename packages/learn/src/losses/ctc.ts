import {
  add,
  and,
  castLike,
  concat,
  constant,
  constantOfShape,
  div,
  dtypeOf,
  equal,
  expand,
  gatherElements,
  greater,
  less,
  logSoftmax,
  max,
  mul,
  neg,
  not,
  range,
  reduceLogSumExp,
  reshape,
  scan,
  shape,
  slice,
  sub,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { flag, type Option } from '../optimizers/option.ts'
import { joint } from './define.ts'
import { positions } from './maths.ts'

/** What a sequence of scores is judged by. */
export interface Aligned {
  /** [N, T, C]. */
  readonly logits: Value
  /** Labels [N, S], int64; what lies behind a row's length is any class. */
  readonly target: Value
  /** How many of the T steps count, [N], int64. */
  readonly inputLengths: Value
  /** How many of the S labels count, [N], int64. */
  readonly targetLengths: Value
}

const blankLabel: Option<number> = {
  default: 0,
  takes: 'a whole number >= 0',
  test: (given) => Number.isSafeInteger(given) && given >= 0,
}

/** The logarithm of no probability: far below any other, but finite, so that derivatives of what never happens are 0. */
const NEVER = -1e30

const sumOfLogs = (values: readonly Value[]): Value =>
  reduceLogSumExp(
    concat(
      values.map((value) => unsqueeze(value, [-1])),
      { axis: values[0].shape.length },
    ),
    { axes: [-1] },
  )

/**
 * Returns minus the log probability that the steps spell the labels in any alignment: each step is a class or the `blank`,
 * repetitions count once. With `byLength` each loss is divided by the number of its labels (at least 1), as torch's mean does
 * before it averages; without, losses and their sum are torch's. Labels that find no room are infinitely improbable, or lose 0
 * (`zeroInfinity`); they have no derivative. The logarithm of the softmax is part of the loss: where `logits` are log
 * probabilities it changes no value, and the derivative by them is torch's, e^x minus the posterior share of each class.
 * Source: Graves et al. (2006); torch.nn.CTCLoss 2.15.
 */
export const ctc = joint<Aligned>()({
  name: 'ctc',
  source: 'torch.nn.CTCLoss 2.15',
  parameters: { blank: blankLabel, zeroInfinity: flag(false), byLength: flag(true) },
  axes: { logits: 'N T C', target: 'N S', inputLengths: 'N', targetLengths: 'N' },
  rows:
    ({ blank, zeroInfinity, byLength }) =>
    ({ logits, target, inputLengths, targetLengths }) => {
      const states = statesOf(target, blank)
      const last = forward(logits, states, inputLengths)
      // a path ends in the last label or in the blank behind it
      const end = unsqueeze(mul(targetLengths, 2), [1])
      const inLabel = where(greater(end, 0), gatherElements(last, max(sub(end, 1), 0), { axis: 1 }), NEVER)
      const nats = neg(reshape(sumOfLogs([gatherElements(last, end, { axis: 1 }), inLabel]), [-1]))
      const never = greater(nats, -NEVER / 10)
      const losses = where(never, zeroInfinity ? 0 : Number.POSITIVE_INFINITY, nats)
      return { losses: byLength ? div(losses, castLike(max(targetLengths, 1), losses)) : losses }
    },
})

/** Blank, l1, blank, l2, ..., blank: the classes of the states of a path, [N, L], L = 2 S + 1. */
function statesOf(target: Value, blank: number): Value {
  const blanks = constantOfShape(shape(target), blank, 'int64')
  const pairs = concat([unsqueeze(blanks, [2]), unsqueeze(target, [2])], { axis: 2 })
  const flat = reshape(pairs, [0, -1])
  return concat([flat, constantOfShape(concat([shape(target, 0, 1), constant([1], 'int64')]), blank, 'int64')], {
    axis: 1,
  })
}

/** Returns for each state the log probability of all paths that are in it after each row's last step, [N, L]. */
function forward(logits: Value, states: Value, lengths: Value): Value {
  const dtype = dtypeOf(logits)!
  // scores of the states: [T, N, L]
  const wide = expand(unsqueeze(states, [1]), concat([shape(logits, 0, 2), shape(states, 1, 2)]))
  const scores = transpose(gatherElements(logSoftmax(logits), wide, { axis: 2 }), [1, 0, 2])
  const never = (columns: number): Value =>
    constantOfShape(concat([shape(states, 0, 1), constant([columns], 'int64')]), NEVER, dtype)
  const shifted = (x: Value, by: number): Value => {
    const filled = concat([never(by), x], { axis: 1 })
    return slice(filled, [0], [-by], { axes: [1] })
  }
  // a label may follow the label before it without a blank, unless they are the same
  const blanks = constantOfShape(concat([shape(states, 0, 1), constant([2], 'int64')]), -1n, 'int64')
  const before = slice(concat([blanks, states], { axis: 1 }), [0], [-2], { axes: [1] })
  const places = positions(states, 1)
  const isLabel = equal(sub(places, mul(div(places, 2), 2)), 1)
  const skips = and(isLabel, and(not(equal(states, before)), greater(places, 1)))
  // before the first step all paths are about to enter the first blank or the first label
  const start = where(equal(places, 0), 0, NEVER)
  const first = expand(castLike(start, logits), shape(states))
  const steps = range(0, reshape(shape(logits, 1, 2), []), 1)
  const [last] = scan([first], [scores, steps], ([alpha], [score, t]) => {
    const ways = [alpha, shifted(alpha, 1), where(skips, shifted(alpha, 2), NEVER)]
    const beyond = add(sumOfLogs(ways), score)
    return { state: [where(unsqueeze(less(t, lengths), [1]), beyond, alpha)] }
  })
  return last
}
