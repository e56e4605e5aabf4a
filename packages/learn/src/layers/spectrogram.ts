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
  max,
  mul,
  pad,
  pow,
  reduceSum,
  reshape,
  slice,
  sqrt,
  squeeze,
  stft,
  transpose,
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

/** Returns the samples of a window: one period of it, or symmetric. */
export function windowOf(name: WindowName, length: number, periodic: boolean): Float64Array {
  const [a0, a1, a2] = WINDOWS[name]
  const turn = (2 * Math.PI) / Math.max(1, periodic ? length : length - 1)
  return Float64Array.from({ length }, (_, i) => a0 - a1 * Math.cos(turn * i) + a2 * Math.cos(2 * turn * i))
}

/** Returns the squares of the magnitudes of a spectrum [..., 2]. */
export const powerOf = (s: Value): Value => reduceSum(pow(s, 2), { axes: [3] })

/** What becomes of the complex numbers of a spectrum. */
const modes = {
  real: (s: Value) => squeeze(slice(s, [0], [1], { axes: [3] }), [3]),
  imaginary: (s: Value) => squeeze(slice(s, [1], [2], { axes: [3] }), [3]),
  /** Real parts of all bins, then imaginary ones. */
  complex: (s: Value): Value => concat([modes.real(s), modes.imaginary(s)], { axis: 2 }),
  angle: (s: Value): Value => angle(modes.imaginary(s), modes.real(s)),
  power: (s: Value): Value => powerOf(s),
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
