import { PodError, type Tensor, tensor } from '@mlpod/contract'
import { constant, parameter } from '../leaf.ts'
import {
  add,
  and,
  cast,
  equal,
  exp,
  greater,
  greaterOrEqual,
  isNaN,
  less,
  lessOrEqual,
  mul,
  neg,
  not,
  or,
  sigmoid,
  softplus,
  sub,
  where,
} from '../operators/elementwise.ts'
import { gather } from '../operators/indexing.ts'
import { gemm } from '../operators/linear.ts'
import { reduceMin, reduceSum, softmax } from '../operators/reduction.ts'
import { concat, constantOfShape, reshape, shape } from '../operators/structure.ts'
import { attributed, capture } from '../site.ts'
import { substitute } from '../substitute.ts'
import { dtypeOf, type Operation, type Value } from '../value.ts'
import { topological } from '../walk.ts'
import { type Ensemble, ensembleOf, type Mode } from './ensemble.ts'

/** How trees become a graph. */
export interface SoftTreesOptions {
  /**
   * How softly a question is answered: yes by sigmoid((threshold - x) / temperature). 0 (the default) answers as the trees
   * do, so that only the leaves have a derivative.
   */
  readonly temperature?: number
}

/** Trees as plain operators. */
export interface SoftTrees {
  /** The values given, made of plain operators. */
  readonly outputs: readonly Value[]
  /** The leaves' weights, [leaves, targets], by the name of their ensemble: they train like any parameter. */
  readonly parameters: Readonly<Record<string, Value>>
}

const ENSEMBLES: ReadonlySet<string> = new Set(['TreeEnsemble', 'TreeEnsembleRegressor', 'TreeEnsembleClassifier'])

/**
 * Returns values with every ensemble of decision trees that they read made of plain operators: the weights of the leaves are
 * parameters, and with a temperature the answers have a derivative by the features. As the temperature goes to 0 the
 * results become those of the trees, but for features at a threshold. A classifier's labels stay what the trees say.
 * Throws `OPTION_INVALID`, `TREES_MISSING`, `MODEL_UNSUPPORTED` for ensembles that take the least or largest tree.
 * Source: soft decision trees of Irsoy, Yildiz and Alpaydin (2012); Frosst and Hinton (2017).
 */
export function softTrees(outputs: readonly Value[], { temperature = 0 }: SoftTreesOptions = {}): SoftTrees {
  const site = capture()
  if (!(temperature >= 0 && Number.isFinite(temperature)))
    throw new PodError('OPTION_INVALID', `the temperature is ${temperature}`, {
      at: site.at,
      hint: 'it is a number >= 0',
    })
  const found = topological(outputs).filter(({ type }) => ENSEMBLES.has(type))
  if (found.length === 0) throw new PodError('TREES_MISSING', 'no decision trees lead to these values', { at: site.at })
  return attributed(site, () => {
    const parameters: Record<string, Value> = {}
    const replaced = new Map<Value, Value>()
    for (const [i, operation] of found.entries()) {
      const name = `${operation.meta.name ?? `trees${i}`} leaves`
      const ensemble = ensembleOf(operation)
      const scores = operation.outputs.at(-1)!
      const leaves = parameter(name, weightsOf(ensemble, dtypeOf(scores) === 'float64'))
      parameters[name] = leaves
      replaced.set(scores, scoresOf(operation, ensemble, leaves, temperature))
    }
    // ensembles that read one another are replaced from the first to the last
    let current = [...outputs]
    for (const [from, to] of replaced) current = substitute(current, new Map([[from, to]]))
    return { outputs: current, parameters }
  })
}

function weightsOf({ leaves, targets, aggregate, trees }: Ensemble, double: boolean): Tensor {
  const data = double ? new Float64Array(leaves.length * targets) : new Float32Array(leaves.length * targets)
  const share = aggregate === 'AVERAGE' ? 1 / trees : 1
  for (const [i, { weights }] of leaves.entries())
    for (const { target, weight } of weights) data[i * targets + target] += weight * share
  return tensor(double ? 'float64' : 'float32', [leaves.length, targets], data as Float32Array)
}

function scoresOf(operation: Operation, ensemble: Ensemble, leaves: Value, temperature: number): Value {
  const { aggregate, base, post, binary } = ensemble
  if (aggregate === 'MIN' || aggregate === 'MAX')
    throw new PodError(
      'MODEL_UNSUPPORTED',
      `${operation.meta.name ?? operation.type} takes the ${aggregate} of its trees`,
      {
        at: operation.meta.site.at,
      },
    )
  const dtype = dtypeOf(leaves)!
  const given = operation.inputs[0]!
  const rows = given.shape.length === 1 ? reshape(given, [1, -1]) : given
  const x = cast(rows, dtype)
  const reached = temperature === 0 ? hard(x, ensemble) : soft(x, ensemble, temperature)
  const sums = gemm(reached, leaves)
  const total = base.length === 0 ? sums : add(sums, constant(base, dtype))
  if (binary === undefined) return POSTS[post](total, operation)
  if (post === 'LOGISTIC') return concat([sigmoid(neg(total)), sigmoid(total)], { axis: 1 })
  return concat([binary === 'probability' ? sub(1, total) : neg(total), total], { axis: 1 })
}

const POSTS: { readonly [P in Ensemble['post']]: (scores: Value, operation: Operation) => Value } = {
  NONE: (scores) => scores,
  SOFTMAX: (scores) => softmax(scores),
  LOGISTIC: (scores) => sigmoid(scores),
  // scores of 0 stay 0
  SOFTMAX_ZERO: (scores) => {
    const zero = equal(scores, 0)
    const powers = where(zero, 0, exp(scores))
    return mul(powers, reduceSum(powers, { axes: [1], keepDims: true }))
  },
  PROBIT: (_, operation) => {
    throw new PodError('MODEL_UNSUPPORTED', `${operation.meta.name ?? operation.type} gives probits`, {
      at: operation.meta.site.at,
    })
  },
}

const COMPARE: { readonly [M in Mode]: (x: Value, threshold: Value) => Value } = {
  LEQ: lessOrEqual,
  LT: less,
  GTE: greaterOrEqual,
  GT: greater,
  EQ: equal,
  NEQ: (x, threshold) => not(equal(x, threshold)),
}

/** The features asked for, one column a question, and the thresholds as a row. */
const asked = (x: Value, { questions }: Ensemble): readonly [Value, Value] => [
  gather(
    x,
    constant(
      questions.map(({ feature }) => feature),
      'int64',
    ),
    { axis: 1 },
  ),
  constant(
    questions.map(({ threshold }) => threshold),
    dtypeOf(x),
  ),
]

/** Whether each question is answered with yes, [rows, questions]. */
function answers(x: Value, ensemble: Ensemble): Value {
  const [features, thresholds] = asked(x, ensemble)
  const { questions } = ensemble
  const row = (tells: (i: number) => boolean): Value =>
    constant(
      tensor(
        'bool',
        [questions.length],
        Uint8Array.from(questions, (_, i) => (tells(i) ? 1 : 0)),
      ),
    )
  const modes = [...new Set(questions.map(({ mode }) => mode))]
  const yes = modes
    .map((mode) => {
      const answer = COMPARE[mode](features, thresholds)
      return modes.length === 1
        ? answer
        : and(
            answer,
            row((i) => questions[i].mode === mode),
          )
    })
    .reduce(or)
  const missing = isNaN(features)
  return or(
    and(yes, not(missing)),
    and(
      missing,
      row((i) => questions[i].missing),
    ),
  )
}

/** Which leaf each row reaches in each tree, as 1 among 0s: [rows, leaves]. */
function hard(x: Value, ensemble: Ensemble): Value {
  const yes = cast(answers(x, ensemble), dtypeOf(x)!)
  return reduceMin(along(yes, sub(1, yes), 1, ensemble), { axes: [2] })
}

/** How much of each row reaches each leaf: the product of its answers, as a sum of logarithms. */
function soft(x: Value, ensemble: Ensemble, temperature: number): Value {
  const { questions } = ensemble
  const [features, thresholds] = asked(x, ensemble)
  const dtype = dtypeOf(x)!
  const signs = constant(
    questions.map(({ mode }) =>
      mode === 'LEQ' || mode === 'LT' ? 1 / temperature : mode === 'GT' || mode === 'GTE' ? -1 / temperature : 0,
    ),
    dtype,
  )
  const leaning = mul(sub(thresholds, features), signs)
  const yes = answers(x, ensemble)
  // what is equal or missing has no slope: it is as certain as can be
  const certain = or(isNaN(features), equal(signs, 0))
  const slope = where(certain, where(yes, 100, -100), where(certain, 0, leaning))
  const logits = cast(slope, dtype)
  return exp(reduceSum(along(neg(softplus(neg(logits))), neg(softplus(logits)), 0, ensemble), { axes: [2] }))
}

/** What stands on the way to each leaf: [rows, leaves, questions of the longest way], shorter ways filled with `neutral`. */
function along(yes: Value, no: Value, neutral: number, { questions, leaves }: Ensemble): Value {
  const count = questions.length
  const longest = Math.max(1, ...leaves.map(({ path }) => path.length))
  const places = leaves.flatMap(({ path }) =>
    Array.from({ length: longest }, (_, i) => {
      const step = path[i]
      return step === undefined ? 2 * count : step.yes ? step.question : count + step.question
    }),
  )
  const filler = constantOfShape(concat([shape(yes, 0, 1), constant([1], 'int64')]), neutral, dtypeOf(yes))
  const all = concat([yes, no, filler], { axis: 1 })
  const indices = constant(tensor('int64', [leaves.length, longest], BigInt64Array.from(places, BigInt)))
  return gather(all, indices, { axis: 1 })
}
