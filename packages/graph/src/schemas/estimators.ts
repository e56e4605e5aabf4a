import { type Call, differ, dtypeIn, floats, int, ints, need, refuse, type Schema, strings } from '../schema.ts'
import { type Dim, tensorType, type ValueType } from '../value.ts'

const learning = { domain: 'ai.onnx.ml', since: 1 } as const

/** Returns the rows and features of the input: a list is one row. */
function rowsOf(call: Call): readonly [rows: Dim, features: Dim] {
  const { shape } = need(call, 0)
  if (shape.length !== 1 && shape.length !== 2)
    throw refuse(call, 'SHAPE_MISMATCH', 'it takes a list of features, or one in each row')
  return shape.length === 1 ? [1, shape[0]] : [shape[0], shape[1]]
}

function checkFeatures(call: Call, features: Dim, name: string, count: number, rows: number): void {
  if (rows === 0 || count % rows !== 0 || differ(features, count / rows))
    throw refuse(call, 'SHAPE_MISMATCH', `${count} ${name} are none for ${rows} rows of ${features} features`)
}

const coefficientsOf = (call: Call): readonly number[] => {
  const list = floats(call, 'coefficients')
  if (list === undefined) throw refuse(call, 'ATTRIBUTE_MISSING', 'it has no coefficients')
  return list
}

function labelled(call: Call): readonly ValueType[] {
  dtypeIn(call, 0, 'number')
  return [tensorType(strings(call, 'classlabels_strings') ? 'string' : 'int64'), tensorType('float32')]
}

function classesIn(call: Call): number {
  const classes = (strings(call, 'classlabels_strings') ?? ints(call, 'classlabels_ints'))?.length
  if (classes === undefined) throw refuse(call, 'ATTRIBUTE_MISSING', 'it has no classes')
  return classes
}

/** Operators of ai.onnx.ml that predict by sums of products. */
export const estimators = {
  LinearRegressor: {
    ...learning,
    inputs: [1, 1],
    attributes: { coefficients: 'floats', intercepts: 'floats', post_transform: 'string', targets: 'int' },
    types: (call) => {
      dtypeIn(call, 0, 'number')
      return [tensorType('float32')]
    },
    shapes: (call) => {
      const [rows, features] = rowsOf(call)
      const targets = int(call, 'targets', 1)
      checkFeatures(call, features, 'coefficients', coefficientsOf(call).length, targets)
      return [[rows, targets]]
    },
  },
  LinearClassifier: {
    ...learning,
    inputs: [1, 1],
    attributes: {
      classlabels_ints: 'ints',
      classlabels_strings: 'strings',
      coefficients: 'floats',
      intercepts: 'floats',
      multi_class: 'int',
      post_transform: 'string',
    },
    types: labelled,
    shapes: (call) => {
      const [rows, features] = rowsOf(call)
      const classes = classesIn(call)
      // two classes may share one row of coefficients
      const scores = floats(call, 'intercepts')?.length ?? classes
      checkFeatures(call, features, 'coefficients', coefficientsOf(call).length, scores)
      return [[rows], [rows, scores === 1 ? 2 : scores]]
    },
  },
  SVMClassifier: {
    ...learning,
    inputs: [1, 1],
    attributes: {
      classlabels_ints: 'ints',
      classlabels_strings: 'strings',
      coefficients: 'floats',
      kernel_params: 'floats',
      kernel_type: 'string',
      post_transform: 'string',
      prob_a: 'floats',
      prob_b: 'floats',
      rho: 'floats',
      support_vectors: 'floats',
      vectors_per_class: 'ints',
    },
    types: labelled,
    shapes: (call) => {
      const [rows, features] = rowsOf(call)
      const classes = classesIn(call)
      const counts = ints(call, 'vectors_per_class') ?? []
      const vectors = counts.reduce((sum, count) => sum + count, 0)
      if (vectors === 0) {
        checkFeatures(call, features, 'coefficients', coefficientsOf(call).length, classes)
        return [[rows], [rows, classes]]
      }
      if (counts.length !== classes)
        throw refuse(call, 'SHAPE_MISMATCH', `vectors of ${counts.length} classes are told, and ${classes} labels`)
      checkFeatures(call, features, 'numbers of support vectors', floats(call, 'support_vectors')?.length ?? 0, vectors)
      if (coefficientsOf(call).length !== vectors * (classes - 1))
        throw refuse(
          call,
          'SHAPE_MISMATCH',
          `${vectors} vectors of ${classes} classes have ${classes - 1} coefficients each`,
        )
      const pairs = (classes * (classes - 1)) / 2
      if ((floats(call, 'rho')?.length ?? 0) < pairs)
        throw refuse(call, 'SHAPE_MISMATCH', `rho must tell a number for each of ${pairs} pairs of classes`)
      return [[rows], [rows, classes === 2 || floats(call, 'prob_a') ? classes : pairs]]
    },
  },
  SVMRegressor: {
    ...learning,
    inputs: [1, 1],
    attributes: {
      coefficients: 'floats',
      kernel_params: 'floats',
      kernel_type: 'string',
      n_supports: 'int',
      one_class: 'int',
      post_transform: 'string',
      rho: 'floats',
      support_vectors: 'floats',
    },
    types: (call) => {
      dtypeIn(call, 0, 'number')
      return [tensorType('float32')]
    },
    shapes: (call) => {
      const [rows, features] = rowsOf(call)
      const supports = int(call, 'n_supports', 0)
      const vectors = floats(call, 'support_vectors')?.length ?? 0
      if (supports > 0) checkFeatures(call, features, 'numbers of support vectors', vectors, supports)
      return [[rows, 1]]
    },
  },
} as const satisfies Record<string, Schema>
