import type { DataType } from '@mlpod/contract'
import { applyOne } from '../apply.ts'
import { float, int, ints } from '../attribute.ts'
import { CODE_OF_DATA_TYPE } from '../onnx/data-type.ts'
import type { OperatorName } from '../schemas/index.ts'
import { type Attribute, isValue, type Value } from '../value.ts'

/** What all that draws may be told. */
export interface DrawOptions {
  /** Default float32, or that of the value it is like. */
  readonly dtype?: DataType
  /** Where the runtime starts to count in every session. Default: elsewhere every time. */
  readonly seed?: number
}

const told = ({ dtype, seed }: DrawOptions): Record<string, Attribute> => ({
  ...(dtype === undefined ? {} : { dtype: int(CODE_OF_DATA_TYPE[dtype]) }),
  ...(seed === undefined ? {} : { seed: float(seed) }),
})

const drawn =
  (type: OperatorName & `Random${string}`, like: OperatorName) =>
  (sizes: readonly number[] | Value, attributes: Record<string, Attribute>): Value =>
    isValue(sizes) ? applyOne(like, [sizes], attributes) : applyOne(type, [], { ...attributes, shape: ints(sizes) })

const normals = drawn('RandomNormal', 'RandomNormalLike')
const uniforms = drawn('RandomUniform', 'RandomUniformLike')

/**
 * Returns numbers of a normal distribution (default mean 0, deviation 1) in a shape, or in that of a value. The runtime
 * draws anew in every run, and has no kernel from opset 22 on: not in one model with `attention`. For numbers that can be
 * drawn again, feed them.
 */
export const randomNormal = (
  shape: readonly number[] | Value,
  { mean = 0, deviation = 1, ...options }: DrawOptions & { mean?: number; deviation?: number } = {},
): Value => normals(shape, { mean: float(mean), scale: float(deviation), ...told(options) })

/** Returns numbers spread evenly from `low` (default 0) up to `high` (default 1), as `randomNormal` does normal ones. */
export const randomUniform = (
  shape: readonly number[] | Value,
  { low = 0, high = 1, ...options }: DrawOptions & { low?: number; high?: number } = {},
): Value => uniforms(shape, { low: float(low), high: float(high), ...told(options) })

/** Returns 1 with the probability that each element tells, else 0. */
export const bernoulli = (probabilities: Value, options: DrawOptions = {}): Value =>
  applyOne('Bernoulli', [probabilities], told(options))

/** Returns indices drawn from each row of logarithms of probabilities that need not sum to 1: [rows, count], int32 or int64. */
export const multinomial = (
  logarithms: Value,
  count = 1,
  options: DrawOptions & { readonly dtype?: 'int32' | 'int64' } = {},
): Value => applyOne('Multinomial', [logarithms], { sample_size: int(count), ...told(options) })
