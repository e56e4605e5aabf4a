import {
  add,
  and,
  compress,
  concat,
  constant,
  constantOfShape,
  dtypeOf,
  greaterOrEqual,
  less,
  logSoftmax,
  matMul,
  min,
  mod,
  neg,
  nonZero,
  reshape,
  scan,
  scatterND,
  shape,
  slice,
  sub,
  transpose,
  type Value,
  where,
} from '@mlpod/graph'
import { count, type Option, share } from '../optimizers/option.ts'
import { countsOf, likelihood } from './classes.ts'
import { expectShapes, joint, refuse } from './define.ts'
import { pick } from './maths.ts'
import { classWeights, label } from './settings.ts'

/** What a linear head tells classes by: logits = hidden weight + bias. */
export interface Head {
  /** [N, d]. */
  readonly hidden: Value
  /** [d, C]. */
  readonly weight: Value
  /** [C]. */
  readonly bias?: Value
  /** Class numbers [N], int64. */
  readonly target: Value
}

/**
 * Returns the cross entropy of a linear head, `rowsAtOnce` rows at a time: neither the loss nor its derivatives ever hold logits
 * of all rows, which they compute again. Settings otherwise as `crossEntropy`. Source: torch.nn.LinearCrossEntropyLoss 2.15.
 */
export const linearCrossEntropy = joint<Head>()({
  name: 'linearCrossEntropy',
  source: 'torch.nn.LinearCrossEntropyLoss 2.15',
  parameters: { classWeights, ignoreIndex: label, labelSmoothing: share(0), rowsAtOnce: count(256) },
  axes: { hidden: 'N d', weight: 'd C', bias: '?C', target: 'N' },
  rows:
    ({ rowsAtOnce, ...options }) =>
    ({ hidden, weight, bias, target }) => {
      const n = shape(hidden, 0, 1)
      const size = min(n, constant([rowsAtOnce], 'int64'))
      // the last piece is filled with rows of zeros, whose losses are cut off again
      const missing = mod(sub(size, mod(n, size)), size)
      const zeros = constantOfShape(concat([missing, shape(hidden, 1, 2)]), 0, dtypeOf(hidden)!)
      const pieces = reshape(concat([hidden, zeros]), concat([constant([-1], 'int64'), size, shape(hidden, 1, 2)]))
      const labels = reshape(
        concat([target, constantOfShape(missing, 0n, 'int64')]),
        concat([constant([-1], 'int64'), size]),
      )
      const [collected] = scan(
        [],
        [pieces, labels],
        (_, [rows, wanted]) => {
          const product = matMul(rows, weight)
          const logs = logSoftmax(bias ? add(product, bias) : product)
          return { state: [], collect: [likelihood('linearCrossEntropy', logs, wanted, options).losses] }
        },
        { remember: 'state' },
      )
      const losses = slice(reshape(collected, [-1]), [0], n, { axes: [0] })
      return { losses, weights: countsOf(target, hidden, options) }
    },
})

/** A cluster of rare classes: hidden states go through `down` [d, e] and `up` [e, classes of the cluster]. */
export interface Tail {
  readonly down: Value
  readonly up: Value
}

/** What an adaptive softmax tells classes by. */
export interface AdaptiveHead {
  /** [N, d]. */
  readonly hidden: Value
  /** Class numbers [N], int64, the frequent classes first. */
  readonly target: Value
  /** [d, classes below the first cutoff + clusters]: scores of the frequent classes, then of the clusters. */
  readonly head: Value
  readonly headBias?: Value
  readonly tails: readonly Tail[]
}

const cutoffs: Option<readonly number[]> = {
  default: [],
  takes: 'rising whole numbers above 0',
  test: (given) => given.length > 0 && given.every((c, i) => Number.isSafeInteger(c) && c > (given[i - 1] ?? 0)),
}

/**
 * Returns minus the log probability of the right class when rare classes stand in clusters: log p = log p(cluster) + log p(class
 * within it). `cutoffs` are the first classes of the clusters. Only rows of a cluster are computed with its tail.
 * Source: Grave et al. (2017); torch.nn.AdaptiveLogSoftmaxWithLoss 2.15.
 */
export const adaptiveLogSoftmax = joint<AdaptiveHead>()({
  name: 'adaptiveLogSoftmax',
  source: 'torch.nn.AdaptiveLogSoftmaxWithLoss 2.15',
  parameters: { cutoffs },
  refuses: ({ cutoffs: given }) => (given.length === 0 ? 'cutoffs are missing' : undefined),
  axes: { hidden: 'N d', target: 'N', head: 'd H', headBias: '?H', tails: '?' },
  rows:
    ({ cutoffs: starts }) =>
    ({ hidden, target, head, headBias, tails }) => {
      if (tails.length !== starts.length)
        throw refuse('adaptiveLogSoftmax', `${tails.length} tails for ${starts.length} cutoffs`)
      const size = head.shape[1]
      if (typeof size === 'number' && size !== starts[0] + tails.length)
        throw refuse(
          'adaptiveLogSoftmax',
          `a head of ${size} scores for ${starts[0]} classes and ${tails.length} clusters`,
        )
      const product = matMul(hidden, head)
      const logs = logSoftmax(headBias ? add(product, headBias) : product)
      const [clusters, ends] = [tails.map((_, i) => starts[0] + i), tails.map(({ up }, i) => endOf(up, starts[i]))]
      const inside = tails.map((_, i) =>
        and(greaterOrEqual(target, starts[i]), ends[i] === undefined ? true : less(target, ends[i])),
      )
      const place = inside.reduce((labels, within, i) => where(within, clusters[i], labels), target)
      const likelihoods = tails.reduce(
        (sum, { down, up }, i) => {
          expectShapes('adaptiveLogSoftmax', { hidden: [hidden, 'N d'], down: [down, 'd e'], up: [up, 'e c'] })
          const rows = compress(hidden, inside[i], { axis: 0 })
          const own = logSoftmax(matMul(matMul(rows, down), up))
          const picked = pick(own, sub(compress(target, inside[i], { axis: 0 }), starts[i]))
          return scatterND(sum, transpose(nonZero(inside[i])), picked, { reduction: 'add' })
        },
        pick(logs, place),
      )
      return { losses: neg(likelihoods) }
    },
})

const endOf = (up: Value, start: number): number | undefined =>
  typeof up.shape[1] === 'number' ? start + up.shape[1] : undefined
