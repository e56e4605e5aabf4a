import { canonical, type GuardMetadata, guardKey, type ModelColumn, PodError, tensor } from '@mlpod/contract'
import {
  add,
  argMax,
  cast,
  ceil,
  compile,
  concat,
  constant,
  constantOfShape,
  equal,
  greaterOrEqual,
  ifElse,
  input,
  isInf,
  isNaN,
  lessOrEqual,
  type Model,
  matMul,
  mul,
  not,
  or,
  reduceSum,
  shape,
  substitute,
  type Value,
} from '@mlpod/graph'
import { integratedGradients } from '../explain/integratedGradients.ts'
import { conformalPValue, mahalanobisScore } from '../ood/graph.ts'
import type { Mahalanobis } from '../ood/mahalanobis.ts'
import type { ClassifierConformal } from '../uncertainty/classification/classifier.ts'
import { setValue } from '../uncertainty/classification/setValue.ts'
import { marginOfLast, temperedSoftmax } from '../uncertainty/graph.ts'

/** A model to be guarded: from raw columns [n, 1] to features [n, d] to logits [n, k], all Values of one graph. */
export interface RawModel {
  readonly inputs: Readonly<Record<string, Value>>
  readonly features: Value
  readonly logits: Value
}

/** Everything fitted that the guard bakes in. */
export interface GuardParts {
  readonly columns: readonly ModelColumn[]
  readonly label: GuardMetadata['label']
  readonly temperature: number
  /** Prediction sets by any score of `calibrateClassifier` that is not randomised; their first level is the model's own. */
  readonly conformal: ClassifierConformal
  /** The raw column whose values are the Mondrian groups. */
  readonly groupBy?: string
  readonly ood: { readonly detector: Mahalanobis; readonly calibration: readonly number[] }
  /** Where attributions start from [d], and the raw column that each feature comes from. */
  readonly attribution: {
    readonly baseline: readonly number[]
    readonly sources: readonly string[]
    readonly steps?: number
  }
}

/** When a guarded model abstains: on rows that are not valid, out of distribution at `oodLevel`, or with a set that is empty or larger than `largestSet`. */
export interface AbstainRule {
  readonly oodLevel?: number
  readonly largestSet?: number
}

/**
 * Returns ONE model that carries its guarantees. Inputs: one tensor [n, 1] a raw column (missing = NaN or ""), and the optional
 * scalars `confidence` (float64, the calibrated level by default) and `attribute` (bool, true by default). Outputs:
 * - `prediction` int64 [n, 1]: class index; `probability` float32 [n, k], tempered;
 * - `set` bool [n, k]: conformal prediction set; `ood_p` float32 [n, 1]: conformal p-value of the Mahalanobis score;
 * - `abstain` bool [n, 1]; `reasons` int64 [n, 1]: bits named in the metadata (`mlpod.guard`);
 * - `attributions` float32 [n, columns]: integrated gradients of the log-odds of the last class, zeros when not asked for.
 * Rows that are not valid do not fail the batch: they come back abstained, with reasons.
 * Throws `GUARD_MISMATCH` when parts do not fit the model.
 */
export function guard(
  { inputs, features, logits }: RawModel,
  parts: GuardParts,
  { oodLevel = 0.05, largestSet = 1 }: AbstainRule = {},
): Model {
  const { columns, conformal, temperature, attribution, ood } = parts
  const { classes } = conformal
  const [level] = conformal.levels
  check({ inputs, features, logits }, parts)
  const confidence = input('confidence', 'float64', [], {
    default: tensor('float64', [], Float64Array.of(level)),
  })
  const attribute = input('attribute', 'bool', [], { default: tensor('bool', [], Uint8Array.of(1)) })

  const invalid = columns.map((column) => invalidRows(inputs[column.name], column))
  const probability = temperedSoftmax(logits, temperature)
  const groupColumn = columns.find(({ name }) => name === parts.groupBy)
  const set = setValue(conformal, probability, {
    level: confidence,
    ...(groupColumn ? { group: { value: inputs[groupColumn.name], dtype: groupColumn.dtype } } : {}),
  })
  const setSize = reduceSum(cast(set, 'int64'), { axes: [1], keepDims: true })
  const oodP = conformalPValue(ood.calibration, mahalanobisScore(ood.detector, features))
  const many = cast(greaterOrEqual(setSize, constant(BigInt(largestSet + 1), 'int64')), 'bool')

  const reasonNames = [
    ...columns.map(({ name }) => `${name}: not valid`),
    'out of distribution',
    'no label fits',
    `more than ${largestSet} label${largestSet === 1 ? '' : 's'} fit`,
  ]
  const reasons = bitmask([...invalid, lessOrEqual(oodP, oodLevel), equal(setSize, constant(0n, 'int64')), many])

  const margin = (x: Value): Value => marginOfLast(substitute([logits], new Map([[features, x]]))[0], classes)
  const attributions = ifElse(
    attribute,
    () =>
      matMul(
        integratedGradients(margin, features, attribution.baseline, { steps: attribution.steps ?? 16 }),
        sourceMatrix(attribution.sources, columns),
      ),
    () => constantOfShape(concat([shape(features, 0, 1), constant([columns.length], 'int64')]), 0),
  )
  const description: GuardMetadata = {
    version: 1,
    columns,
    label: parts.label,
    level,
    oodLevel,
    largestSet,
    reasons: reasonNames,
  }
  return compile({
    inputs: [...columns.map(({ name }) => inputs[name]), confidence, attribute],
    outputs: {
      prediction: argMax(probability, { axis: 1, keepDims: true }),
      probability,
      set,
      ood_p: oodP,
      abstain: not(equal(reasons, constant(0n, 'int64'))),
      reasons,
      attributions,
    },
    metadata: { [guardKey]: canonical(description) },
  })
}

function check(
  { inputs, features, logits }: RawModel,
  { columns, conformal, attribution, ood, label, groupBy }: GuardParts,
): void {
  const mismatch = (what: string): PodError =>
    new PodError('GUARD_MISMATCH', what, { at: 'guard()', hint: 'fit the parts on the outputs of this very model' })
  const absent = columns.find(({ name }) => inputs[name] === undefined)
  if (absent) throw mismatch(`the model has no input for column "${absent.name}"`)
  const d = features.shape[1]
  if (attribution.baseline.length !== d || attribution.sources.length !== d || ood.detector.dimensions !== d)
    throw mismatch(
      `the model has ${d} features, the baseline ${attribution.baseline.length}, the detector ${ood.detector.dimensions}`,
    )
  if (logits.shape[1] !== conformal.classes || label.values.length !== conformal.classes)
    throw mismatch(
      `the model has ${logits.shape[1]} logits, the calibration ${conformal.classes} classes, the label ${label.values.length} values`,
    )
  if (groupBy !== undefined && !columns.some(({ name }) => name === groupBy))
    throw mismatch(`"${groupBy}" is no column of the model`)
  if (conformal.randomized && conformal.lastLabel !== 'include' && conformal.lastLabel !== 'exclude')
    throw mismatch('the prediction sets are randomised, and a packed model draws no numbers')
  if (columns.length > 59) throw mismatch(`${columns.length} columns do not fit the bits of "reasons" (59 at most)`)
}

const any = (conditions: readonly Value[]): Value =>
  conditions.length === 0 ? never() : conditions.reduce((a, b) => or(a, b))

/** A condition that never holds; it broadcasts to any number of rows. */
const never = (): Value => constant({ dtype: 'bool', shape: [1, 1], data: Uint8Array.of(0) })

/** Rows [n, 1] whose value breaks the column's rules: missing where it must not be, infinite, out of range, not whole, unknown. */
function invalidRows(value: Value, { dtype, nullable, minimum, maximum, values, integer }: ModelColumn): Value {
  const missing = dtype === 'string' ? equal(value, constant('', 'string')) : isNaN(value)
  const broken: Value[] = dtype === 'string' ? [] : [isInf(value)]
  if (minimum !== undefined) broken.push(not(or(greaterOrEqual(value, minimum), missing)))
  if (maximum !== undefined) broken.push(not(or(lessOrEqual(value, maximum), missing)))
  if (integer) broken.push(not(or(equal(ceil(value), value), missing)))
  if (values)
    broken.push(
      not(
        or(
          any(
            values.map((allowed) =>
              equal(value, dtype === 'string' ? constant(`${allowed}`, 'string') : Number(allowed)),
            ),
          ),
          missing,
        ),
      ),
    )
  if (!nullable) broken.push(missing)
  return any(broken)
}

/** Conditions [n, 1] as bits of one int64 [n, 1]. */
const bitmask = (conditions: readonly Value[]): Value =>
  conditions
    .map((condition, bit) => mul(cast(condition, 'int64'), constant(2n ** BigInt(bit), 'int64')))
    .reduce((sum, term) => add(sum, term))

/** [d, columns]: 1 where a feature comes from a column, so that attributions add up by raw column. */
function sourceMatrix(sources: readonly string[], columns: readonly ModelColumn[]): Value {
  const data = new Float32Array(sources.length * columns.length)
  sources.forEach((source, i) => {
    const j = columns.findIndex(({ name }) => name === source)
    if (j < 0)
      throw new PodError('GUARD_MISMATCH', `feature ${i} comes from "${source}", which is no column of the model`)
    data[i * columns.length + j] = 1
  })
  return constant({ dtype: 'float32', shape: [sources.length, columns.length], data })
}
