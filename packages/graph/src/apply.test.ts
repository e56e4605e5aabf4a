import { PodError, tensor } from '@mlpod/contract'
import { expect, test } from 'vitest'
import * as g from './index.ts'
import { input } from './leaf.ts'
import type { Value } from './value.ts'

const errorOf = (make: () => unknown): PodError => {
  try {
    make()
  } catch (error) {
    if (error instanceof PodError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

const line = (): number => Number(/apply\.test\.ts:(\d+)/.exec(new Error('here').stack!.split('\n')[2])![1])

const a = input('a', 'float32', [128, 10])
const b = input('b', 'float32', [12])
const n = input('n', 'int64', ['batch'])
const s = input('s', 'string', ['batch'])

test("an error of shapes names the operator, both shapes and the caller's line", () => {
  const here = line()
  const error = errorOf(() => g.add(a, b))
  expect(error).toMatchObject({
    code: 'SHAPE_MISMATCH',
    message: 'Add(a: float32[128, 10], b: float32[12]): the shapes do not broadcast',
  })
  expect(error.at).toMatch(new RegExp(`apply\\.test\\.ts:${here + 1}$`))
})

const refused: readonly [string, () => unknown, string, string][] = [
  [
    'element types',
    () => g.add(a, n),
    'DTYPE_MISMATCH',
    'Add(a: float32[128, 10], n: int64[batch]): inputs 0 and 1 must have one element type',
  ],
  [
    'inner sizes',
    () => g.matMul(a, input('w', 'float32', [12, 3])),
    'SHAPE_MISMATCH',
    'the inner sizes 10 and 12 differ',
  ],
  ['scalars in products', () => g.matMul(a, g.constant(1)), 'SHAPE_MISMATCH', 'a matrix product takes no scalars'],
  [
    'batches in products',
    () => g.matMul(input('p', 'float32', [2, 3, 4]), input('q', 'float32', [5, 4, 3])),
    'SHAPE_MISMATCH',
    'the batch axes do not broadcast',
  ],
  ['gemm of vectors', () => g.gemm(a, b), 'SHAPE_MISMATCH', 'gemm takes matrices'],
  [
    'gemm with a wrong term',
    () => g.gemm(a, input('w', 'float32', [10, 3]), b),
    'SHAPE_MISMATCH',
    'c must broadcast to [128, 3]',
  ],
  ['exp of whole numbers', () => g.exp(n), 'DTYPE_MISMATCH', 'input 0 must be float32 or float64'],
  ['and of numbers', () => g.and(n, n), 'DTYPE_MISMATCH', 'input 0 must be bool'],
  ['sums of strings', () => g.add(s, s), 'DTYPE_MISMATCH', 'input 0 must be float32'],
  ['a condition that is no bool', () => g.where(a, a, a), 'DTYPE_MISMATCH', 'input 0 must be bool'],
  [
    'an axis that is not there',
    () => g.softmax(a, { axis: 2 }),
    'AXIS_OUT_OF_RANGE',
    'axis 2 is not in a tensor of 2 axes',
  ],
  ['a reduction of an axis that is not there', () => g.reduceSum(a, { axes: [-3] }), 'AXIS_OUT_OF_RANGE', 'axis -3'],
  ['reshape', () => g.reshape(a, [3, 5]), 'SHAPE_MISMATCH', '1280 elements do not fill [3, 5]'],
  ['reshape with a rest', () => g.reshape(a, [-1, 7]), 'SHAPE_MISMATCH', 'do not fill [-1, 7]'],
  ['transpose', () => g.transpose(a, [0, 0]), 'SHAPE_MISMATCH', '[0, 0] is no order of 2 axes'],
  ['squeeze', () => g.squeeze(a, [1]), 'SHAPE_MISMATCH', 'axis 1 has size 10'],
  [
    'concat',
    () => g.concat([a, input('c', 'float32', [127, 10])], { axis: 1 }),
    'SHAPE_MISMATCH',
    'sizes 128 and 127 differ on axis 0',
  ],
  ['split', () => g.split(a, [3, 3], { axis: 1 }), 'SHAPE_MISMATCH', 'the parts sum to 6, but axis 1 has size 10'],
  ['expand', () => g.expand(a, [3]), 'SHAPE_MISMATCH', 'it does not expand to [3]'],
  [
    'a reflection of more than there is',
    () => g.pad(input('p', 'float32', ['n', 3]), [5, 0, 0, 3], { mode: 'reflect' }),
    'SHAPE_MISMATCH',
    'axis 1 of size 3 cannot be reflected by 3 elements',
  ],
  ['topK', () => g.topK(a, 11), 'SHAPE_MISMATCH', 'the top 11 of 10 elements cannot be taken'],
  ['bounds by element', () => g.clip(a, b), 'SHAPE_MISMATCH', 'the bounds of a clip are scalars'],
  ['indices that are no whole numbers', () => g.gather(a, b), 'DTYPE_MISMATCH', 'input 1 must be int32 or int64'],
  [
    'branches of other types',
    () =>
      g.ifElse(
        g.constant(true),
        () => a,
        () => g.cast(a, 'float64'),
      ),
    'DTYPE_MISMATCH',
    'the branches return float32[128, 10] and float64[128, 10]',
  ],
  [
    'branches of other ranks',
    () =>
      g.ifElse(
        g.constant(true),
        () => a,
        () => b,
      ),
    'RANK_UNKNOWN',
    'the branches return',
  ],
  [
    'a loop that changes its state',
    () => g.repeat(2, [a], ([x]) => [g.reduceSum(x)]),
    'BODY_MISMATCH',
    'turns float32[128, 10] into float32[]',
  ],
  [
    'a loop that forgets its state',
    () => g.repeat(2, [a, b], ([x]) => [x]),
    'BODY_MISMATCH',
    'starts with 2 values of state and returns 1',
  ],
  ['an input without a name', () => input('', 'float32', []), 'NAME_MISSING', 'needs a name'],
  [
    'an input with a size that is none',
    () => input('z', 'float32', [1.5]),
    'SHAPE_MISMATCH',
    'input "z" has the size "1.5"',
  ],
  [
    'a default that does not fit',
    () => input('z', 'float32', [3], { default: tensor('float32', [2], new Float32Array(2)) }),
    'SHAPE_MISMATCH',
    'the default of input "z" is float32[2], the input is float32[3]',
  ],
  ['a fraction among whole numbers', () => g.add(n, 0.5), 'DTYPE_MISMATCH', '0.5 is no int64'],
  [
    'a fraction among small whole numbers',
    () => g.mul(input('i', 'int32', ['batch']), 0.5),
    'DTYPE_MISMATCH',
    '0.5 is no int32',
  ],
  ['a number past its type', () => g.constant([255, 256], 'uint8'), 'DTYPE_MISMATCH', '256 is no uint8'],
  ['a number below its type', () => g.constant(-1, 'uint64'), 'DTYPE_MISMATCH', '-1 is no uint64'],
  ['2^63', () => g.constant(2 ** 63, 'int64'), 'DTYPE_MISMATCH', '9223372036854775808 is no int64'],
  ['NaN as a whole number', () => g.constant(Number.NaN, 'int8'), 'DTYPE_MISMATCH', 'NaN is no int8'],
  [
    'a parameter with too few elements',
    () => g.parameter('w', { dtype: 'float32', shape: [3], data: new Float32Array(2) }),
    'SHAPE_MISMATCH',
    'a tensor of shape [3] has 3 elements, but the data has 2',
  ],
  ['two sizes to find', () => g.reshape(a, [-1, -1]), 'SHAPE_MISMATCH', '[-1, -1] is no shape'],
  ['a size below -1', () => g.reshape(input('m', 'float32', ['n', 2]), [-2]), 'SHAPE_MISMATCH', '[-2] is no shape'],
  ['nothing to join', () => g.concat([]), 'INPUT_MISSING', 'it takes at least 1 inputs, not 0'],
]

test.each(refused)('%s that do not fit are refused', (_, make, code, message) => {
  const error = errorOf(make)
  expect(error.code).toBe(code)
  expect(error.message).toContain(message)
  expect(error.at).toMatch(/apply\.test\.ts:\d+$/)
})

const shapeOf = (value: Value): readonly (string | number)[] =>
  value.shape.map((dim) => (String(dim).startsWith('?') ? '?' : dim))

test('sizes that a file computes are known: those before and after an axis, the axis modulo the rank', () => {
  const x = g.input('x', 'float32', ['n', 18])
  const at = g.mod(g.constant([-1], 'int64'), g.constant([2], 'int64'))
  const sizes = g.concat([g.slice(g.shape(x), [0], at), g.constant([2, 9], 'int64')])
  expect(g.reshape(x, sizes).shape).toEqual(['n', 2, 9])
})

test('sizes that are only known in a run keep their names', () => {
  const x = input('x', 'float32', ['batch', 3, 4])
  const other = input('other', 'float32', ['other', 3, 4])
  expect(shapeOf(g.reshape(x, [-1, 12]))).toEqual(['batch', 12])
  expect(shapeOf(g.reshape(x, [-1, 4]))).toEqual(['?', 4])
  expect(shapeOf(g.reshape(x, g.concat([g.shape(x, 0, 1), g.constant([12], 'int64')])))).toEqual(['batch', 12])
  expect(shapeOf(g.flatten(x))).toEqual(['batch', 12])
  expect(shapeOf(g.add(x, other))).toEqual(['?', 3, 4])
  expect(shapeOf(g.add(x, g.constant(new Array(4).fill(0))))).toEqual(['batch', 3, 4])
  expect(shapeOf(g.expand(g.constant(1), g.shape(x)))).toEqual(['batch', 3, 4])
  expect(shapeOf(g.concat([x, other]))).toEqual(['?', 3, 4])
  expect(shapeOf(g.matMul(x, input('w', 'float32', [4, 5])))).toEqual(['batch', 3, 5])
  expect(shapeOf(g.gather(x, g.constant([0, 1], 'int64'), { axis: 1 }))).toEqual(['batch', 2, 4])
  expect(shapeOf(g.range(0, g.squeeze(g.shape(x, 0, 1), [0])))).toEqual(['batch'])
  expect(shapeOf(g.constantOfShape(g.shape(x, 0, 2)))).toEqual(['batch', 3])
  expect(shapeOf(g.slice(x, [1], [3], { axes: [2] }))).toEqual(['batch', 3, 2])
})

test('numbers become constants of the other operand', () => {
  const double = input('d', 'float64', [2])
  expect(g.dtypeOf(g.mul(2, double))).toBe('float64')
  expect(g.dtypeOf(g.add(n, 1))).toBe('int64')
  expect(g.dtypeOf(g.equal(s, 'yes'))).toBe('bool')
})
