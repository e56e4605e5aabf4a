import { PodError, sizeOf } from '@mlpod/contract'
import {
  add,
  concat,
  constant,
  constantOfShape,
  conv as convolve,
  mul,
  reshape,
  shape,
  sigmoid,
  split,
  tanh,
} from '@mlpod/graph'
import type { Cell } from './cells.ts'
import { type ConvOptions, conv } from './convolution.ts'
import { initializers } from './initializers.ts'
import type { Initializer, Layer } from './layer.ts'
import { type RecurrenceOptions, recurrentOf } from './recurrence.ts'
import { known, whole } from './shape.ts'

/** Settings of a convolutional LSTM; the padding is that of the input's convolution. */
export type ConvLstmOptions = Pick<ConvOptions, 'stride' | 'padding' | 'dilation'> & { readonly bias?: boolean }

/**
 * Returns the cell of an LSTM whose products are convolutions: of the input [batch, channels, sizes...] by a kernel (a list has one
 * number an axis, 1 to 3 of them; one number is a square of two axes), and of the state, with as many places, by one of the
 * same size. Gates i, f, c, o: `weight` [4 filters, channels, kernel...], `recurrent` [4 filters, filters, kernel...], `bias`
 * [4 filters] of which that of f begins with 1. Source: Shi et al. (2015); Keras ConvLSTM2D.
 */
export function convLstmCell(filters: number, kernel: number | readonly number[], options: ConvLstmOptions = {}): Cell {
  const size = typeof kernel === 'number' ? [kernel, kernel] : [...kernel]
  whole('convolutional LSTM', { filters, ...Object.fromEntries(size.map((one, i) => [`kernel ${i}`, one])) })
  if (size.length < 1 || size.length > 3)
    throw new PodError('LAYER_INVALID', `the kernel of a convolutional LSTM has ${size.length} axes, not 1 to 3`)
  const { bias = true, ...rest } = options
  const places = sizeOf(size)
  const enter = conv(4 * filters, size, { ...rest, bias: false, weightInitializer: 'glorotUniform' })
  const reach = size.map((one) => one - 1)
  const pads = [...reach.map((one) => Math.floor(one / 2)), ...reach.map((one) => Math.ceil(one / 2))]
  return {
    count: 2,
    before(x, scope) {
      const y = enter(x, scope)
      if (!bias) return y
      const b = scope.parameter('bias', [4 * filters], forgetsLittle(filters), { fanIn: 1, fanOut: 1 })
      return add(y, reshape(b, [4 * filters, ...size.map(() => 1)]))
    },
    start(entered, scope) {
      const sizes = entered.shape.slice(2).map((_, i) => known(entered, i + 2, 'convolutional LSTM', scope))
      const zeros = constantOfShape(concat([shape(entered, 0, 1), constant([filters, ...sizes], 'int64')]))
      return [zeros, zeros]
    },
    step(entered, [h, c], scope) {
      const fans = { fanIn: filters * places, fanOut: 4 * filters * places }
      const r = scope.parameter('recurrent', [4 * filters, filters, ...size], initializers.orthogonal, fans)
      const all = add(entered, convolve(h, r, null, { pads }))
      const [i, f, made, o] = split(all, 4, { axis: 1 })
      const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(made)))
      return [mul(sigmoid(o), tanh(next)), next]
    },
    output: ([h]) => h,
  }
}

/** Zeros, but 1 for the forget gate. */
const forgetsLittle =
  (filters: number): Initializer =>
  (_, sizes) =>
    new Float32Array(sizeOf(sizes)).fill(1, filters, 2 * filters)

/**
 * Returns a convolutional LSTM over sequences of series, images or volumes [batch, time, channels, sizes...], by the number of axes
 * of the kernel. Source: Keras ConvLSTM1D to ConvLSTM3D.
 */
export const convLstm = (
  filters: number,
  kernel: number | readonly number[],
  { output, lengths, reverse, ...options }: ConvLstmOptions & RecurrenceOptions = {},
): Layer => recurrentOf(convLstmCell(filters, kernel, options), { output, lengths, reverse })
