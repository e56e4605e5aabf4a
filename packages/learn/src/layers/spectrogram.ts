import { PodError, tensor } from '@mlpod/contract'
import {
  add,
  atan,
  concat,
  constant,
  div,
  equal,
  less,
  log,
  matMul,
  max,
  mul,
  pad,
  pow,
  reduceMax,
  reduceSum,
  reshape,
  slice,
  sqrt,
  squeeze,
  stft,
  sub,
  transpose,
  unsqueeze,
  type Value,
  where,
} from '@mlpod/graph'
import type { Layer } from './layer.ts'
import { known, unfit, whole } from './shape.ts'

/** What each sample of a frame is multiplied by. */
export type WindowName = 'hann' | 'hamming' | 'blackman' | 'none'

// a0 - a1 cos(2 pi i / n) + a2 cos(4 pi i / n)
const WINDOWS: Readonly<Record<WindowName, readonly [number, number, number]>> = {
  hann: [0.5, 0.5, 0],
  hamming: [0.54, 0.46, 0],
  blackman: [0.42, 0.5, 0.08],
  none: [1, 0, 0],
}

function windowOf(name: WindowName, length: number, periodic: boolean): Float64Array {
  const [a0, a1, a2] = WINDOWS[name]
  const turn = (2 * Math.PI) / Math.max(1, periodic ? length : length - 1)
  return Float64Array.from({ length }, (_, i) => a0 - a1 * Math.cos(turn * i) + a2 * Math.cos(2 * turn * i))
}

/** What becomes of the complex numbers of a spectrum. */
const modes = {
  real: (s: Value) => squeeze(slice(s, [0], [1], { axes: [3] }), [3]),
  imaginary: (s: Value) => squeeze(slice(s, [1], [2], { axes: [3] }), [3]),
  /** Real parts of all bins, then imaginary ones. */
  complex: (s: Value): Value => concat([modes.real(s), modes.imaginary(s)], { axis: 2 }),
  angle: (s: Value): Value => angle(modes.imaginary(s), modes.real(s)),
  power: (s: Value): Value => reduceSum(pow(s, 2), { axes: [3] }),
  /** Power, that of bins which stand for two frequencies doubled. */
  psd: (s: Value): Value => {
    const all = modes.power(s)
    const bins = all.shape[2] as number
    const twice = Float32Array.from({ length: bins }, (_, i) => (i === 0 || i === bins - 1 ? 1 : 2))
    return mul(all, constant(tensor('float32', [bins], twice)))
  },
  magnitude: (s: Value): Value => sqrt(max(modes.power(s), LEAST)),
  log: (s: Value): Value => log(max(modes.magnitude(s), LEAST)),
} as const

// Keras' epsilon
const LEAST = 1e-7

/** The angle of (x, y) in (-pi, pi]. */
function angle(y: Value, x: Value): Value {
  const upright = equal(x, 0)
  const side = where(less(y, 0), -1, where(equal(y, 0), 0, 1))
  const quarter = mul(side, Math.PI / 2)
  const own = atan(div(y, where(upright, 1, x)))
  const behind = where(less(y, 0), -Math.PI, Math.PI)
  return where(upright, quarter, add(own, where(less(x, 0), behind, 0)))
}

/** Settings of `stftSpectrogram`. */
export interface SpectrogramOptions {
  /** Default `log`, of the magnitudes. */
  readonly mode?: keyof typeof modes
  /** Samples of a frame. Default 256. */
  readonly frame?: number
  /** Samples from frame to frame. Default half a frame. */
  readonly step?: number
  /** Samples that are transformed, the rest zeros. Default the next power of two. */
  readonly length?: number
  /** Default `hann`. */
  readonly window?: WindowName
  /** Whether the window is one period, or symmetric (default). */
  readonly periodic?: boolean
  /** The window is divided by the root of the sum of its squares (`density`, default), by its sum, or by nothing. */
  readonly scaling?: 'density' | 'spectrum' | 'none'
  /** Whether frames end inside the signal (default), or zeros around it make one each step. */
  readonly padding?: 'valid' | 'same'
}

/**
 * Returns the spectra of frames of signals [batch, channels, time]: [batch, channels * bins, frames] with length / 2 + 1 bins
 * (twice as many for `complex`). Throws `LAYER_INVALID`, `SHAPE_MISMATCH`. Source: Keras STFTSpectrogram, channels first; the
 * transform is not trained.
 */
export function stftSpectrogram({
  mode = 'log',
  frame = 256,
  step = Math.floor(frame / 2),
  length = 2 ** Math.ceil(Math.log2(frame)),
  window = 'hann',
  periodic = false,
  scaling = 'density',
  padding = 'valid',
}: SpectrogramOptions = {}): Layer {
  whole('spectrogram', { frame, step, length })
  if (length < frame || step > frame)
    throw new PodError(
      'LAYER_INVALID',
      `a spectrogram of frames of ${frame} has steps of ${step} and transforms ${length}`,
    )
  const weights = windowOf(window, frame, periodic)
  const total = (of: (value: number) => number): number => weights.reduce((sum, value) => sum + of(value), 0)
  const divisor = { density: Math.sqrt(total((v) => v * v)), spectrum: total(Math.abs), none: 1 }[scaling]
  const filled = new Float32Array(length)
  weights.forEach((value, i) => {
    filled[i] = value / divisor
  })
  return (x, scope) => {
    if (x.shape.length !== 3) throw unfit('spectrogram', '[batch, channels, time]', x, scope)
    const [channels, time] = [known(x, 1, 'spectrogram', scope), known(x, 2, 'spectrogram', scope)]
    const missing = padding === 'same' ? Math.max((Math.ceil(time / step) - 1) * step + frame - time, 0) : 0
    if (time + missing < frame) throw unfit('spectrogram', `${frame} samples or more`, x, scope)
    const before = Math.floor(missing / 2)
    const signal = reshape(x, [-1, time, 1])
    const long = pad(signal, [0, before, 0, 0, missing - before + length - frame, 0])
    const spectra = modes[mode](stft(long, step, { window: constant(tensor('float32', [length], filled)) }))
    const bins = spectra.shape[2] as number
    return reshape(transpose(spectra, [0, 2, 1]), [-1, channels * bins, 0])
  }
}

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
    const power = modes.power(spectra)
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
