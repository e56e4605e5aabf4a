import { PodError } from '@mlpod/contract'
import { add, cast, clip, constant, log, matMul, softmax, type Value } from '@mlpod/graph'
import { minimizeConvex } from '@mlpod/math'

/**
 * softmax(weights z + bias) of the logits z of k classes, or with `logarithms` of the logarithms of probabilities (Dirichlet
 * calibration).
 */
export interface LinearCalibrator {
  readonly kind: 'linear'
  readonly classes: number
  /** [k, k] row-major: row j makes the logit of class j. */
  readonly weights: Float64Array
  readonly bias: Float64Array
  readonly logarithms: boolean
}

/** Probabilities below are taken for this, so that their logarithms are finite. */
const SMALLEST = 1e-12

/** Settings of the fits with a matrix: penalties on squares of weights off the diagonal and of biases. */
export interface LinearOptions {
  /** 1e-3 by default; 0 has none, and then separated classes have no finite fit. */
  readonly penalty?: number
}

/**
 * Returns vector scaling of logits [n, k]: a weight and a bias a class, the least log loss. Throws `CALIBRATION_EMPTY`,
 * `LENGTH_MISMATCH`, `LABEL_UNKNOWN`, `LOGIT_NOT_FINITE`, `CALIBRATION_SEPARATED`. Source: Guo et al. (2017).
 */
export const fitVectorScaling = (logits: ArrayLike<number>, labels: ArrayLike<number>): LinearCalibrator =>
  fitLinear(logits, labels, { diagonal: true, logarithms: false, penalty: 0 })

/**
 * Returns matrix scaling of logits [n, k]: weights [k, k] and biases, the least log loss with a penalty on what is off the
 * diagonal (Kull et al. 2019, ODIR). Throws as `fitVectorScaling`. Source: Guo et al. (2017).
 */
export const fitMatrixScaling = (
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { penalty = 1e-3 }: LinearOptions = {},
): LinearCalibrator => fitLinear(logits, labels, { diagonal: false, logarithms: false, penalty })

/**
 * Returns Dirichlet calibration of probabilities [n, k]: matrix scaling of their logarithms. Throws as `fitVectorScaling`, and
 * `PROBABILITY_INVALID`. Source: Kull et al. (2019).
 */
export function fitDirichlet(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { penalty = 1e-3 }: LinearOptions = {},
): LinearCalibrator {
  for (let i = 0; i < probabilities.length; i++)
    if (!(probabilities[i] >= 0 && probabilities[i] <= 1))
      throw new PodError('PROBABILITY_INVALID', `${probabilities[i]} at ${i} is no probability`)
  return fitLinear(logarithmsOf(probabilities), labels, { diagonal: false, logarithms: true, penalty })
}

const logarithmsOf = (probabilities: ArrayLike<number>): Float64Array =>
  Float64Array.from(probabilities, (p) => Math.log(Math.max(SMALLEST, p)))

interface LinearSettings {
  readonly diagonal: boolean
  readonly logarithms: boolean
  readonly penalty: number
}

/** Returns the number of classes. Throws what the fits of several classes throw. */
export function classesOf(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  const n = labels.length
  if (n === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  const k = logits.length / n
  if (!Number.isInteger(k) || k < 2)
    throw new PodError('LENGTH_MISMATCH', `${logits.length} numbers do not fall into ${n} rows of two or more classes`)
  for (let i = 0; i < n; i++)
    if (!(Number.isInteger(labels[i]) && labels[i] >= 0 && labels[i] < k))
      throw new PodError('LABEL_UNKNOWN', `the label ${labels[i]} of row ${i} is no class index from 0 to ${k - 1}`)
  for (let i = 0; i < logits.length; i++)
    if (!Number.isFinite(logits[i]))
      throw new PodError('LOGIT_NOT_FINITE', `the logit of row ${Math.floor(i / k)}, class ${i % k} is ${logits[i]}`)
  return k
}

function fitLinear(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { diagonal, logarithms, penalty }: LinearSettings,
): LinearCalibrator {
  const n = labels.length
  const k = classesOf(logits, labels)
  const size = diagonal ? k : k * k
  const start = new Float64Array(size + k)
  for (let j = 0; j < k; j++) start[diagonal ? j : j * k + j] = 1
  const apply = (w: Float64Array, row: number, out: Float64Array): void => {
    for (let j = 0; j < k; j++) {
      let z = w[size + j]
      if (diagonal) z += w[j] * logits[row * k + j]
      else for (let c = 0; c < k; c++) z += w[j * k + c] * logits[row * k + c]
      out[j] = z
    }
  }
  const collect = (row: number, slope: Float64Array, out: Float64Array): void => {
    for (let j = 0; j < k; j++) {
      const s = slope[j] / n
      out[size + j] += s
      if (diagonal) out[j] += s * logits[row * k + j]
      else for (let c = 0; c < k; c++) out[j * k + c] += s * logits[row * k + c]
    }
  }
  /** Penalised weights: all but those of the diagonal. */
  const free = (at: number): boolean => (diagonal ? at < k : at < size && at % (k + 1) === 0)
  /** Whether some class has probabilities of 0 and 1 alone, all of them right: its weights could grow on for ever. */
  const toldApart = (w: Float64Array): boolean => {
    const [z, p] = [new Float64Array(k), new Float64Array(k)]
    const worst = new Float64Array(k)
    for (let row = 0; row < n; row++) {
      apply(w, row, z)
      softmaxInto(z, p, 0)
      for (let j = 0; j < k; j++) worst[j] = Math.max(worst[j], Math.abs(p[j] - (j === labels[row] ? 1 : 0)))
    }
    return worst.some((error) => error < 1e-6)
  }
  const found = minimizeConvex(start, (w) => {
    const gradient = new Float64Array(w.length)
    const probabilities = new Float64Array(n * k)
    const [z, slope] = [new Float64Array(k), new Float64Array(k)]
    let value = 0
    for (let row = 0; row < n; row++) {
      apply(w, row, z)
      value -= z[labels[row]]
      value += softmaxInto(z, probabilities, row * k)
      for (let j = 0; j < k; j++) slope[j] = probabilities[row * k + j] - (j === labels[row] ? 1 : 0)
      collect(row, slope, gradient)
    }
    value /= n
    for (let at = 0; at < w.length; at++) {
      if (free(at)) continue
      value += (penalty / 2) * w[at] ** 2
      gradient[at] += penalty * w[at]
    }
    return {
      value,
      gradient,
      hessianProduct(v) {
        const out = v.map((x, at) => (free(at) ? 0 : penalty * x))
        for (let row = 0; row < n; row++) {
          apply(v, row, z)
          // (diag p - p p^T) z
          let mean = 0
          for (let j = 0; j < k; j++) mean += probabilities[row * k + j] * z[j]
          for (let j = 0; j < k; j++) slope[j] = probabilities[row * k + j] * (z[j] - mean)
          collect(row, slope, out)
        }
        return out
      },
    }
  })
  if (!found.converged || toldApart(found.place))
    throw new PodError(
      'CALIBRATION_SEPARATED',
      'no finite calibrator is best: some classes are told apart without error',
      {
        hint: 'calibrate on more rows, or with a penalty',
      },
    )
  const weights = new Float64Array(k * k)
  for (let j = 0; j < k; j++)
    for (let c = 0; c < k; c++) weights[j * k + c] = diagonal ? (j === c ? found.place[j] : 0) : found.place[j * k + c]
  const bias = found.place.slice(size)
  const mean = bias.reduce((sum, b) => sum + b, 0) / k
  // softmax does not see what all biases share
  return { kind: 'linear', classes: k, weights, bias: bias.map((b) => b - mean), logarithms }
}

/** Writes softmax(z) at `offset` and returns log sum exp. */
function softmaxInto(z: Float64Array, out: Float64Array, offset: number): number {
  let [largest, total] = [-Infinity, 0]
  for (const x of z) largest = Math.max(largest, x)
  for (let j = 0; j < z.length; j++) total += out[offset + j] = Math.exp(z[j] - largest)
  for (let j = 0; j < z.length; j++) out[offset + j] /= total
  return largest + Math.log(total)
}

/** Returns calibrated probabilities [n, k] of logits [n, k], or of probabilities for Dirichlet calibration. */
export function applyLinear(calibrator: LinearCalibrator, rows: ArrayLike<number>): Float64Array {
  const { classes: k, weights, bias, logarithms } = calibrator
  const inputs = logarithms ? logarithmsOf(rows) : rows
  const out = new Float64Array(rows.length)
  const z = new Float64Array(k)
  for (let row = 0; row < rows.length; row += k) {
    for (let j = 0; j < k; j++) {
      z[j] = bias[j]
      for (let c = 0; c < k; c++) z[j] += weights[j * k + c] * inputs[row + c]
    }
    softmaxInto(z, out, row)
  }
  return out
}

/** The same as a Value [n, k], float64. */
export function linearValue({ classes: k, weights, bias, logarithms }: LinearCalibrator, rows: Value): Value {
  const x = cast(rows, 'float64')
  const inputs = logarithms ? log(clip(x, constant(SMALLEST, 'float64'))) : x
  const transposed = Float64Array.from(weights, (_, at) => weights[(at % k) * k + Math.floor(at / k)])
  const matrix = constant({ dtype: 'float64', shape: [k, k], data: transposed })
  const row = constant({ dtype: 'float64', shape: [1, k], data: Float64Array.from(bias) })
  return softmax(add(matMul(inputs, matrix), row), { axis: 1 })
}
