import { scalarOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { einsum } from '../operators/linear.ts'
import { hardmax, logSoftmax, softmax } from '../operators/reduction.ts'
import { flatten, reshape, shape } from '../operators/structure.ts'
import { float, int, ints, text } from '../schema.ts'
import { type Attribute, dtypeOf, isRanked, type Value } from '../value.ts'

/** A node as a file has it. */
export interface OldNode {
  readonly type: string
  readonly inputs: readonly (Value | null)[]
  readonly attributes: Readonly<Record<string, Attribute>>
  /** The names of its outputs; empty where one is not wanted. */
  readonly outputs: readonly string[]
}

interface Upgrade {
  /** Files of older opsets have the old form. */
  readonly before: number
  /** Returns the node in its present form, or its value; undefined when this node has no present form. */
  readonly apply: (node: OldNode) => OldNode | Value | undefined
}

const without = (attributes: OldNode['attributes'], ...names: readonly string[]): OldNode['attributes'] =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)))

const list = (numbers: readonly number[]): Value => constant(numbers, 'int64')

/** An attribute that lists integers became an input after the others. */
const listed = (before: number, name: string): Upgrade => ({
  before,
  apply: (node) => {
    const numbers = ints(node, name)
    const attributes = without(node.attributes, name)
    return { ...node, attributes, inputs: numbers === undefined ? node.inputs : [node.inputs[0], list(numbers)] }
  },
})

// Up to opset 12 all axes from `axis` on were one.
const flattened = (operator: (x: Value, options: { axis: number }) => Value): Upgrade => ({
  before: 13,
  apply: (node) => {
    const [x] = node.inputs
    if (!x || !isRanked(x)) return undefined
    const given = int(node, 'axis', 1)
    const axis = given < 0 ? given + x.shape.length : given
    if (axis === x.shape.length - 1) return operator(x, { axis })
    return reshape(operator(flatten(x, { axis }), { axis: 1 }), shape(x), { allowZero: true })
  },
})

/** Present forms of what older files have, by operator. */
const UPGRADES: Readonly<Record<string, Upgrade | undefined>> = {
  Clip: {
    before: 11,
    apply: (node) => {
      const dtype = dtypeOf(node.inputs[0]!)
      const bound = (name: string) => (node.attributes[name] ? constant(float(node, name, 0), dtype) : null)
      return { ...node, inputs: [node.inputs[0], bound('min'), bound('max')], attributes: {} }
    },
  },
  Slice: {
    before: 10,
    apply: (node) => {
      const [starts, ends, axes] = ['starts', 'ends', 'axes'].map((name) => ints(node, name))
      if (!starts || !ends) return undefined
      return { ...node, inputs: [node.inputs[0], list(starts), list(ends), axes ? list(axes) : null], attributes: {} }
    },
  },
  Pad: {
    before: 11,
    apply: (node) => {
      const pads = ints(node, 'pads')
      if (!pads) return undefined
      const value = constant(float(node, 'value', 0), dtypeOf(node.inputs[0]!))
      const mode = text(node, 'mode', 'constant')
      const inputs = [node.inputs[0], list(pads), mode === 'constant' ? value : null]
      return { ...node, inputs, attributes: without(node.attributes, 'pads', 'value') }
    },
  },
  TopK: {
    before: 10,
    apply: (node) => ({
      ...node,
      inputs: [node.inputs[0], list([int(node, 'k', 1)])],
      attributes: without(node.attributes, 'k'),
    }),
  },
  Split: {
    before: 18,
    apply: (node) => {
      const lengths = ints(node, 'split')
      if (lengths)
        return { ...node, inputs: [node.inputs[0], list(lengths)], attributes: without(node.attributes, 'split') }
      if (node.inputs[1]) return node
      const count: Attribute = { kind: 'int', value: node.outputs.length }
      return { ...node, attributes: { ...node.attributes, num_outputs: count } }
    },
  },
  Softmax: flattened(softmax),
  LogSoftmax: flattened(logSoftmax),
  Hardmax: flattened(hardmax),
  Squeeze: listed(13, 'axes'),
  Unsqueeze: listed(13, 'axes'),
  ReduceSum: listed(13, 'axes'),
  ReduceMean: listed(18, 'axes'),
  ReduceMax: listed(18, 'axes'),
  ReduceMin: listed(18, 'axes'),
  ReduceL1: listed(18, 'axes'),
  ReduceL2: listed(18, 'axes'),
  ReduceProd: listed(18, 'axes'),
  ReduceLogSum: listed(18, 'axes'),
  ReduceLogSumExp: listed(18, 'axes'),
  ReduceSumSquare: listed(18, 'axes'),
  Scatter: { before: 11, apply: (node) => ({ ...node, type: 'ScatterElements' }) },
  // With statistics that are given and one output, all versions since 9 say the same.
  BatchNormalization: {
    before: 14,
    apply: (node) =>
      node.outputs.filter((name) => name !== '').length === 1
        ? { ...node, attributes: without(node.attributes, 'spatial') }
        : undefined,
  },
  // The runtime wants the same number of axes under each ellipsis.
  Einsum: {
    before: Number.POSITIVE_INFINITY,
    apply: (node) =>
      text(node, 'equation', '').includes('...') && node.inputs.every((value) => value !== null && isRanked(value))
        ? einsum(text(node, 'equation', ''), ...(node.inputs as readonly Value[]))
        : node,
  },
  Dropout: {
    before: Number.POSITIVE_INFINITY,
    apply: (node) => {
      const [x, ratio, training] = node.inputs
      const learns = training && scalarOf(training) !== 0
      // Outside training a dropout passes its input on.
      if (!learns && !node.outputs[1]) return { ...node, type: 'Identity', inputs: [x], attributes: {} }
      const given = ratio ?? (node.attributes.ratio ? constant(float(node, 'ratio', 0.5), 'float32') : null)
      // The derivative of a dropout in training needs its mask.
      const outputs = node.outputs.length > 1 ? node.outputs : [...node.outputs, '']
      return { ...node, inputs: [x, given, training ?? null], attributes: without(node.attributes, 'ratio'), outputs }
    },
  },
}

/** Returns a node of a file of `opset` in its present form, or the value that it is. `known` tells whether it has one. */
export function upgrade(node: OldNode, opset: number): { readonly node: OldNode | Value; readonly upgraded: boolean } {
  const entry = UPGRADES[node.type]
  if (entry === undefined || opset >= entry.before) return { node, upgraded: false }
  const result = entry.apply(node)
  return { node: result ?? node, upgraded: result !== undefined }
}
