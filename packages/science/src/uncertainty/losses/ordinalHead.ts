import { PodError } from '@mlpod/contract'
import { abs, concat, cumSum, mul, neg, slice, type Value } from '@mlpod/graph'

/** How numbers are made to grow, and to fall from a peak. */
export type OrdinalShape = 'abs' | 'square'

const shapes: Readonly<Record<OrdinalShape, (x: Value) => Value>> = { abs, square: (x) => mul(x, x) }

/**
 * Returns logits [n, classes] with one peak, of any numbers [n, classes] (three classes or more): v_1 = x_1, v_k = v_(k-1) + step(x_k), and
 * logits -peak(v_k). Their softmax rises to a class and falls from it, so that the likeliest labels of ordered classes are neighbours.
 * TorchCP 1.2.1 takes the shape of the steps for the peak too. Throws `SHAPE_MISMATCH`. Source: Dey, Merugu, Kaveri 2023.
 */
export function ordinalHead(
  x: Value,
  { step = 'abs', peak = 'abs' }: { readonly step?: OrdinalShape; readonly peak?: OrdinalShape } = {},
): Value {
  const classes = x.shape[1]
  if (x.shape.length !== 2 || (typeof classes === 'number' && classes < 3))
    throw new PodError(
      'SHAPE_MISMATCH',
      `a peak among ordered classes needs [n, 3 or more], not [${x.shape.join(', ')}]`,
    )
  const first = slice(x, [0], [1], { axes: [1] })
  const rest = slice(x, [1], [Number.MAX_SAFE_INTEGER], { axes: [1] })
  return neg(shapes[peak](cumSum(concat([first, shapes[step](rest)], { axis: 1 }), 1)))
}
