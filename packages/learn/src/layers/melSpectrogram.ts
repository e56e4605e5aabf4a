import { PodError, tensor } from '@mlpod/contract'
import { constant, log, matMul, max, mul, pad, pow, reduceMax, stft, sub, transpose, unsqueeze } from '@mlpod/graph'
import type { Layer } from './layer.ts'
import { unfit, whole } from './shape.ts'
import { powerOf, type WindowName, windowOf } from './spectrogram.ts'

/** Settings of `melSpectrogram`. */
export interface MelOptions {
  /** Samples that are transformed. Default 2048. */
  readonly length?: number
  /** Samples from frame to frame. Default 512. */
  readonly step?: number
  /** Samples of the window, in the middle of those transformed. Default `length`. */
  readonly frame?: number
  /** Default `hann`. */
  readonly window?: Exclude<WindowName, 'blackman'>
  /** Samples a second. Default 16000. */
  readonly rate?: number
  /** Bands of the mel scale. Default 128. */
  readonly bands?: number
  /** Edges of the bands, in Hz. Default 20, and half the rate. */
  readonly low?: number
  readonly high?: number
  /** Whether the result is in decibels. Default true. */
  readonly decibels?: boolean
  /** What is further below the largest value of its example is raised to that, in decibels. Default 80. */
  readonly range?: number
  /** Of the magnitudes. Default 2. */
  readonly exponent?: number
  /** Below it powers count as it. Default 1e-10. */
  readonly least?: number
  /** The power of 0 decibels. Default 1. */
  readonly reference?: number
}

/**
 * Returns the power of signals [batch, samples] in bands of the mel scale: [batch, bands, frames], frames centred, the signal
 * mirrored at its ends. Throws `LAYER_INVALID`, `SHAPE_MISMATCH`. Source: Keras MelSpectrogram, whose `range` counts from the
 * largest value of the batch; ours from that of each example, so that an answer does not depend on its neighbours.
 */
export function melSpectrogram({
  length = 2048,
  step = 512,
  frame = length,
  window = 'hann',
  rate = 16_000,
  bands = 128,
  low = 20,
  high = Math.floor(rate / 2),
  decibels = true,
  range = 80,
  exponent = 2,
  least = 1e-10,
  reference = 1,
}: MelOptions = {}): Layer {
  whole('mel spectrogram', { length, step, frame, bands })
  if (frame > length || !(low >= 0 && low < high && high <= rate / 2))
    throw new PodError(
      'LAYER_INVALID',
      `a mel spectrogram of ${length} samples takes no frames of ${frame} or bands from ${low} to ${high} Hz at ${rate}`,
    )
  const filled = new Float32Array(length)
  filled.set(windowOf(window, frame, true), Math.floor((length - frame) / 2))
  const weights = constant(
    tensor('float32', [length / 2 + 1, bands], melWeights(bands, length / 2 + 1, rate, low, high)),
  )
  const half = Math.floor(length / 2)
  return (x, scope) => {
    if (x.shape.length !== 2) throw unfit('mel spectrogram', '[batch, samples]', x, scope)
    const long = pad(x, [0, half, 0, half], { mode: 'reflect' })
    const spectra = stft(unsqueeze(long, [2]), step, { window: constant(tensor('float32', [length], filled)) })
    const power = powerOf(spectra)
    const bent = exponent === 2 ? power : pow(power, exponent / 2)
    const heard = transpose(matMul(bent, weights), [0, 2, 1])
    if (!decibels) return heard
    const of = 10 * Math.log10(Math.max(Math.abs(reference), least))
    const levels = sub(mul(log(max(heard, least)), 10 / Math.LN10), of)
    return max(levels, sub(reduceMax(levels, { axes: [1, 2], keepDims: true }), range))
  }
}

const mel = (hertz: number): number => 1127 * Math.log(1 + hertz / 700)

/** Triangles of the mel scale over the bins of a spectrum, the first bin in none: [bins, bands]. Source: HTK. */
function melWeights(bands: number, bins: number, rate: number, low: number, high: number): Float32Array {
  const [from, to] = [mel(low), mel(high)]
  const edge = (i: number): number => from + ((to - from) * i) / (bands + 1)
  const weights = new Float32Array(bins * bands)
  for (let bin = 1; bin < bins; bin++) {
    const place = mel((bin * rate) / 2 / (bins - 1))
    for (let band = 0; band < bands; band++) {
      const rising = (place - edge(band)) / (edge(band + 1) - edge(band))
      const falling = (edge(band + 2) - place) / (edge(band + 2) - edge(band + 1))
      weights[bin * bands + band] = Math.max(0, Math.min(rising, falling))
    }
  }
  return weights
}
