import type { Value } from '../value.ts'

/** What moves elements about and changes none. */
const LAYOUT: ReadonlySet<string> = new Set(['Identity', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten'])

/**
 * Tells whether a value is plainly a sum of squares, so that its square root is a norm: a ReduceSumSquare, moved about or
 * collected turn by turn, as scikit-learn's distances are exported. Sums of products are not looked into: their root has
 * no derivative at 0, as in PyTorch.
 */
export function isSumOfSquares({ operation: { type, domain, inputs, bodies, outputs }, index }: Value): boolean {
  if (domain !== '') return false
  if (type === 'ReduceSumSquare') return true
  if (LAYOUT.has(type)) return isSumOfSquares(inputs[0]!)
  const collected = type === 'Scan' ? bodies?.body?.outputs[index] : undefined
  return collected !== undefined && outputs.length === bodies!.body.outputs.length && isSumOfSquares(collected)
}
