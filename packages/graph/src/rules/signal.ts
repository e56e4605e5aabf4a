import { binsOf, fitted, signal as signalOf, timesCounted, transformOf } from '../compositions/signal.ts'
import { cast, div, mul } from '../operators/elementwise.ts'
import { slice } from '../operators/indexing.ts'
import { conjugate, dft } from '../operators/signal.ts'
import { reshape, shape, squeeze } from '../operators/structure.ts'
import type { Rule } from '../rule.ts'
import type { signal as schemas } from '../schemas/signal.ts'
import { dtypeOf, type Operation, type Value } from '../value.ts'
import { decomposed, onTangent } from './law.ts'

/**
 * The transpose of a transform is the transform in the other direction, divided by n where that one is. Of one side of a spectrum the other is zeros; of the signal of one side, all but two bins count
 * twice.
 */
function transposed(g: Value, operation: Operation): Value {
  const [x] = operation.inputs as readonly [Value]
  const { axis, length, inverse, onesided } = transformOf(operation)
  const n = cast(length, dtypeOf(x)!)
  const own = squeeze(shape(x, axis, axis + 1), [0])
  if (inverse && onesided) {
    const counted = timesCounted(binsOf(length), length, x)
    const wide = reshape(
      counted,
      x.shape.map((_, i) => (i === axis ? -1 : 1)),
    )
    return fitted(mul(dft(g, { length, axis, onesided: true }), div(wide, n)), axis, own)
  }
  // The other direction is this one between conjugates, which the runtime computes to all digits of double precision.
  const other = inverse ? div(dft(g, { length, axis }), n) : conjugate(dft(conjugate(g), { length, axis }))
  const whole = fitted(other, axis, own)
  const last = x.shape.length - 1
  if (x.shape[last] === 2) return whole
  if (x.shape[last] === 1) return slice(whole, [0], [1], { axes: [last] })
  return fitted(whole, last, squeeze(shape(x, last, last + 1), [0]))
}

/** Rules of the operators of signals and spectra. */
export const signal: { readonly [O in keyof typeof schemas]: Rule } = {
  DFT: { vjp: ({ g, operation }) => [() => transposed(g, operation)], jvp: onTangent },
  STFT: decomposed(signalOf.STFT!),
  HannWindow: 'zero',
  HammingWindow: 'zero',
  BlackmanWindow: 'zero',
  MelWeightMatrix: 'zero',
}
