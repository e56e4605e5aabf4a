import { agree, type Call, dtypeIn, refuse, type Schema, text } from '../schema.ts'
import { type AttributeKind, type Dim, tensorType, type Value } from '../value.ts'

const REDUCTIONS: readonly string[] = ['none', 'mean', 'sum']

function lossShape(call: Call): readonly Dim[] {
  const [x, labels, weights] = call.inputs as readonly (Value | null | undefined)[]
  const [scores, wanted] = [x!.shape, labels!.shape]
  const differ = (a: Dim, b: Dim): boolean => typeof a === 'number' && typeof b === 'number' && a !== b
  if (
    scores.length < 2 ||
    wanted.length !== scores.length - 1 ||
    wanted.some((dim, axis) => differ(dim, scores[axis === 0 ? 0 : axis + 1]))
  )
    throw refuse(
      call,
      'SHAPE_MISMATCH',
      'the classes are axis 1, and there is a label for each of the others',
      'labels are whole numbers, not one-hot',
    )
  if (weights && (weights.shape.length !== 1 || differ(weights.shape[0], scores[1])))
    throw refuse(call, 'SHAPE_MISMATCH', 'there is one weight a class')
  const reduction = text(call, 'reduction', 'mean')
  if (!REDUCTIONS.includes(reduction))
    throw refuse(call, 'OPTION_UNKNOWN', `"${reduction}" is no reduction`, `use ${REDUCTIONS.join(', ')}`)
  return reduction === 'none' ? wanted : []
}

const ATTRIBUTES: Record<string, AttributeKind> = { ignore_index: 'int', reduction: 'string' }

const types = (call: Call) => {
  const dtype = agree(call, 'float', 0, 1)
  dtypeIn(call, 1, 'index')
  const weights = call.inputs[2]
  if (weights && dtypeIn(call, 2, 'float') !== dtype)
    throw refuse(call, 'DTYPE_MISMATCH', 'the weights have the element type of the scores')
  return [tensorType(dtype), tensorType(dtype)]
}

/** Losses of classes. */
export const losses = {
  NegativeLogLikelihoodLoss: {
    since: 13,
    inputs: [2, 3],
    attributes: ATTRIBUTES,
    types,
    shapes: (call) => [lossShape(call)],
  },
  SoftmaxCrossEntropyLoss: {
    since: 13,
    inputs: [2, 3],
    attributes: ATTRIBUTES,
    types,
    shapes: (call) => [lossShape(call), call.inputs[0]!.shape],
  },
} as const satisfies Record<string, Schema>
