import { DATA_TYPE_OF_CODE } from '../onnx/data-type.ts'
import { type Call, dtypeIn, refuse, type Schema, sameShape } from '../schema.ts'
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

function loopBody(call: Call): Body {
  const body = call.bodies?.body
  if (!body) throw refuse(call, 'BODY_MISSING', 'a Loop has a body')
  return body
}

/** Returns a shape that both shapes fit: their common sizes, fresh names elsewhere. */
function meet(call: Call, a: Value, b: Value): readonly Dim[] {
  if (!isRanked(a) || !isRanked(b)) return UNRANKED
  if (sameShape(a.shape, b.shape)) return a.shape
  if (a.shape.length !== b.shape.length)
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      `the branches return ${describe(a)} and ${describe(b)}`,
      'give both one number of axes',
    )
  return a.shape.map((dim, axis) => (dim === b.shape[axis] ? dim : freshDim()))
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
      loopBody(call)
        .outputs.slice(1)
        .map((value) => value.type),
    shapes: (call) => {
      const body = loopBody(call)
      const carried = call.inputs.length - 2
      return body.outputs.slice(1).map((value, i) => {
        if (!isRanked(value)) return UNRANKED
        if (i >= carried) return [freshDim(), ...value.shape]
        return meet(call, call.inputs[i + 2]!, value)
      })
    },
  },
} as const satisfies Record<string, Schema>
