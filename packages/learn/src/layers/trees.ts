import {
  abs,
  concat,
  constant,
  div,
  einsum,
  exp,
  less,
  matMul,
  mul,
  pow,
  reduceMean,
  reshape,
  sigmoid,
  sqrt,
  sub,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { entmax15 } from './activations.ts'
import { initializers } from './initializers.ts'
import type { Layer, Scope } from './layer.ts'
import { dense } from './linear.ts'
import { known, whole } from './shape.ts'

/**
 * Returns a soft decision tree of `depth`: each inner node is a logistic gate of x, each leaf a vector of logits; the output
 * is their mean by the probability of each path. [batch, n] to [batch, outputs]. Source: Frosst, Hinton (2017).
 */
export function softDecisionTree(depth: number, outputs: number): Layer {
  whole('soft decision tree', { depth, outputs })
  return (x, scope) => {
    const inner = 2 ** depth - 1
    const gates = sigmoid(dense(inner)(x, scope.at('gates')))
    let reach: Value[] | undefined
    for (let level = 0; level < depth; level++) {
      const nodes = Array.from({ length: 2 ** level }, (_, i) => 2 ** level - 1 + i)
      reach = nodes.flatMap((node, i) => {
        const right = column(gates, node)
        const here = reach?.[i]
        return here ? [mul(here, sub(1, right)), mul(here, right)] : [sub(1, right), right]
      })
    }
    const leaves = scope.parameter('leaves', [2 ** depth, outputs], initializers.smallNormal, {
      fanIn: 2 ** depth,
      fanOut: outputs,
    })
    return matMul(concat(reach!, { axis: 1 }), leaves)
  }
}

const column = (x: Value, i: number): Value => matMul(x, pick(x.shape[1] as number, i))

/** Settings of `obliviousTrees`. */
export interface ObliviousOptions {
  /** Trees of each layer. Default 64. */
  readonly trees?: number
  /** Questions of each tree. Default 4. */
  readonly depth?: number
  /** Layers, each of which also reads what those before it gave. Default 1. */
  readonly layers?: number
}

/**
 * Returns neural oblivious decision ensembles: at each depth a tree asks one question of all rows, whether a mixture of
 * features (entmax of `choices`) is above a threshold, softly (entmax of two); the leaf values are meant over trees and
 * layers. [batch, n] to [batch, outputs]. Source: Popov, Morozov, Babenko (2019), NODE; thresholds begin at random, not at
 * quantiles of the data.
 */
export function obliviousTrees(outputs: number, { trees = 64, depth = 4, layers = 1 }: ObliviousOptions = {}): Layer {
  whole('ensemble of oblivious trees', { outputs, trees, depth, layers })
  return (x, scope) => {
    let read = x
    const answers: Value[] = []
    for (let i = 0; i < layers; i++) {
      const answer = treesOf(read, layers === 1 ? scope : scope.at(String(i)), outputs, trees, depth)
      answers.push(answer)
      if (i < layers - 1) read = concat([read, reshape(answer, [-1, trees * outputs])], { axis: 1 })
    }
    return reduceMean(answers.length === 1 ? answers[0] : concat(answers, { axis: 1 }), { axes: [1] })
  }
}

/** What each tree says: [batch, trees, outputs]. */
function treesOf(x: Value, scope: Scope, outputs: number, trees: number, depth: number): Value {
  const n = known(x, -1, 'ensemble of oblivious trees', scope)
  const questions = trees * depth
  const choices = scope.parameter('choices', [questions, n], initializers.standardNormal, {
    fanIn: n,
    fanOut: questions,
  })
  const thresholds = scope.parameter('thresholds', [questions], initializers.standardNormal, { fanIn: 1, fanOut: 1 })
  const logWidths = scope.parameter('log_widths', [questions], initializers.zeros, { fanIn: 1, fanOut: 1 })
  const leaves = scope.parameter('leaves', [trees, 2 ** depth, outputs], initializers.standardNormal, {
    fanIn: 2 ** depth,
    fanOut: outputs,
  })
  const mixed = matMul(x, transpose(entmax15(choices)))
  const yes = reshape(entmoid15(div(sub(mixed, thresholds), exp(logWidths))), [-1, trees, depth])
  let reach: Value | undefined
  for (let level = 0; level < depth; level++) {
    const here = unsqueeze(reshape(matMul(yes, pick(depth, level)), [-1, trees]), [2])
    const both = [sub(1, here), here]
    reach = concat(reach ? both.map((share) => mul(reach!, share)) : both, { axis: 2 })
  }
  return einsum('btl,tlo->bto', reach!, leaves)
}

/** The first share of entmax with alpha 1.5 of (x, 0): 0 from -2 down, 1 from 2 up. Source: Popov et al. (2019), appendix. */
export function entmoid15(x: Value): Value {
  const size = abs(x)
  const inside = less(size, 2)
  // of the smaller of the two: tau = (|x| + sqrt(8 - x^2)) / 2, its share ((tau - |x|) / 2)^2
  const root = sqrt(sub(8, where(inside, mul(x, x), 0)))
  const smaller = where(inside, pow(mul(sub(root, size), 0.25), 2), 0)
  return where(less(x, 0), smaller, sub(1, smaller))
}

const pick = (n: number, i: number): Value => {
  const data = new Float32Array(n)
  data[i] = 1
  return constant({ dtype: 'float32', shape: [n, 1], data })
}
