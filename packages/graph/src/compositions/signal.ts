import { constant } from '../leaf.ts'
import { add, cast, cos, div, equal, mod, mul, neg, or, sin, sub, where } from '../operators/elementwise.ts'
import { asInt64, gather } from '../operators/indexing.ts'
import { matMul } from '../operators/linear.ts'
import { dft } from '../operators/signal.ts'
import { concat, pad, range, reshape, shape, split, squeeze, transpose, unsqueeze } from '../operators/structure.ts'
import { int } from '../schema.ts'
import { signalAxis } from '../schemas/signal.ts'
import { dtypeOf, type Value } from '../value.ts'
import { type Compositions, type Use, unknownBefore } from './composition.ts'

const lengthOf = (x: Value, axis: number): Value => squeeze(shape(x, axis, axis + 1), [0])

/** How a transform is taken: its axis, how many samples it has in time, and in which direction it goes. */
export interface Transform {
  readonly axis: number
  /** Samples in time (int64 scalar). */
  readonly length: Value
  readonly inverse: boolean
  readonly onesided: boolean
}

/** Returns how a DFT is taken. Throws `NOT_DIFFERENTIABLE` for an axis computed in the run. */
export function transformOf(use: Use): Transform {
  const [x, given] = use.inputs as readonly [Value, Value | null | undefined]
  const axis = signalAxis(use)
  if (axis === undefined) throw unknownBefore('DFT', 'axis is')
  const [inverse, onesided] = [int(use, 'inverse', 0) === 1, int(use, 'onesided', 0) === 1]
  const own = lengthOf(x, axis)
  const whole = inverse && onesided ? mul(2, sub(own, 1)) : own
  return { axis, length: given ? reshape(asInt64(given), []) : whole, inverse, onesided }
}

/** Returns x with an axis cut, or filled with zeros, to a length. */
export function fitted(x: Value, axis: number, length: Value): Value {
  const missing = reshape(sub(length, lengthOf(x, axis)), [1])
  const none = sub(missing, missing)
  const begins = x.shape.map(() => none)
  return pad(x, concat([...begins, ...begins.with(axis, missing)]))
}

/** Returns how often each bin of one side of a spectrum counts in the signal: twice, but for the first and the middle. */
export function timesCounted(bins: Value, length: Value, like: Value): Value {
  const places = range(0, bins)
  return cast(where(or(equal(places, 0), equal(mul(2, places), length)), 1, 2), dtypeOf(like)!)
}

/** Returns how many bins one side of a spectrum has. */
export const binsOf = (length: Value): Value => add(div(length, 2), 1)

/** The transform as products with cosines and sines. */
function transformed(use: Use): Value {
  const [x] = use.inputs as readonly [Value]
  const { axis, length, inverse, onesided } = transformOf(use)
  const dtype = dtypeOf(x)!
  const [from, to] = onesided ? (inverse ? [binsOf(length), length] : [length, binsOf(length)]) : [length, length]
  const rank = x.shape.length
  const others = x.shape.flatMap((_, i) => (i === axis || i === rank - 1 ? [] : [i]))
  const order = [rank - 1, ...others, axis]
  const filled = x.shape.at(-1) === 1 ? x : fitted(x, rank - 1, constant(2, 'int64'))
  const parts = transpose(fitted(filled, axis, from), order)
  const steps = mod(mul(unsqueeze(range(0, from), [1]), unsqueeze(range(0, to), [0])), length)
  const angles = mul(2 * Math.PI, div(cast(steps, dtype), cast(length, dtype)))
  const [cosines, sines] = [cos(angles), inverse ? neg(sin(angles)) : sin(angles)]
  const complex = x.shape.at(-1) !== 1
  const [real, imaginary] = complex ? split(parts, 2, { axis: 0 }) : [parts]
  const counted = onesided && inverse ? timesCounted(from, length, x) : undefined
  const weighed = (part: Value): Value => (counted ? mul(part, counted) : part)
  const scaled = (part: Value): Value => (inverse ? div(part, cast(length, dtype)) : part)
  const along = (part: Value, matrix: Value): Value => matMul(weighed(part), matrix)
  const y = imaginary ? add(along(real, cosines), along(imaginary, sines)) : along(real, cosines)
  const z = imaginary ? sub(along(imaginary, cosines), along(real, sines)) : neg(along(real, sines))
  const back = order.map((_, i) => order.indexOf(i))
  return scaled(transpose(onesided && inverse ? y : concat([y, z], { axis: 0 }), back))
}

/** Frames, each times the window, and their transforms. */
function framed(use: Use): Value {
  const [signal, step, window, given] = use.inputs as readonly [Value, Value, ...(Value | null | undefined)[]]
  const by = reshape(asInt64(step), [])
  const length = window ? lengthOf(window, 0) : given ? reshape(asInt64(given), []) : lengthOf(signal, 1)
  const frames = add(div(sub(lengthOf(signal, 1), length), by), 1)
  const places = add(unsqueeze(mul(range(0, frames), by), [1]), unsqueeze(range(0, length), [0]))
  const pieces = gather(signal, places, { axis: 1 })
  const seen = window ? mul(pieces, unsqueeze(window, [1])) : pieces
  return dft(seen, { onesided: int(use, 'onesided', 1) === 1 })
}

/** What operators of signals are made of. */
export const signal: Compositions = {
  DFT: (use) => [transformed(use)],
  STFT: (use) => [framed(use)],
}
