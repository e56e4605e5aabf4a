import type { DataType } from '@mlpod/contract'
import { applyOne } from '../apply.ts'
import { flag, int } from '../attribute.ts'
import { constant, lift, type Operand } from '../leaf.ts'
import { CODE_OF_DATA_TYPE } from '../onnx/data-type.ts'
import type { OperatorName } from '../schemas/index.ts'
import { dtypeOf, type Value } from '../value.ts'
import { cast, div, mul } from './elementwise.ts'
import { shape, squeeze } from './structure.ts'

/** How a discrete Fourier transform is taken. */
export interface TransformOptions {
  /** Samples in time: a longer signal is cut, a shorter one filled with zeros. Default all there are. */
  readonly length?: number | Value
  /** The axis of time; the last axis holds the real part, or the real and the imaginary one. Default the last but one. */
  readonly axis?: number
  /** From the spectrum to the signal, divided by the length. Default false. */
  readonly inverse?: boolean
  /** The spectrum is that of a real signal: only its first length / 2 + 1 bins are given, or taken. Default false. */
  readonly onesided?: boolean
}

/** Returns the discrete Fourier transform along an axis. Throws `SHAPE_MISMATCH`, `AXIS_OUT_OF_RANGE`. */
export function dft(x: Value, { length, axis = -2, inverse = false, onesided = false }: TransformOptions = {}): Value {
  // In double precision the runtime divides by a length in single precision.
  if (inverse && !onesided && dtypeOf(x) === 'float64' && x.shape.at(-1) === 2) {
    const back = conjugate(dft(conjugate(x), { length, axis }))
    const place = axis < 0 ? axis + x.shape.length : axis
    return div(back, cast(squeeze(shape(back, place, place + 1), [0]), 'float64'))
  }
  const inputs: (Value | null)[] = [x]
  if (length !== undefined || axis !== -2) inputs.push(length === undefined ? null : lift(length, 'int64'))
  if (axis !== -2) inputs.push(constant(axis, 'int64'))
  return applyOne('DFT', inputs, {
    ...(inverse && { inverse: flag(true) }),
    ...(onesided && { onesided: flag(true) }),
  })
}

/** Returns the conjugates of complex numbers, whose parts lie on the last axis. */
export const conjugate = (x: Value): Value => mul(x, constant([1, -1], dtypeOf(x)))

/** How a signal is cut into frames. */
export interface FrameOptions {
  /** What each frame is multiplied by: a list as long as a frame. Default ones. */
  readonly window?: Operand
  /** Samples of a frame. Default the window's length, else the signal's. */
  readonly length?: number
  /** Only the first length / 2 + 1 bins are given. Default true. */
  readonly onesided?: boolean
}

/**
 * Returns the spectra [batch, frames, bins, 2] of frames of a signal [batch, time, parts], one every `step` samples.
 * Throws `SHAPE_MISMATCH`.
 */
export function stft(signal: Value, step: number, { window, length, onesided = true }: FrameOptions = {}): Value {
  const inputs: (Value | null)[] = [signal, constant(step, 'int64')]
  if (window !== undefined || length !== undefined)
    inputs.push(window === undefined ? null : lift(window, dtypeOf(signal)))
  if (length !== undefined) inputs.push(constant(length, 'int64'))
  return applyOne('STFT', inputs, { onesided: flag(onesided) })
}

const windowOf =
  (type: OperatorName) =>
  (
    size: number | Value,
    { periodic = true, dtype = 'float32' }: { periodic?: boolean; dtype?: DataType } = {},
  ): Value =>
    applyOne(type, [lift(size, 'int64')], { periodic: flag(periodic), output_datatype: int(CODE_OF_DATA_TYPE[dtype]) })

/** Returns Hann's window of so many samples, 0.5 - 0.5 cos: periodic, or symmetric. */
export const hannWindow = windowOf('HannWindow')
/** Returns Hamming's window, 25/46 - 21/46 cos: periodic, or symmetric. */
export const hammingWindow = windowOf('HammingWindow')
/** Returns Blackman's window, 0.42 - 0.5 cos + 0.08 cos of twice the angle: periodic, or symmetric. */
export const blackmanWindow = windowOf('BlackmanWindow')

/**
 * Returns weights [length / 2 + 1, bands] of bins of a spectrum in bands of the mel scale, 2595 log10(1 + f / 700). ONNX
 * rounds the edges of bands to bins: torchaudio and librosa do not.
 */
export function melWeightMatrix({
  bands,
  length,
  rate,
  low,
  high,
}: {
  readonly bands: number
  /** Samples of a frame. */
  readonly length: number
  /** Samples a second. */
  readonly rate: number
  /** Edges of the bands, in Hz. */
  readonly low: number
  readonly high: number
}): Value {
  const whole = [bands, length, rate].map((value) => constant(value, 'int64'))
  const edges = [low, high].map((value) => constant(value, 'float32'))
  return applyOne('MelWeightMatrix', [...whole, ...edges])
}
