import { tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import { apply, applyOne } from '../apply.ts'
import { int, ints, text } from '../attribute.ts'
import * as g from '../index.ts'
import type { OperatorName } from '../schemas/index.ts'
import { type Case, int64, testDerivatives } from '../testDerivatives.ts'
import { checkOperator } from '../testOperators.ts'
import type { Attribute } from '../value.ts'

const floats = (...value: number[]): Attribute => ({ kind: 'floats', value })

const of = (
  type: OperatorName,
  attributes: Readonly<Record<string, Attribute>> = {},
  more: Partial<Case> = {},
): Case => ({ shapes: [[2, 3]], make: (...x) => applyOne(type, x, attributes), dtype: 'float32', ...more })

const coefficients = floats(0.5, -1, 1, 0, 0.3, 2)
const classifier = (post: string) => ({
  coefficients,
  intercepts: floats(0.25, -0.5),
  classlabels_ints: ints([4, 5]),
  post_transform: text(post),
})
const kernel = (type: string, ...params: number[]) => ({
  kernel_type: text(type),
  kernel_params: floats(...params),
  support_vectors: floats(1, 0, 0.5, 0, 1, -1),
  coefficients: floats(1, -0.5),
  n_supports: int(2),
  rho: floats(0.1),
})

/** Two classes with two vectors and one, three with one each more. */
const vectors = (type: string, classes: 2 | 3, more: Readonly<Record<string, Attribute>> = {}) => ({
  classlabels_ints: ints(Array.from({ length: classes }, (_, i) => i + 4)),
  kernel_type: text(type),
  kernel_params: floats(0.5, 0.25, 2),
  vectors_per_class: ints(classes === 2 ? [2, 1] : [2, 1, 1]),
  support_vectors: floats(1, 0, 0.5, 0, 1, -1, 0.3, -0.4, 2, ...(classes === 2 ? [] : [-1, -1, 0.2])),
  coefficients: classes === 2 ? floats(1, 0.5, -1.5) : floats(1, 0.5, -1.5, -0.75, 0.2, -1, 0.9, -0.3),
  rho: classes === 2 ? floats(0.1) : floats(0.1, -0.2, 0.3),
  ...more,
})
const plain = (post: string, classes: 2 | 3) => ({
  classlabels_strings: { kind: 'strings', value: ['a', 'b', 'c'].slice(0, classes) } as Attribute,
  coefficients: floats(...[0.5, -1, 1, 0, 0.3, 2, -0.2, 0.6, 0.1].slice(0, 3 * classes)),
  kernel_type: text('LINEAR'),
  kernel_params: floats(0, 0, 0),
  post_transform: text(post),
  rho: floats(0.1),
})
const positive = { coefficients: floats(1, 0.5, 1.5) }
const chances = { prob_a: floats(-1.5, -2, -1), prob_b: floats(0.1, 0, -0.2) }
const supported: Readonly<Record<string, Readonly<Record<string, Attribute>>>> = {
  'two classes, RBF': vectors('RBF', 2),
  'two classes, RBF, LOGISTIC': vectors('RBF', 2, { post_transform: text('LOGISTIC') }),
  'two classes, LINEAR, coefficients above 0': vectors('LINEAR', 2, positive),
  'two classes, POLY, coefficients above 0': vectors('POLY', 2, positive),
  'three classes, LINEAR': vectors('LINEAR', 3),
  'three classes, POLY': vectors('POLY', 3),
  'three classes, SIGMOID, SOFTMAX': vectors('SIGMOID', 3, { post_transform: text('SOFTMAX') }),
  'two chances': vectors('RBF', 2, { prob_a: floats(-1.5), prob_b: floats(0.1) }),
  'two classes without vectors': plain('NONE', 2),
  'three classes without vectors, LOGISTIC': plain('LOGISTIC', 3),
}
const decided = (x: g.Value, attributes: Readonly<Record<string, Attribute>>): readonly g.Value[] =>
  apply('SVMClassifier', [x], attributes, { outputs: 2 })

testDerivatives(
  Object.fromEntries(
    Object.entries(supported).map(([name, attributes]) => [
      `SVMClassifier, ${name}`,
      of('SVMClassifier', {}, { make: (x) => decided(x, attributes)[1] }),
    ]),
  ),
)

const rows = tensor('float32', [4, 3], Float32Array.of(0.5, -1, 2, 1, 0, 0.5, -2, 1, 0.1, 0.3, 0.2, -0.7))

test.each(Object.entries({ ...supported, 'three chances': vectors('RBF', 3, chances) }))(
  'SVMClassifier, %s: what it is made of gives what the runtime gives',
  async (name, attributes) => {
    const x = g.input('x', 'float32', ['n', 3])
    // the runtime comes near to chances by turns, and stops before the end
    const tolerance = name.includes('chances') ? 3e-3 : 1e-5
    await checkOperator({ outputs: decided(x, attributes), feeds: { x: rows }, tolerance })
  },
)

testDerivatives({
  Scaler: of('Scaler', { offset: floats(1, 2, 3), scale: floats(0.5, 2, -1) }),
  'Normalizer MAX': of('Normalizer', { norm: text('MAX') }, { within: [0.5, 2] }),
  'Normalizer L1': of('Normalizer', { norm: text('L1') }),
  'Normalizer L2': of('Normalizer', { norm: text('L2') }),
  Imputer: of('Imputer', {
    imputed_value_floats: floats(7),
    replaced_value_float: { kind: 'float', value: Number.NaN },
  }),
  FeatureVectorizer: of(
    'FeatureVectorizer',
    { inputdimensions: ints([3, 2]) },
    {
      shapes: [
        [2, 3],
        [2, 2],
      ],
    },
  ),
  ArrayFeatureExtractor: of(
    'ArrayFeatureExtractor',
    {},
    {
      make: (x) => applyOne('ArrayFeatureExtractor', [x, int64(2, 0, 2)]),
    },
  ),
  'ArrayFeatureExtractor, indices in rows': of(
    'ArrayFeatureExtractor',
    {},
    {
      shapes: [[3]],
      make: (x) => {
        const picked = applyOne('ArrayFeatureExtractor', [x, g.reshape(int64(2, 0, 2, 1), [2, 2])])
        expect(picked.shape).toEqual([1, 4])
        return picked
      },
    },
  ),
  LinearRegressor: of('LinearRegressor', { coefficients, targets: int(2), post_transform: text('LOGISTIC') }),
  'LinearClassifier SOFTMAX': of(
    'LinearClassifier',
    {},
    {
      make: (x) => apply('LinearClassifier', [x], classifier('SOFTMAX'), { outputs: 2 })[1],
    },
  ),
  'LinearClassifier LOGISTIC': of(
    'LinearClassifier',
    {},
    {
      make: (x) => apply('LinearClassifier', [x], classifier('LOGISTIC'), { outputs: 2 })[1],
    },
  ),
  'SVMRegressor LINEAR': of('SVMRegressor', kernel('LINEAR', 0, 0, 0)),
  'SVMRegressor RBF': of('SVMRegressor', kernel('RBF', 0.5, 0, 0)),
  'SVMRegressor POLY': of('SVMRegressor', kernel('POLY', 0.5, 1, 2)),
  'SVMRegressor SIGMOID': of('SVMRegressor', kernel('SIGMOID', 0.5, 0.1, 0)),
})

test('what does not fit, or has no derivative, is refused', () => {
  const x = g.input('x', 'float32', ['n', 3])
  const refused = (make: () => unknown, code: string) => expect(make).toThrowError(expect.objectContaining({ code }))
  const probit = () => apply('LinearClassifier', [x], classifier('PROBIT'), { outputs: 2 })[1]
  refused(() => g.vjp([probit()], [x], [probit()]), 'NOT_DIFFERENTIABLE')
  refused(() => applyOne('Scaler', [x], { offset: floats(1, 2) }), 'SHAPE_MISMATCH')
  refused(() => applyOne('Normalizer', [x], { norm: text('L3') }), 'OPTION_INVALID')
  refused(() => applyOne('Imputer', [x]), 'ATTRIBUTE_MISSING')
  refused(() => applyOne('FeatureVectorizer', [x, x], { inputdimensions: ints([3]) }), 'SHAPE_MISMATCH')
  refused(() => applyOne('LinearRegressor', [x], { coefficients: floats(1, 2) }), 'SHAPE_MISMATCH')
  refused(() => applyOne('LinearClassifier', [x], { coefficients }), 'ATTRIBUTE_MISSING')
  refused(() => decided(x, { ...vectors('RBF', 2), classlabels_ints: ints([1, 2, 3]) }), 'SHAPE_MISMATCH')
  refused(() => decided(x, { ...vectors('RBF', 3), rho: floats(0.1) }), 'SHAPE_MISMATCH')
  refused(() => decided(x, { ...vectors('RBF', 2), coefficients: floats(1) }), 'SHAPE_MISMATCH')
  refused(() => decided(g.input('z', 'float32', ['n', 4]), vectors('RBF', 2)), 'SHAPE_MISMATCH')
  refused(
    () => applyOne('SVMRegressor', [g.input('y', 'float32', [2, 3, 4])], kernel('RBF', 1, 0, 0)),
    'SHAPE_MISMATCH',
  )
})
