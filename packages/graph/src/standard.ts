import { apply } from './apply.ts'
import type { Use } from './compositions/composition.ts'
import { add, cast, div, mul, reciprocal, sqrt, sub } from './operators/elementwise.ts'
import { reduceSum } from './operators/reduction.ts'
import { reshape, unsqueeze } from './operators/structure.ts'
import { countOf, reshapeTo } from './rules/shape.ts'
import { float, int } from './schema.ts'
import { dtypeOf, type Value } from './value.ts'

/** How an operator brings x to deviation 1 (and mean 0) over axes, then scales and shifts it. */
export interface Standard {
  /** The axes that are standardised over. */
  readonly axes: readonly number[]
  /** x as those axes count: groups of channels may be an axis of their own. */
  readonly x: Value
  /** Whether the mean is taken off. */
  readonly centred: boolean
  /** 1 / deviation, as it broadcasts with x. */
  readonly inverse: Value
  /** x standardised. */
  readonly z: Value
  /** As they broadcast with the operator's x. */
  readonly scale: Value
  readonly bias: Value | undefined
  /** Whether the scale is one number along the axes. */
  readonly even: boolean
}

/** Returns the mean over axes, which stay with size 1. */
export function meanOver(x: Value, axes: readonly number[]): Value {
  const sum = reduceSum(x, { axes, keepDims: true })
  return div(sum, countOf(x, sum, axes))
}

/** Returns 1 / sqrt(variance + epsilon). */
export const inverseRoot = (variance: Value, use: Pick<Use, 'attributes'>): Value =>
  reciprocal(sqrt(add(variance, float(use, 'epsilon', 1e-5))))

/** Returns a vector of one number a channel as it broadcasts with x. */
export const alongChannels = (vector: Value, x: Value): Value =>
  x.shape.length === 2
    ? vector
    : unsqueeze(
        vector,
        Array.from({ length: x.shape.length - 2 }, (_, i) => i + 1),
      )

type Parts = Pick<Standard, 'x' | 'axes' | 'scale' | 'bias' | 'even'>

function centred(use: Use, parts: Parts): Standard & { readonly mean: Value; readonly variance: Value } {
  const { x, axes } = parts
  const mean = meanOver(x, axes)
  const c = sub(x, mean)
  const variance = meanOver(mul(c, c), axes)
  const inverse = inverseRoot(variance, use)
  return { ...parts, centred: true, mean, variance, inverse, z: mul(c, inverse) }
}

const byChannel = (x: Value, { inputs: [, scale, bias] }: Use): Pick<Parts, 'scale' | 'bias'> => ({
  scale: alongChannels(scale!, x),
  bias: alongChannels(bias!, x),
})

const besideChannels = (x: Value): number[] => x.shape.map((_, axis) => axis).filter((axis) => axis !== 1)
const axesFrom = (x: Value, use: Use): number[] => {
  const axis = int(use, 'axis', -1)
  return x.shape.map((_, i) => i).filter((i) => i >= (axis < 0 ? axis + x.shape.length : axis))
}

/** Operators that standardise, each over its axes. */
export const STANDARDS = {
  // over images and places, as training does
  BatchNormalization: (use) => {
    const [x] = use.inputs as readonly [Value]
    return centred(use, { x, axes: besideChannels(x), even: true, ...byChannel(x, use) })
  },
  InstanceNormalization: (use) => {
    const [x] = use.inputs as readonly [Value]
    return centred(use, { x, axes: besideChannels(x).slice(1), even: true, ...byChannel(x, use) })
  },
  GroupNormalization: (use) => {
    const [x] = use.inputs as readonly [Value]
    const parted = reshape(x, [0, int(use, 'num_groups', 1), -1])
    return centred(use, { x: parted, axes: [2], even: false, ...byChannel(x, use) })
  },
  // mean and inverse deviation come out of the operator itself, but in single precision
  LayerNormalization: (use) => {
    const [x, scale, bias] = use.inputs as readonly [Value, Value, Value | null | undefined]
    const parts = { x, axes: axesFrom(x, use), even: false, scale, bias: bias ?? undefined }
    if (dtypeOf(x) === 'float64') return centred(use, parts)
    const [, mean, inverse] = apply('LayerNormalization', use.inputs, use.attributes, { outputs: 3 })
    const dtype = dtypeOf(x)!
    const z = mul(sub(x, cast(mean, dtype)), cast(inverse, dtype))
    return { ...parts, centred: true, inverse: cast(inverse, dtype), z }
  },
  RMSNormalization: (use) => {
    const [x, scale] = use.inputs as readonly [Value, Value]
    const axes = axesFrom(x, use)
    const inverse = inverseRoot(meanOver(mul(x, x), axes), use)
    return { x, axes, even: false, scale, bias: undefined, centred: false, inverse, z: mul(x, inverse) }
  },
} as const satisfies Record<string, (use: Use) => Standard>

/** Returns z scaled and shifted, in the shape of the operator's x. */
export function scaled({ z, scale, bias }: Standard, x: Value): Value {
  const y = mul(reshapeTo(z, x), scale)
  return bias === undefined ? y : add(y, bias)
}

/**
 * Returns the derivative of standardising, inverse (t - mean(t) - z mean(t z)), of a tangent or a cotangent: its matrix is
 * symmetric.
 */
export function standardSlope(t: Value, { x, axes, z, inverse, centred }: Standard): Value {
  const moved = reshapeTo(t, x)
  const along = mul(z, meanOver(mul(moved, z), axes))
  return mul(sub(centred ? sub(moved, meanOver(moved, axes)) : moved, along), inverse)
}
