import { add, gelu, mul, reciprocal, sigmoid, sqrt } from '../operators/elementwise.ts'
import { matMul } from '../operators/linear.ts'
import { layerNormalizationWithStatistics } from '../operators/normalization.ts'
import { reduceMean } from '../operators/reduction.ts'
import { transpose } from '../operators/structure.ts'
import { float, int } from '../schema.ts'
import { readingOf, readOrder } from '../schemas/fused.ts'
import type { Value } from '../value.ts'
import type { Compositions, Use } from './composition.ts'

function read(x: Value, use: Use, operand: 'A' | 'B'): Value {
  const { transposed, batches } = readingOf(use, operand)
  if (x.shape.length < 2 || (!transposed && !batches)) return x
  return transpose(x, readOrder(x.shape.length, transposed, batches))
}

function product(use: Use): Value {
  const [a, b] = use.inputs as readonly [Value, Value]
  const alpha = float(use, 'alpha', 1)
  const y = matMul(read(a, use, 'A'), read(b, use, 'B'))
  return alpha === 1 ? y : mul(alpha, y)
}

/** x / sqrt(mean(x^2) + epsilon) scale, and the inverse root. */
function byRootMeanSquare(x: Value, scale: Value, epsilon: number, axes: readonly number[]) {
  const inverse = reciprocal(sqrt(add(reduceMean(mul(x, x), { axes, keepDims: true }), epsilon)))
  return { y: mul(mul(x, inverse), scale), inverse }
}

const joined = (...parts: readonly (Value | null | undefined)[]): Value =>
  parts.filter((part) => part != null).reduce((a, b) => add(a, b))

// The runtime's own default.
const EPSILON = 1e-12

/** What the runtime's fused operators are made of. */
export const fused: Compositions = {
  FusedMatMul: (use) => [product(use)],
  FastGelu: ({ inputs: [x, bias] }) => [gelu(joined(x, bias), { approximate: 'tanh' })],
  BiasGelu: ({ inputs: [x, bias] }) => [gelu(joined(x, bias))],
  QuickGelu: (use) => {
    const [x] = use.inputs as readonly [Value]
    return [mul(x, sigmoid(mul(float(use, 'alpha', 1.702), x)))]
  },
  SkipLayerNormalization: (use) => {
    const [x, skip, scale, shift, bias] = use.inputs as readonly (Value | null | undefined)[]
    const sum = joined(x, skip, bias)
    const options = { epsilon: float(use, 'epsilon', EPSILON) }
    const { y, mean, inverseDeviation } = layerNormalizationWithStatistics(sum, scale!, shift, options)
    return [y, mean, inverseDeviation, sum]
  },
  SkipSimplifiedLayerNormalization: (use) => {
    const [x, skip, scale, bias] = use.inputs as readonly (Value | null | undefined)[]
    const sum = joined(x, skip, bias)
    const { y, inverse } = byRootMeanSquare(sum, scale!, float(use, 'epsilon', EPSILON), [-1])
    return [y, undefined, inverse, sum]
  },
  SimplifiedLayerNormalization: (use) => {
    const [x, scale] = use.inputs as readonly [Value, Value]
    const given = int(use, 'axis', -1)
    const axis = given < 0 ? given + x.shape.length : given
    const axes = x.shape.flatMap((_, i) => (i < axis ? [] : [i]))
    const { y, inverse } = byRootMeanSquare(x, scale, float(use, 'epsilon', 1e-5), axes)
    return [y, inverse]
  },
}
