import {
  add,
  and,
  compress,
  concat,
  constant,
  constantOfShape,
  defineOp,
  dtypeOf,
  greaterOrEqual,
  less,
  logSoftmax,
  matMul,
  max,
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
  vjp,
  where,
} from '@mlpod/graph'
import { count, type Option, share } from '../optimizers/option.ts'
import { type ClassOptions, countsOf, likelihood } from './classes.ts'
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
 * Returns the cross entropy of a linear head, `rowsAtOnce` rows at a time: neither the loss nor its gradient ever holds logits of
 * all rows, which the gradient computes again. Settings otherwise as `crossEntropy`. Source: torch.nn.LinearCrossEntropyLoss 2.15.
 */
export const linearCrossEntropy = joint<Head>()({
  name: 'linearCrossEntropy',
  source: 'torch.nn.LinearCrossEntropyLoss 2.15',
  parameters: { classWeights, ignoreIndex: label, labelSmoothing: share(0), rowsAtOnce: count(256) },
  axes: { hidden: 'N d', weight: 'd C', bias: '?C', target: 'N' },
  rows:
    ({ rowsAtOnce, ...options }) =>
    ({ hidden, weight, bias, target }) => {
      const [losses] = inPieces(rowsAtOnce, options)([hidden, target, weight, ...(bias ? [bias] : [])])
      return { losses, weights: countsOf(target, hidden, options) }
    },
})

/** The losses of rows of a head: of hidden states, labels, weight and bias. */
const lossesOf = ([rows, labels, weight, bias]: readonly Value[], options: ClassOptions): Value => {
  const product = matMul(rows, weight)
  return likelihood('linearCrossEntropy', logSoftmax(bias ? add(product, bias) : product), labels, options).losses
}

/** `lossesOf` piece by piece. The derivative of a loop would keep the cotangents of all logits, so this one has its own. */
const inPieces = (rowsAtOnce: number, options: ClassOptions) =>
  defineOp('mlpod.learn', 'LinearCrossEntropy', {
    body([hidden, target, ...head]) {
      const pieces = [hidden, target].map((x) => piecesOf(x, rowsAtOnce))
      const [losses] = scan([], pieces, (_, piece) => ({
        state: [],
        collect: [lossesOf([...piece, ...head], options)],
      }))
      return slice(reshape(losses, [-1]), [0], sizeOf(hidden, 0), { axes: [0] })
    },
    vjp({ x, g }) {
      const [hidden, target, ...head] = x as readonly Value[]
      const pieces = [hidden, target, g].map((value) => piecesOf(value, rowsAtOnce))
      // sums over the pieces are the cotangents of weight and bias
      const none = head.map((value) => constantOfShape(shape(value), 0, dtypeOf(value)!))
      const found = scan(none, pieces, (sums, [rows, labels, cotangents]) => {
        const [own, ...parts] = vjp([lossesOf([rows, labels, ...head], options)], [rows, ...head], [cotangents])
        return { state: sums.map((sum, i) => add(sum, parts[i])), collect: [own] }
      })
      const rows = reshape(found[head.length], concat([constant([-1], 'int64'), shape(hidden, 1)]))
      return [slice(rows, [0], sizeOf(hidden, 0), { axes: [0] }), undefined, ...found.slice(0, head.length)]
    },
  })

/** A size as a list of one: known, or told by the run. */
const sizeOf = (x: Value, axis: number): readonly number[] | Value =>
  typeof x.shape[axis] === 'number' ? [x.shape[axis]] : shape(x, axis, axis + 1)

/** Returns x [N, ...] in pieces [pieces, rows, ...]; the last one is filled with rows of zeros. */
function piecesOf(x: Value, rowsAtOnce: number): Value {
  const [dtype, rest] = [dtypeOf(x)!, x.shape.slice(1)]
  const n = x.shape[0]
  if (typeof n === 'number' && rest.every((dim) => typeof dim === 'number')) {
    const rows = Math.max(1, Math.min(n, rowsAtOnce))
    const pieces = Math.ceil(n / rows)
    const filled = concat([x, constantOfShape([pieces * rows - n, ...rest], 0, dtype)])
    return reshape(pieces * rows === n ? x : filled, [pieces, rows, ...rest])
  }
  const [count, others] = [shape(x, 0, 1), shape(x, 1)]
  const rows = max(min(count, constant([rowsAtOnce], 'int64')), 1)
  const missing = mod(sub(rows, mod(count, rows)), rows)
  const filled = concat([x, constantOfShape(concat([missing, others]), 0, dtype)])
  return reshape(filled, concat([constant([-1], 'int64'), rows, others]))
}

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

/**
 * Returns the log probabilities [N, C] of all classes of an adaptive softmax: those of the head, then of each tail with that of
 * its cluster added. Source: torch.nn.AdaptiveLogSoftmaxWithLoss.log_prob 2.15.
 */
export function adaptiveLogProbabilities(
  { hidden, head, headBias, tails }: Omit<AdaptiveHead, 'target'>,
  first: number,
): Value {
  const product = matMul(hidden, head)
  const logs = logSoftmax(headBias ? add(product, headBias) : product)
  const columns = (from: number, to: number): Value => slice(logs, [from], [to], { axes: [1] })
  const rare = tails.map(({ down, up }, i) =>
    add(logSoftmax(matMul(matMul(hidden, down), up)), columns(first + i, first + i + 1)),
  )
  return concat([columns(0, first), ...rare], { axis: 1 })
}
