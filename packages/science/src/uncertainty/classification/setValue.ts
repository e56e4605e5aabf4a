import { PodError } from '@mlpod/contract'
import {
  add,
  and,
  cast,
  concat,
  constant,
  cumSum,
  div,
  equal,
  gather,
  greater,
  greaterOrEqual,
  isNaN,
  lessOrEqual,
  log,
  logSoftmax,
  mul,
  not,
  or,
  pow,
  reduceMax,
  reduceSum,
  relu,
  reshape,
  scatterElements,
  slice,
  softmax,
  sub,
  topK,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import { valueAlgebra } from '../algebra/values.ts'
import { type GroupColumn, nextFloat32, thresholdAtLevel, thresholdValue } from '../calibrate/thresholdValue.ts'
import type { ClassifierConformal } from './classifier.ts'
import type { ClassTransform } from './rows.ts'
import { entryOf, excessPower, scoreOver } from './scores.ts'

/** What a model knows of its rows beside the probabilities. */
export interface SetValueOptions {
  /** The level, a float64 scalar that may be an input of the model; the first calibrated one by default. */
  readonly level?: Value
  readonly group?: GroupColumn
  /** The rows' uniform numbers [n, 1], where calibration was randomised. */
  readonly uniform?: Value
}

const number = (x: number): Value => constant(x, 'float64')

/**
 * Returns the prediction set [n, classes] (bool) as a Value of the graph of `probability` [n, classes]: outputs of a model that carries its
 * sets. Scores are computed in double precision, as over arrays, and thresholds are rounded outward, so that no set loses a label that
 * the calibration covers; rows with NaN have all labels. Throws `PART_MISSING`, `GROUP_INVALID`, `LENGTH_MISMATCH`, and `OPTION_CONFLICT` when the
 * method `ranks` is asked for another level.
 */
export function setValue(
  conformal: ClassifierConformal,
  probability: Value,
  { level, group, uniform }: SetValueOptions = {},
): Value {
  const { score, classes, lastLabel, allowEmpty, byClass, randomized } = conformal
  if (probability.shape[1] !== classes)
    throw new PodError('LENGTH_MISMATCH', `${probability.shape[1]} probabilities do not match ${classes} classes`)
  const fixed = lastLabel === 'include' || lastLabel === 'exclude'
  if (randomized && !fixed && uniform === undefined)
    throw new PodError('PART_MISSING', 'the calibration was randomised, and the model has no uniform numbers', {
      hint: 'calibrate without { randomize }, or give { uniform }, a value [n, 1]',
    })
  const x = transformed(cast(probability, 'float64'), conformal)
  const parts = new Set(entryOf(score).parts)
  const ranked = parts.has('rank') || parts.has('mass') || parts.has('other')
  const ordered = ranked || fixed || !allowEmpty || byClass?.[0].ranks !== undefined
  const algebra = valueAlgebra('float64')
  const u = uniform && !fixed ? { u: cast(uniform, 'float64') } : {}
  const shared = {
    ...(parts.has('top') ? { top: reduceMax(x, { axes: [1], keepDims: true }) } : {}),
    ...(parts.has('excess') ? { excess: excessOf(x, excessPower(score)) } : {}),
    ...u,
  }
  const unknown = isNaN(reduceSum(x, { axes: [1], keepDims: true }))
  const thresholds = thresholdsFor(conformal, { level, group })
  if (!ordered) {
    const s = scoreOver(algebra, score, { ...shared, p: x })
    return or(not(greater(s, thresholds)), unknown)
  }
  const { values, indices } = topK(x, classes, { axis: 1 })
  const rank = constant({
    dtype: 'float64',
    shape: [1, classes],
    data: Float64Array.from({ length: classes }, (_, r) => r + 1),
  })
  const first = slice(values, [0], [1], { axes: [1] })
  const second = classes > 1 ? slice(values, [1], [2], { axes: [1] }) : number(Number.NEGATIVE_INFINITY)
  const isFirst = equal(rank, number(1))
  const unit = number(1)
  const s = scoreOver(algebra, score, {
    ...shared,
    ...(parts.has('excess') ? { excess: excessOf(x, excessPower(score), values) } : {}),
    p: values,
    rank,
    mass: cumSum(sub(add(values, unit), unit), 1),
    other: where(isFirst, second, first),
  })
  const q = byClass ? gather(reshape(thresholds, [-1]), indices) : thresholds
  const within = lastLabel === 'include' ? includingLast(s, q, first, classes) : not(greater(s, q))
  const limits = byClass?.[0].ranks
  const low = limits
    ? and(
        within,
        lessOrEqual(
          rank,
          gather(constant({ dtype: 'float64', shape: [classes], data: Float64Array.from(limits) }), indices),
        ),
      )
    : within
  const inside = or(fixed || !allowEmpty ? or(low, isFirst) : low, unknown)
  return scatterElements(inside, indices, inside, { axis: 1 })
}

/** A label is in where the one before it is below the threshold. */
function includingLast(s: Value, q: Value, first: Value, classes: number): Value {
  const always = not(greater(first, number(Number.POSITIVE_INFINITY)))
  if (classes === 1) return always
  return concat([always, not(greaterOrEqual(slice(s, [0], [classes - 1], { axes: [1] }), q))], { axis: 1 })
}

/** Thresholds as doubles that single precision holds: [n, 1], or one a class [1, classes]. */
function thresholdsFor(
  { calibration, byClass, classGroups, classes }: ClassifierConformal,
  { level, group }: Pick<SetValueOptions, 'level' | 'group'>,
): Value {
  if (byClass === undefined || classGroups === undefined)
    return cast(
      level === undefined
        ? thresholdValue(calibration, 0, group ? { group } : {})
        : thresholdAtLevel(calibration, level, group),
      'float64',
    )
  if (level === undefined)
    return constant({
      dtype: 'float64',
      shape: [1, classes],
      data: Float64Array.from(byClass[0].thresholds, nextFloat32),
    })
  if (byClass[0].ranks)
    throw new PodError('OPTION_CONFLICT', 'the method "ranks" chooses its ranks for one level', {
      hint: 'leave the level out, or calibrate by class',
    })
  const byName = new Map(calibration.groups.map((own) => [own.group, own]))
  const none = { group: null, scores: [] }
  return cast(
    concat(
      classGroups.map((name) => thresholdAtLevel({ groups: [byName.get(name) ?? none] }, level)),
      { axis: 1 },
    ),
    'float64',
  )
}

function transformed(x: Value, { transform, normalise }: Pick<ClassifierConformal, 'transform' | 'normalise'>): Value {
  const table: Readonly<Record<ClassTransform, (x: Value) => Value>> = {
    identity: (value) => value,
    softmax: (value) => softmax(value, { axis: 1 }),
    logSoftmax: (value) => logSoftmax(value, { axis: 1 }),
    log,
  }
  const value = table[transform](x)
  return normalise ? div(value, reduceSum(value, { axes: [1], keepDims: true })) : value
}

/** The norm of what larger numbers have more than each of `own` [n, classes]: all pairs of a row. */
function excessOf(x: Value, power: number, own = x): Value {
  const more = relu(sub(unsqueeze(x, [1]), unsqueeze(own, [2])))
  if (power === 1) return reduceSum(more, { axes: [2] })
  const top = reduceMax(more, { axes: [2], keepDims: true })
  if (power === Number.POSITIVE_INFINITY) return reduceMax(more, { axes: [2] })
  const scale = where(greater(top, number(0)), top, number(1))
  const sum = reduceSum(pow(div(more, scale), number(power)), { axes: [2] })
  return mul(reduceMax(more, { axes: [2] }), pow(sum, number(1 / power)))
}
