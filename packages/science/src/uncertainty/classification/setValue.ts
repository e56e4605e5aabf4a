import { PodError } from '@mlpod/contract'
import {
  and,
  cast,
  concat,
  constant,
  equal,
  gather,
  greater,
  greaterOrEqual,
  isNaN,
  lessOrEqual,
  not,
  or,
  reduceSum,
  reshape,
  scatterElements,
  slice,
  topK,
  type Value,
} from '@mlpod/graph'
import { type GroupColumn, nextFloat32, thresholdAtLevel, thresholdValue } from '../calibrate/thresholdValue.ts'
import type { ClassifierConformal } from './classifier.ts'
import { labelScoreValues, transformedValue } from './labelScoreValues.ts'

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
 * method `ranks` is asked for another level, or for classes by group.
 */
export function setValue(
  conformal: ClassifierConformal,
  probability: Value,
  { level, group, uniform }: SetValueOptions = {},
): Value {
  const { score, classes, transform, normalise, lastLabel, allowEmpty, byClass, randomized } = conformal
  if (conformal.classInGroup)
    throw new PodError('OPTION_CONFLICT', 'thresholds of each class in each group are for arrays alone', {
      hint: 'calibrate by class, or by group',
    })
  if (probability.shape[1] !== classes)
    throw new PodError('LENGTH_MISMATCH', `${probability.shape[1]} probabilities do not match ${classes} classes`)
  const fixed = lastLabel === 'include' || lastLabel === 'exclude'
  if (randomized && !fixed && uniform === undefined)
    throw new PodError('PART_MISSING', 'the calibration was randomised, and the model has no uniform numbers', {
      hint: 'calibrate without { randomize }, or give { uniform }, a value [n, 1]',
    })
  const x = transformedValue(cast(probability, 'float64'), transform, normalise)
  const ordered = fixed || (!allowEmpty && score.name !== 'given') || byClass?.[0].ranks !== undefined
  const u = uniform && !fixed ? { u: cast(uniform, 'float64') } : {}
  const { scores, indices, rank, first } = labelScoreValues(x, score, classes, 'float64', {
    ...u,
    ordered,
    exact: true,
  })
  const unknown = isNaN(reduceSum(x, { axes: [1], keepDims: true }))
  const thresholds = thresholdsFor(conformal, { level, group })
  if (indices === undefined || rank === undefined || first === undefined)
    return or(or(not(greater(scores, thresholds)), unknown), allowEmpty ? unknown : isLeast(scores, classes))
  const q = byClass ? gather(reshape(thresholds, [-1]), indices) : thresholds
  const within = lastLabel === 'include' ? includingLast(scores, q, first, classes) : not(greater(scores, q))
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
  const inside = or(fixed || !allowEmpty ? or(low, equal(rank, number(1))) : low, unknown)
  return scatterElements(inside, indices, inside, { axis: 1 })
}

/** The label of each row that is least strange. */
const isLeast = (scores: Value, classes: number): Value =>
  equal(
    constant({
      dtype: 'int64',
      shape: [1, classes],
      data: BigInt64Array.from({ length: classes }, (_, y) => BigInt(y)),
    }),
    topK(scores, 1, { axis: 1, largest: false }).indices,
  )

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
