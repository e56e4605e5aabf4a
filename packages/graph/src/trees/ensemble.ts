import { PodError } from '@mlpod/contract'
import { int, ints, text } from '../schema.ts'
import type { Attribute, Operation } from '../value.ts'

/** What a node asks of its feature. */
export type Mode = 'LEQ' | 'LT' | 'GTE' | 'GT' | 'EQ' | 'NEQ'

/** A question on the way to a leaf. */
export interface Question {
  readonly feature: number
  readonly threshold: number
  readonly mode: Mode
  /** Whether a missing feature (NaN) answers yes. */
  readonly missing: boolean
}

/** A leaf: the answers that lead there, and what it adds to each target. */
export interface Leaf {
  readonly path: readonly { readonly question: number; readonly yes: boolean }[]
  readonly weights: readonly { readonly target: number; readonly weight: number }[]
}

/** An ensemble of decision trees as questions and leaves. */
export interface Ensemble {
  readonly questions: readonly Question[]
  readonly leaves: readonly Leaf[]
  readonly trees: number
  readonly targets: number
  readonly base: readonly number[]
  readonly aggregate: 'SUM' | 'AVERAGE' | 'MIN' | 'MAX'
  readonly post: 'NONE' | 'SOFTMAX' | 'LOGISTIC' | 'SOFTMAX_ZERO' | 'PROBIT'
  /** A classifier of two classes whose leaves weigh one: the other class has what is left. */
  readonly binary?: 'probability' | 'score'
}

/** Returns the ensemble that a TreeEnsemble, TreeEnsembleRegressor or TreeEnsembleClassifier is. Throws `MODEL_UNSUPPORTED`. */
export function ensembleOf(operation: Operation): Ensemble {
  return operation.type === 'TreeEnsemble' ? modern(operation) : classic(operation)
}

const numbers = (attribute: Attribute | undefined): readonly number[] | undefined =>
  attribute?.kind === 'floats'
    ? attribute.value
    : attribute?.kind === 'tensor'
      ? Array.from(attribute.value.data as ArrayLike<number>, Number)
      : undefined

const unsupported = (operation: Operation, what: string): PodError =>
  new PodError('MODEL_UNSUPPORTED', `the trees of ${operation.meta.name ?? operation.type} ${what}`, {
    at: operation.meta.site.at,
  })

interface Step {
  /** Which question is asked here; undefined in a leaf. */
  readonly question?: number
  readonly yes: number
  readonly no: number
  readonly weights: Leaf['weights']
}

/** Walks down a tree and gives its leaves. */
function leavesFrom(root: number, step: (node: number) => Step): Leaf[] {
  const leaves: Leaf[] = []
  const stack: { readonly node: number; readonly path: Leaf['path'] }[] = [{ node: root, path: [] }]
  while (stack.length > 0) {
    const { node, path } = stack.pop()!
    const { question, yes, no, weights } = step(node)
    if (question === undefined) leaves.push({ path, weights })
    else {
      stack.push({ node: no, path: [...path, { question, yes: false }] })
      stack.push({ node: yes, path: [...path, { question, yes: true }] })
    }
  }
  return leaves
}

function classic(operation: Operation): Ensemble {
  const { attributes, type } = operation
  const list = (name: string): readonly number[] => ints(operation, name) ?? []
  const classifier = type === 'TreeEnsembleClassifier'
  const part = classifier ? 'class' : 'target'
  const [trees, nodes] = [list('nodes_treeids'), list('nodes_nodeids')]
  const place = new Map(nodes.map((node, i) => [`${trees[i]}/${node}`, i]))
  const thresholds = numbers(attributes.nodes_values) ?? numbers(attributes.nodes_values_as_tensor) ?? []
  const modes = attributes.nodes_modes?.kind === 'strings' ? attributes.nodes_modes.value : []
  const [features, yes, no, missing] = ['featureids', 'truenodeids', 'falsenodeids', 'missing_value_tracks_true'].map(
    (name) => list(`nodes_${name}`),
  )
  const [ids, leafNodes, leafTrees] = ['ids', 'nodeids', 'treeids'].map((name) => list(`${part}_${name}`))
  const weights = numbers(attributes[`${part}_weights`]) ?? numbers(attributes[`${part}_weights_as_tensor`]) ?? []
  const weightsOf = new Map<string, { target: number; weight: number }[]>()
  for (const [i, node] of leafNodes.entries()) {
    const key = `${leafTrees[i]}/${node}`
    const known = weightsOf.get(key)
    if (known === undefined) weightsOf.set(key, [{ target: ids[i], weight: weights[i] }])
    else known.push({ target: ids[i], weight: weights[i] })
  }
  const questions: Question[] = []
  const askedAt = new Map<number, number>()
  const step =
    (tree: number) =>
    (i: number): Step => {
      const mode = modes[i].replace('BRANCH_', '')
      if (mode === 'LEAF') return { yes: -1, no: -1, weights: weightsOf.get(`${tree}/${nodes[i]}`) ?? [] }
      let question = askedAt.get(i)
      if (question === undefined) {
        question = questions.length
        askedAt.set(i, question)
        const asked = { feature: features[i], threshold: thresholds[i], mode: mode as Mode, missing: missing[i] === 1 }
        questions.push(asked)
      }
      return { question, yes: place.get(`${tree}/${yes[i]}`)!, no: place.get(`${tree}/${no[i]}`)!, weights: [] }
    }
  // the first node of a tree is its root
  const roots = new Map<number, number>()
  for (const [i, tree] of trees.entries()) if (!roots.has(tree)) roots.set(tree, i)
  const leaves = [...roots].flatMap(([tree, root]) => leavesFrom(root, step(tree)))
  const labels = attributes.classlabels_int64s ?? attributes.classlabels_strings
  const classes = labels?.kind === 'ints' || labels?.kind === 'strings' ? labels.value.length : 0
  const oneSided = classifier && classes === 2 && new Set(ids).size === 1
  return {
    questions,
    leaves: oneSided
      ? leaves.map((leaf) => ({ ...leaf, weights: leaf.weights.map(({ weight }) => ({ target: 0, weight })) }))
      : leaves,
    trees: roots.size,
    targets: oneSided ? 1 : classifier ? classes : int(operation, 'n_targets', 1),
    base: numbers(attributes.base_values) ?? numbers(attributes.base_values_as_tensor) ?? [],
    aggregate: text(operation, 'aggregate_function', 'SUM') as Ensemble['aggregate'],
    post: text(operation, 'post_transform', 'NONE') as Ensemble['post'],
    ...(oneSided && { binary: weights.every((weight) => weight >= 0) ? ('probability' as const) : ('score' as const) }),
  }
}

const MODES: readonly Mode[] = ['LEQ', 'LT', 'GTE', 'GT', 'EQ', 'NEQ']
const AGGREGATES = ['AVERAGE', 'SUM', 'MIN', 'MAX'] as const
const POSTS = ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT'] as const

function modern(operation: Operation): Ensemble {
  const { attributes } = operation
  const list = (name: string): readonly number[] => ints(operation, name) ?? []
  const splits = numbers(attributes.nodes_splits) ?? []
  const modes = numbers(attributes.nodes_modes) ?? []
  const [features, yes, no, yesLeaf, noLeaf, missing] = [
    'featureids',
    'truenodeids',
    'falsenodeids',
    'trueleafs',
    'falseleafs',
    'missing_value_tracks_true',
  ].map((name) => list(`nodes_${name}`))
  const [targets, weights] = [list('leaf_targetids'), numbers(attributes.leaf_weights) ?? []]
  if (modes.some((mode) => mode > 5)) throw unsupported(operation, 'ask whether a feature is in a set')
  const questions = features.map((feature, i) => ({
    feature,
    threshold: splits[i],
    mode: MODES[modes[i]],
    missing: missing[i] === 1,
  }))
  // leaves are numbered behind the nodes
  const count = features.length
  const step = (node: number): Step => {
    if (node >= count)
      return { yes: -1, no: -1, weights: [{ target: targets[node - count], weight: weights[node - count] }] }
    const to = (child: number, leaf: number): number => (leaf === 1 ? count + child : child)
    return { question: node, yes: to(yes[node], yesLeaf[node]), no: to(no[node], noLeaf[node]), weights: [] }
  }
  const roots = list('tree_roots')
  return {
    questions,
    leaves: roots.flatMap((root) => leavesFrom(root, step)),
    trees: roots.length,
    targets: int(operation, 'n_targets', 1),
    base: [],
    aggregate: AGGREGATES[int(operation, 'aggregate_function', 1)],
    post: POSTS[int(operation, 'post_transform', 0)],
  }
}
