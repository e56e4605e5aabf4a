import { intsOf } from '../known.ts'
import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import { axisIn, type Call, dtypeIn, int, ints, refuse, type Schema, sameShape } from '../schema.ts'
import {
  type Body,
  type Dim,
  describe,
  describeType,
  freshDim,
  isRanked,
  tensorType,
  UNRANKED,
  type Value,
} from '../value.ts'

function branches(call: Call): readonly [Body, Body] {
  const { then_branch, else_branch } = call.bodies ?? {}
  if (!then_branch || !else_branch) throw refuse(call, 'BODY_MISSING', 'an If has a then_branch and an else_branch')
  return [then_branch, else_branch]
}

function bodyOf(call: Call): Body {
  const body = call.bodies?.body
  if (!body) throw refuse(call, 'BODY_MISSING', `a ${call.type} has a body`)
  return body
}

/** A Scan's attributes by sequence, with ONNX's defaults filled in. Axes are counted from the front. */
export function scanOptions(call: Pick<Call, 'attributes' | 'inputs'> & { readonly bodies?: Call['bodies'] }) {
  const sequences = int(call, 'num_scan_inputs', 0)
  const states = call.inputs.length - sequences
  const outputs = call.bodies?.body?.outputs.slice(states) ?? []
  const given = (name: string, count: number): readonly number[] => ints(call, name) ?? new Array<number>(count).fill(0)
  const front = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis)
  return {
    states,
    inputAxes: given('scan_input_axes', sequences).map((axis, i) => front(axis, call.inputs[states + i]!.shape.length)),
    inputDirections: given('scan_input_directions', sequences),
    outputAxes: given('scan_output_axes', outputs.length).map((axis, i) => front(axis, outputs[i].shape.length + 1)),
    outputDirections: given('scan_output_directions', outputs.length),
  }
}

/** Returns a shape that both shapes fit: their common sizes, fresh names elsewhere. */
function meet(call: Call, a: Value, b: Value): readonly Dim[] {
  if (!isRanked(a) || !isRanked(b)) return UNRANKED
  if (sameShape(a.shape, b.shape)) return a.shape
  if (a.shape.length !== b.shape.length && call.ofFile) return UNRANKED
  if (a.shape.length !== b.shape.length)
    throw refuse(
      call,
      'RANK_UNKNOWN',
      `the branches return ${describe(a)} and ${describe(b)}`,
      'give both one number of axes',
    )
  return a.shape.map((dim, axis) => (dim === b.shape[axis] ? dim : freshDim()))
}

/** A loop that nothing ends early takes all its turns. */
function turnsOf({ inputs: [trips, proceed] }: Call, body: Body): Dim {
  const known = intsOf(trips)?.[0]
  return known !== undefined && !proceed && body.outputs[0] === body.inputs[1] ? Math.max(known, 0) : freshDim()
}

const fed: Schema = {
  domain: 'mlpod',
  since: 1,
  inputs: [0, 0],
  attributes: { dtype: 'int', shape: 'strings', default: 'tensor' },
  types: (call) => {
    const { dtype } = call.attributes
    return [tensorType(DATA_TYPE_OF_CODE[dtype?.kind === 'int' ? Number(dtype.value) : 0] ?? 'float32')]
  },
  shapes: (call) => {
    const { shape } = call.attributes
    return [shape?.kind === 'strings' ? shape.value.map((dim) => (/^\d+$/.test(dim) ? Number(dim) : dim)) : []]
  },
}

/** Leaves and operators that hold subgraphs. */
export const control = {
  /** What a run feeds. */
  Input: fed,
  /** What a subgraph is given: a turn's number, a state. */
  Formal: fed,
  Parameter: {
    domain: 'mlpod',
    since: 1,
    inputs: [0, 0],
    attributes: { value: 'tensor' },
    types: (call) => (call.attributes.value?.kind === 'tensor' ? [tensorType(call.attributes.value.value.dtype)] : []),
    shapes: (call) => (call.attributes.value?.kind === 'tensor' ? [call.attributes.value.value.shape] : []),
  },
  If: {
    since: 21,
    inputs: [1, 1],
    attributes: {},
    types: (call) => {
      dtypeIn(call, 0, 'bool')
      const [then, otherwise] = branches(call)
      if (then.outputs.length !== otherwise.outputs.length)
        throw refuse(
          call,
          'BODY_MISMATCH',
          `the branches return ${then.outputs.length} and ${otherwise.outputs.length} values`,
        )
      return then.outputs.map((value, i) => {
        const other = otherwise.outputs[i]
        if (describeType(value.type) !== describeType(other.type))
          throw refuse(call, 'DTYPE_MISMATCH', `the branches return ${describe(value)} and ${describe(other)}`)
        return value.type
      })
    },
    shapes: (call) => {
      const [then, otherwise] = branches(call)
      return then.outputs.map((value, i) => meet(call, value, otherwise.outputs[i]))
    },
  },
  Loop: {
    since: 21,
    inputs: [2, 1 << 30],
    attributes: {},
    types: (call) =>
      bodyOf(call)
        .outputs.slice(1)
        .map((value) => value.type),
    shapes: (call) => {
      const body = bodyOf(call)
      const carried = call.inputs.length - 2
      const turns = turnsOf(call, body)
      return body.outputs.slice(1).map((value, i) => {
        if (!isRanked(value)) return UNRANKED
        if (i >= carried) return [turns, ...value.shape]
        return meet(call, call.inputs[i + 2]!, value)
      })
    },
  },
  Scan: {
    since: 21,
    inputs: [1, 1 << 30],
    attributes: {
      num_scan_inputs: 'int',
      scan_input_axes: 'ints',
      scan_input_directions: 'ints',
      scan_output_axes: 'ints',
      scan_output_directions: 'ints',
    },
    types: (call) => bodyOf(call).outputs.map((value) => value.type),
    shapes: (call) => {
      const body = bodyOf(call)
      const { states, inputAxes, outputAxes } = scanOptions(call)
      if (inputAxes.length === 0 || states < 0)
        throw refuse(
          call,
          'INPUT_MISSING',
          `it reads ${inputAxes.length} of its ${call.inputs.length} inputs turn by turn`,
        )
      const lengths = inputAxes.map((axis, i) => {
        const { shape } = call.inputs[states + i]!
        return shape[axisIn(call, axis, shape.length)]
      })
      const length = lengths.find((dim) => typeof dim === 'number') ?? lengths[0]
      if (lengths.some((dim) => typeof dim === 'number' && dim !== length))
        throw refuse(call, 'SHAPE_MISMATCH', `the sequences have ${lengths.join(', ')} elements`, 'give all one length')
      return body.outputs.map((value, i) => {
        if (!isRanked(value)) return UNRANKED
        return i < states ? call.inputs[i]!.shape : value.shape.toSpliced(outputAxes[i - states], 0, length)
      })
    },
  },
} as const satisfies Record<string, Schema>
