import {
  abs,
  add,
  castLike,
  concat,
  cumSum,
  div,
  less,
  like,
  max,
  mul,
  reduceMean,
  reduceSum,
  relu,
  shape,
  slice,
  softplus,
  sub,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { flag, nonNegative, type Option } from '../optimizers/option.ts'
import { elementwise, expectShapes, joint, type LossSettings, loss } from './define.ts'
import type { Loss } from './loss.ts'
import { norm, normalCdf, normalDensity, square } from './maths.ts'
import { between, NONE } from './settings.ts'

const LAST = { axes: [-1] }
const [FIRST, REST] = [[0], [1]]
/** Of each row all columns but the first, and all but the last. */
const upper = (x: Value): Value => slice(x, REST, [Number.MAX_SAFE_INTEGER], { axes: [1] })
const lower = (x: Value): Value => slice(x, FIRST, [-1], { axes: [1] })

/** Returns numbers [N, K] that rise along each row: the first, and behind it sums of log(1 + e^x) of the others. */
export const risingQuantiles = (x: Value): Value => {
  const first = slice(x, FIRST, REST, { axes: [1] })
  return cumSum(concat([first, softplus(upper(x))], { axis: 1 }), 1)
}

const LEVELS: Option<number | readonly number[]> = {
  default: 0.5,
  takes: 'one or more levels in (0, 1)',
  test: (given) => [given].flat().length > 0 && [given].flat().every((tau) => tau > 0 && tau < 1),
}

const quantiles = loss({
  name: 'pinball',
  source: 'Koenker, Bassett (1978)',
  parameters: { levels: LEVELS, crossing: nonNegative(0), rising: flag(false) },
  refuses: ({ levels, crossing, rising }) =>
    (crossing > 0 || rising) && [levels].flat().some((tau, i, all) => i > 0 && tau <= all[i - 1])
      ? `the levels ${levels} do not rise`
      : undefined,
  rows: ({ levels, crossing, rising }) => {
    const list = [levels].flat()
    return (p, t) => {
      expectShapes(`pinball of ${list.length} levels`, { prediction: [p, `N ${list.length}`], target: [t, 'N 1'] })
      const found = rising ? risingQuantiles(p) : p
      const r = sub(t, found)
      const tau = like(p, list)
      const losses = max(mul(r, tau), mul(r, sub(tau, 1)))
      if (crossing === 0 || list.length === 1) return { losses }
      const falls = reduceMean(relu(sub(lower(p), upper(p))), { ...LAST, keepDims: true })
      return { losses: add(losses, mul(falls, crossing)) }
    }
  },
})

/**
 * Returns the loss whose minimum is the quantile: max(tau r, (tau - 1) r), r = target - prediction. With several levels the
 * prediction has one column a level and the target one column. `crossing` adds so much of what quantiles of rising levels fall,
 * by level; `rising` reads the columns by `risingQuantiles`, so that none cross. Source: Koenker, Bassett (1978).
 */
export const pinball = Object.assign(
  (levels: number | readonly number[], options: Omit<LossSettings<typeof quantiles.parameters>, 'levels'> = {}): Loss =>
    quantiles({ levels, ...options }),
  { parameters: quantiles.parameters, source: quantiles.source },
)

/** Returns |tau - 1[r < 0]| r^2, r = target - prediction: its minimum is the expectile. Source: Newey, Powell (1987). */
export const expectile = elementwise({
  name: 'expectile',
  source: 'Newey, Powell (1987)',
  parameters: { level: between(0.5) },
  each:
    ({ level }) =>
    (p, t) => {
      const r = sub(t, p)
      return mul(where(less(r, 0), like(r, 1 - level), level), square(r))
    },
})

/**
 * Returns the continuous ranked probability score of normal distributions: s (z (2 Phi(z) - 1) + 2 phi(z) - 1 / sqrt(pi)),
 * z = (y - mean) / s, for deviations s > 0. Source: Gneiting, Raftery (2007).
 */
export const gaussianCrps = joint<{ readonly mean: Value; readonly deviation: Value; readonly target: Value }>()({
  name: 'gaussianCrps',
  source: 'Gneiting, Raftery (2007)',
  parameters: NONE,
  axes: { mean: 'N ...', deviation: 'N ...', target: 'N ...' },
  rows:
    () =>
    ({ mean, deviation, target }) => {
      const z = div(sub(target, mean), deviation)
      const inner = add(mul(z, sub(mul(normalCdf(z), 2), 1)), mul(normalDensity(z), 2))
      return { losses: mul(deviation, sub(inner, 1 / Math.sqrt(Math.PI))) }
    },
})

/** The mean distance of members and what is true, less half the mean distance of two members [N, M, M]. */
function score(toTruth: Value, apart: Value, fair: boolean): Value {
  const m = castLike(shape(toTruth, 1, 2), toTruth)
  // of a member and itself there is no distance: a fair mean leaves it out
  const counted = mul(m, fair ? sub(m, 1) : m)
  return sub(reduceMean(toTruth, LAST), div(reduceSum(apart, { axes: [1, 2] }), mul(counted, 2)))
}

/**
 * Returns the continuous ranked probability score of ensembles [N, M] and what came true [N, 1]: mean |x - y| - mean |x - x'| / 2.
 * `fair` counts only pairs of different members, which does not favour small ensembles. Source: Gneiting, Raftery (2007); Ferro (2014).
 */
export const ensembleCrps = loss({
  name: 'ensembleCrps',
  source: 'Gneiting, Raftery (2007)',
  parameters: { fair: flag(false) },
  rows:
    ({ fair }) =>
    (members, target) => {
      expectShapes('ensembleCrps', { members: [members, 'N M'], target: [target, 'N 1'] })
      const apart = abs(sub(unsqueeze(members, [2]), unsqueeze(members, [1])))
      return { losses: score(abs(sub(members, target)), apart, fair) }
    },
})

/** Returns the score of ensembles of vectors [N, M, d] and what came true [N, d], as `ensembleCrps` with Euclidean distances. Source: Gneiting, Raftery (2007). */
export const energyScore = loss({
  name: 'energyScore',
  source: 'Gneiting, Raftery (2007)',
  parameters: { fair: flag(false) },
  rows:
    ({ fair }) =>
    (members, target) => {
      expectShapes('energyScore', { members: [members, 'N M d'], target: [target, 'N d'] })
      const apart = norm(sub(unsqueeze(members, [2]), unsqueeze(members, [1])), 2)
      return { losses: score(norm(sub(members, unsqueeze(target, [1])), 2), apart, fair) }
    },
})
