import { apply, applyOne } from '../apply.ts'
import { int, text } from '../attribute.ts'
import { lift, type Operand } from '../leaf.ts'
import { type Attribute, dtypeOf, type Value } from '../value.ts'

/** How the losses of examples are joined. */
export interface ClassLossOptions {
  /** Default `mean`: over the weights of the labels that count. */
  readonly reduction?: 'none' | 'mean' | 'sum'
  /** One weight a class. Default 1. */
  readonly weights?: Operand
  /** Examples with this label do not count. Default none. */
  readonly ignore?: number
}

function nodeOf(x: Value, labels: Operand, { reduction = 'mean', weights, ignore }: ClassLossOptions) {
  const inputs = [x, lift(labels, 'int64'), ...(weights === undefined ? [] : [lift(weights, dtypeOf(x))])]
  const attributes: Record<string, Attribute> = { reduction: text(reduction) }
  if (ignore !== undefined) attributes.ignore_index = int(ignore)
  return { inputs, attributes }
}

/**
 * Returns -log p[label] for logarithms of probabilities [examples, classes, ...] and labels [examples, ...]. A label that
 * is no class fails the run. Throws `SHAPE_MISMATCH`, `DTYPE_MISMATCH`.
 */
export function negativeLogLikelihoodLoss(x: Value, labels: Operand, options: ClassLossOptions = {}): Value {
  const { inputs, attributes } = nodeOf(x, labels, options)
  return applyOne('NegativeLogLikelihoodLoss', inputs, attributes)
}

/** Returns `negativeLogLikelihoodLoss` of the softmax of scores along axis 1, and the logarithms of that softmax. */
export function softmaxCrossEntropyLoss(
  scores: Value,
  labels: Operand,
  options: ClassLossOptions = {},
): { readonly loss: Value; readonly logarithms: Value } {
  const { inputs, attributes } = nodeOf(scores, labels, options)
  const [loss, logarithms] = apply('SoftmaxCrossEntropyLoss', inputs, attributes, { outputs: 2 })
  return { loss, logarithms }
}
