import { PodError } from '@mlpod/contract'
import { add, cast, castLike, concat, div, mul, reduceSum, slice, sub, type Value } from '@mlpod/graph'
import { classesOf } from './classCalibrators.ts'
import {
  fitVennAbers,
  type VennAbersCalibrator,
  type VennAbersOptions,
  vennAbersProbabilities,
  vennAbersValue,
} from './vennAbers.ts'

/** Venn-Abers calibration of several classes: of each pair, or of each class against the rest. */
export interface VennAbersClasses {
  readonly kind: 'vennAbersClasses'
  readonly classes: number
  readonly scheme: 'oneVsOne' | 'oneVsRest'
  /** One pair after another, (0, 1), (0, 2), ..., class 1 of each calibrator being the second; or one a class. */
  readonly calibrators: readonly VennAbersCalibrator[]
}

/** Settings of Venn-Abers calibration of several classes; pairs by default. */
export interface VennAbersClassesOptions extends VennAbersOptions {
  readonly scheme?: 'oneVsOne' | 'oneVsRest'
}

const pairsOf = (k: number): [number, number][] =>
  Array.from({ length: k }, (_, i) =>
    Array.from({ length: k - i - 1 }, (_, j): [number, number] => [i, i + j + 1]),
  ).flat()

/**
 * Returns the Venn-Abers calibration of probabilities [n, k], from probabilities alone. Each pair (i, j) calibrates
 * p_j / (p_i + p_j) on the rows of either class. Throws `CALIBRATION_EMPTY` (a pair without a row), `LENGTH_MISMATCH`,
 * `LABEL_UNKNOWN`, `LOGIT_NOT_FINITE`. Source: Manokhin (2017); venn-abers 1.5.4 `predict_proba_prefitted_va`.
 */
export function fitVennAbersClasses(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { scheme = 'oneVsOne', ...options }: VennAbersClassesOptions = {},
): VennAbersClasses {
  const k = classesOf(probabilities, labels)
  const rows = Array.from({ length: labels.length }, (_, i) => i)
  const calibrators =
    scheme === 'oneVsRest'
      ? Array.from({ length: k }, (_, c) =>
          fitVennAbers(
            rows.map((i) => probabilities[i * k + c]),
            rows.map((i) => (labels[i] === c ? 1 : 0)),
            options,
          ),
        )
      : pairsOf(k).map(([a, b]) => {
          const both = rows.filter((i) => labels[i] === a || labels[i] === b)
          if (both.length === 0)
            throw new PodError('CALIBRATION_EMPTY', `no calibration row is of class ${a} or ${b}`, {
              hint: "scheme: 'oneVsRest' needs no pairs",
            })
          return fitVennAbers(
            both.map((i) => shareOf(probabilities, i * k, a, b)),
            both.map((i) => (labels[i] === b ? 1 : 0)),
            options,
          )
        })
  return { kind: 'vennAbersClasses', classes: k, scheme, calibrators }
}

const shareOf = (probabilities: ArrayLike<number>, offset: number, a: number, b: number): number =>
  probabilities[offset + b] / (probabilities[offset + a] + probabilities[offset + b])

/** Returns calibrated probabilities [n, k]; rows sum to 1. */
export function applyVennAbersClasses(
  { classes: k, scheme, calibrators }: VennAbersClasses,
  probabilities: ArrayLike<number>,
): Float64Array {
  const n = probabilities.length / k
  const out = new Float64Array(n * k)
  const rows = Array.from({ length: n }, (_, i) => i)
  if (scheme === 'oneVsRest')
    for (const [c, calibrator] of calibrators.entries()) {
      const { merged } = vennAbersProbabilities(
        calibrator,
        rows.map((i) => probabilities[i * k + c]),
      )
      for (const i of rows) out[i * k + c] = merged[i]
    }
  else {
    // the odds of each class against each other one add up: 1 / p = sum 1 / p_ij - (k - 2)
    out.fill(2 - k)
    for (const [at, [a, b]] of pairsOf(k).entries()) {
      const { merged } = vennAbersProbabilities(
        calibrators[at],
        rows.map((i) => shareOf(probabilities, i * k, a, b)),
      )
      for (const i of rows) {
        out[i * k + b] += 1 / merged[i]
        out[i * k + a] += 1 / (1 - merged[i])
      }
    }
    for (let at = 0; at < out.length; at++) out[at] = 1 / out[at]
  }
  for (let offset = 0; offset < out.length; offset += k) {
    let total = 0
    for (let c = 0; c < k; c++) total += out[offset + c]
    for (let c = 0; c < k; c++) out[offset + c] /= total
  }
  return out
}

/** The same as a Value [n, k] of the element type of `probabilities`. */
export function vennAbersClassesValue(
  { classes: k, scheme, calibrators }: VennAbersClasses,
  probabilities: Value,
): Value {
  const p = cast(probabilities, 'float64')
  const column = (c: number): Value => slice(p, [c], [c + 1], { axes: [1] })
  const one = 1
  const columns: Value[] = []
  if (scheme === 'oneVsRest')
    for (const [c, calibrator] of calibrators.entries()) columns.push(vennAbersValue(calibrator, column(c)))
  else {
    const odds: (Value | undefined)[] = new Array(k).fill(undefined)
    const collect = (c: number, term: Value): void => {
      const before = odds[c]
      odds[c] = before === undefined ? sub(term, k - 2) : add(before, term)
    }
    for (const [at, [a, b]] of pairsOf(k).entries()) {
      const share = vennAbersValue(calibrators[at], div(column(b), add(column(a), column(b))))
      collect(b, div(one, share))
      collect(a, div(one, sub(one, share)))
    }
    for (const sum of odds) columns.push(div(one, sum as Value))
  }
  const all = concat(columns, { axis: 1 })
  return castLike(mul(all, div(one, reduceSum(all, { axes: [1], keepDims: true }))), probabilities)
}
