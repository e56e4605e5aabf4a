import { PodError } from '@mlpod/contract'
import { abs, add, like, logSoftmax, mul, pow, reduceSum, reshape, softmax, sub, type Value } from '@mlpod/graph'
import type { Loss } from '@mlpod/learn'

/** Settings of `r2ccpLoss`. */
export interface R2ccpOptions {
  /** The numbers that the classes stand for, ascending. */
  readonly midpoints: readonly number[]
  /** The power of distances (0.5 by default). */
  readonly power?: number
  /** How much spread is rewarded (0.2 by default). */
  readonly entropy?: number
}

/**
 * Returns the loss of regression as classification: sum over classes of |y - m_k|^power p_k, less `entropy` times the entropy of p, so that a
 * density is learnt and not a single class. `prediction` is logits [batch, midpoints], the target [batch, 1]; its sets are made by
 * `calibrateGrid`. TorchCP 1.2.1 adds the entropy, and so punishes spread. Throws `GRID_INVALID`, `OPTION_INVALID`.
 * Source: Guha et al. 2024 (R2CCP).
 */
export function r2ccpLoss({ midpoints, power = 0.5, entropy = 0.2 }: R2ccpOptions): Loss {
  if (midpoints.length < 2 || midpoints.some((m, i) => !Number.isFinite(m) || (i > 0 && m <= midpoints[i - 1])))
    throw new PodError('GRID_INVALID', 'the midpoints do not ascend', { hint: 'two or more ascending numbers' })
  if (!(power > 0)) throw new PodError('OPTION_INVALID', `"power" is ${power}`, { hint: 'a number above 0' })
  if (!(entropy >= 0)) throw new PodError('OPTION_INVALID', `"entropy" is ${entropy}`, { hint: 'a number >= 0' })
  return {
    name: 'r2ccp',
    target: 'float32',
    prediction: 'logits',
    rows(logits: Value, y: Value) {
      const far = abs(sub(reshape(y, [-1, 1]), reshape(like(logits, midpoints), [1, midpoints.length])))
      const p = softmax(logits, { axis: 1 })
      // sum of p (d + entropy log p): minus the entropy is sum of p log p
      const each = mul(p, add(power === 1 ? far : pow(far, power), mul(logSoftmax(logits, { axis: 1 }), entropy)))
      return { losses: reduceSum(each, { axes: [1], keepDims: false }) }
    },
  }
}
