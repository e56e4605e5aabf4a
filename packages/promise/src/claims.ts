import type { Claim, Operator, Quantity } from '@mlpod/contract'
import { PodError } from '@mlpod/contract'

const claim = (quantity: Quantity, operator: Operator, threshold: number): Claim => {
  if (!Number.isFinite(threshold))
    throw new PodError(
      'THRESHOLD_INVALID',
      `the threshold of "${quantity.quantity}" is ${threshold}, not a finite number`,
    )
  const by = quantity.by && quantity.by.length > 0 ? ` by ${quantity.by.join(' and ')}` : ''
  return { ...quantity, operator, threshold, statement: `${quantity.quantity} ${operator} ${threshold}${by}` }
}

/** Returns the claim that the true value of the quantity (in each of its groups) is at least the threshold. */
export const atLeast = (quantity: Quantity, threshold: number): Claim => claim(quantity, '>=', threshold)

/** Returns the claim that the true value of the quantity (in each of its groups) is at most the threshold. */
export const atMost = (quantity: Quantity, threshold: number): Claim => claim(quantity, '<=', threshold)

/** Returns the claim that an exactly known quantity (a count of violations) equals the threshold. */
export const equals = (quantity: Quantity, threshold: number): Claim => claim(quantity, '=', threshold)
