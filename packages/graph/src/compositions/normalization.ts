import { abs, add, cast, div, equal, mul, pow, sqrt, sub, where } from '../operators/elementwise.ts'
import { averagePool } from '../operators/pooling.ts'
import { reduceL2, reduceSum } from '../operators/reduction.ts'
import { reshape } from '../operators/structure.ts'
import { countOf, reshapeTo } from '../rules/shape.ts'
import { float, int, ints } from '../schema.ts'
import { alongChannels, inverseRoot, meanOver, STANDARDS, scaled } from '../standard.ts'
import { dtypeOf, isValue, type Value } from '../value.ts'
import { sizeAt, sizeList } from '../windows.ts'
import type { Composition, Use } from './composition.ts'

const standard =
  (type: keyof typeof STANDARDS): Composition =>
  (use) => [scaled(STANDARDS[type](use), use.inputs[0]!)]

/** (x - mean) scale / deviation + bias, by the statistics given. */
function byStatistics(use: Use): Value {
  const [x, scale, bias, mean, variance] = use.inputs as readonly Value[]
  const factor = mul(scale, inverseRoot(variance, use))
  return add(mul(sub(x, alongChannels(mean, x)), alongChannels(factor, x)), alongChannels(bias, x))
}

/** By the batch's own statistics, which the running ones move towards. */
function inTraining(use: Use): readonly Value[] {
  const [x, , , mean, variance] = use.inputs as readonly Value[]
  const standard = STANDARDS.BatchNormalization(use)
  const momentum = float(use, 'momentum', 0.9)
  const moved = (old: Value, batch: Value): Value => {
    const kept = cast(reshapeTo(batch, old), dtypeOf(old)!)
    return add(mul(momentum, old), mul(1 - momentum, kept))
  }
  return [scaled(standard, x), moved(mean, standard.mean), moved(variance, standard.variance)]
}

/** What normalisations are made of. */
export const normalization = {
  BatchNormalization: (use) => (int(use, 'training_mode', 0) === 1 ? inTraining(use) : [byStatistics(use)]),
  InstanceNormalization: standard('InstanceNormalization'),
  GroupNormalization: standard('GroupNormalization'),
  RMSNormalization: standard('RMSNormalization'),
  // x / (bias + alpha mean(x^2 of the channels around))^beta; what lies outside counts as 0
  LRN: (use) => {
    const [x] = use.inputs as readonly [Value]
    const size = int(use, 'size', 1)
    const [before, after] = [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)]
    // Channels are the rows of one image, all places its columns.
    const squares = reshape(mul(x, x), sizeList([sizeAt(x, 0), 1, sizeAt(x, 1), -1]))
    const means = averagePool(squares, [size, 1], { pads: [before, 0, after, 0], countIncludePad: true })
    const base = add(float(use, 'bias', 1), mul(float(use, 'alpha', 1e-4), reshapeTo(means, x)))
    return [div(x, pow(base, float(use, 'beta', 0.75)))]
  },
  LpNormalization: (use) => {
    const [x] = use.inputs as readonly [Value]
    const [p, axes] = [int(use, 'p', 2), [int(use, 'axis', -1)]]
    const norm = p === 1 ? reduceSum(abs(x), { axes, keepDims: true }) : reduceL2(x, { axes, keepDims: true })
    return [div(x, where(equal(norm, 0), 1, norm))]
  },
  // the norm has a derivative where the deviation is 0
  MeanVarianceNormalization: (use) => {
    const [x] = use.inputs as readonly [Value]
    const axes = ints(use, 'axes') ?? [0, 2, 3]
    const c = sub(x, meanOver(x, axes))
    const norm = reduceL2(c, { axes, keepDims: true })
    const count = countOf(x, norm, axes)
    return [div(c, add(div(norm, isValue(count) ? sqrt(count) : Math.sqrt(count)), 1e-9))]
  },
} as const satisfies Record<string, Composition>
