import { dimsOf, intsOf, scalarOf } from '../known.ts'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import { type Call, dtypeIn, int, need, refuse, type Schema, same } from '../schema.ts'
import { type Dim, freshDim, tensorType, type Value } from '../value.ts'

/** Returns an index of the axes but the last, which holds real and imaginary parts; undefined when it is only known in a run. */
export function signalAxis(call: Pick<Call, 'inputs'>): number | undefined {
  const [x, , axis] = call.inputs as readonly [Value, ...(Value | null | undefined)[]]
  const given = axis ? intsOf(axis)?.[0] : -2
  return given === undefined || given >= 0 ? given : given + x.shape.length
}

const half = (size: Dim): Dim => (typeof size === 'number' ? Math.floor(size / 2) + 1 : freshDim())

function parts(call: Call, size: Dim): void {
  if (typeof size === 'number' && size !== 1 && size !== 2)
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `the last axis has ${size} parts, not a real one, or a real and an imaginary one`,
      'give a real signal a last axis of size 1 (unsqueeze)',
    )
}

function dftShape(call: Call): readonly Dim[] {
  const [{ shape }, length] = call.inputs as readonly [Value, Value | null | undefined]
  if (shape.length < 2) throw refuse(call, 'SHAPE_MISMATCH', 'a signal has an axis of time and one of its parts')
  parts(call, shape.at(-1)!)
  const [inverse, onesided] = [int(call, 'inverse', 0) === 1, int(call, 'onesided', 0) === 1]
  if (onesided && shape.at(-1) === (inverse ? 1 : 2))
    throw refuse(call, 'SHAPE_MISMATCH', 'one side of a spectrum is that of a real signal')
  const components = onesided && inverse ? 1 : 2
  const axis = signalAxis(call)
  if (axis === undefined) return [...shape.slice(0, -1).map(freshDim), components]
  if (axis < 0 || axis >= shape.length - 1)
    throw refuse(call, 'AXIS_OUT_OF_RANGE', `axis ${axis} is none of the signal's ${shape.length - 1} axes`)
  const own = shape[axis]
  const whole = onesided && inverse ? (typeof own === 'number' ? 2 * (own - 1) : freshDim()) : own
  const size = length ? (dimsOf(length)?.[0] ?? freshDim()) : whole
  return [...shape.with(axis, onesided && !inverse ? half(size) : size).slice(0, -1), components]
}

function stftShape(call: Call): readonly Dim[] {
  const [signal, step, window, length] = call.inputs as readonly (Value | null | undefined)[]
  const { shape } = signal!
  if (shape.length !== 3) throw refuse(call, 'SHAPE_MISMATCH', 'a signal is [batch, time, parts]')
  parts(call, shape[2])
  if (window && window.shape.length !== 1) throw refuse(call, 'SHAPE_MISMATCH', 'a window is a list')
  const size = (length && dimsOf(length)?.[0]) ?? window?.shape[0] ?? (length ? freshDim() : shape[1])
  const [all, by] = [shape[1], scalarOf(step)]
  const known = typeof all === 'number' && typeof size === 'number' && by !== undefined
  if (known && all < size) throw refuse(call, 'SHAPE_MISMATCH', `a signal of ${all} samples has no frame of ${size}`)
  const frames = known ? Math.floor((all - size) / by) + 1 : freshDim()
  return [shape[0], frames, int(call, 'onesided', 1) === 1 ? half(size) : size, 2]
}

const named = (call: Call) => {
  const code = int(call, 'output_datatype', 1)
  const dtype = DATA_TYPE_OF_CODE[code]
  if (dtype === undefined) throw refuse(call, 'DTYPE_UNSUPPORTED', `element type ${code} is not supported`)
  return [tensorType(dtype)]
}

const window: Schema = {
  since: 17,
  inputs: [1, 1],
  attributes: { output_datatype: 'int', periodic: 'int' },
  types: (call) => {
    dtypeIn(call, 0, 'index')
    return named(call)
  },
  shapes: (call) => [[dimsOf(need(call, 0))?.[0] ?? freshDim()]],
}

/** Operators of signals and spectra. */
export const signal = {
  DFT: {
    since: 20,
    inputs: [1, 3],
    attributes: { inverse: 'int', onesided: 'int' },
    types: (call) => {
      if (call.inputs[1]) dtypeIn(call, 1, 'index')
      if (call.inputs[2]) dtypeIn(call, 2, 'int64')
      return same('float', 1)(call)
    },
    shapes: (call) => [dftShape(call)],
  },
  STFT: {
    since: 17,
    inputs: [2, 4],
    attributes: { onesided: 'int' },
    types: (call) => {
      dtypeIn(call, 1, 'index')
      if (call.inputs[3]) dtypeIn(call, 3, 'index')
      const dtype = dtypeIn(call, 0, 'float')
      if (call.inputs[2] && dtypeIn(call, 2, 'float') !== dtype)
        throw refuse(call, 'DTYPE_MISMATCH', 'the window has the element type of the signal')
      return [tensorType(dtype)]
    },
    shapes: (call) => [stftShape(call)],
  },
  HannWindow: window,
  HammingWindow: window,
  BlackmanWindow: window,
  MelWeightMatrix: {
    since: 17,
    inputs: [5, 5],
    attributes: { output_datatype: 'int' },
    types: (call) => {
      for (const i of [0, 1, 2]) dtypeIn(call, i, 'index')
      for (const i of [3, 4]) dtypeIn(call, i, 'float')
      return named(call)
    },
    shapes: (call) => {
      const [bands, length] = call.inputs.map((value) => dimsOf(value)?.[0])
      return [[length === undefined ? freshDim() : half(length), bands ?? freshDim()]]
    },
  },
} as const satisfies Record<string, Schema>
