import { text as asText, flag } from '../attribute.ts'
import { scalarOf } from '../known.ts'
import { constant } from '../leaf.ts'
import { div, gelu } from '../operators/elementwise.ts'
import { einsum } from '../operators/linear.ts'
import { groupNormalization } from '../operators/normalization.ts'
import { hardmax, logSoftmax, softmax } from '../operators/reduction.ts'
import { concat, expand, flatten, type Ints, reshape, shape, unsqueeze } from '../operators/structure.ts'
import { float, int, ints, text } from '../schema.ts'
import { floatsOf } from '../schemas/resizing.ts'
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

/** Scales and regions are floats of the file, but no parameters that learn: shapes depend on them. */
function fixed<T extends Value | null>(value: T): T | Value {
  const own = value?.operation.type === 'Parameter' ? value.operation.attributes.value : undefined
  return own?.kind === 'tensor' ? constant(own.value) : value
}

/** Upsample, and Resize up to opset 10: the nearest element was cut off, but where the result is smaller. */
function asymmetric(node: OldNode): OldNode | undefined {
  const [x, scales] = node.inputs
  const factors = floatsOf(scales ?? undefined)
  const mode = text(node, 'mode', 'nearest')
  const shrinks = factors?.filter((scale) => scale !== 1).map((scale) => scale < 1) ?? [false]
  if (mode === 'nearest' && new Set(shrinks).size > 1) return undefined
  const attributes = {
    mode: asText(mode),
    coordinate_transformation_mode: asText('asymmetric'),
    nearest_mode: asText(shrinks.includes(true) ? 'ceil' : 'floor'),
  }
  return { ...node, type: 'Resize', inputs: [x, null, scales], attributes }
}

/** tf_half_pixel_for_nn, which went with opset 13: floor((i + 0.5) / scale). */
function withoutNearestOfTensorflow(node: OldNode): OldNode | undefined {
  if (text(node, 'coordinate_transformation_mode', 'half_pixel') !== 'tf_half_pixel_for_nn') return node
  if (text(node, 'mode', 'nearest') !== 'nearest' || text(node, 'nearest_mode', 'round_prefer_floor') !== 'floor')
    return undefined
  const attributes = {
    ...node.attributes,
    coordinate_transformation_mode: asText('half_pixel'),
    nearest_mode: asText('round_prefer_ceil'),
  }
  return { ...node, attributes }
}

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
  // Before opset 14 more outputs than one meant training; the last two, kept for a derivative, have no present form.
  BatchNormalization: {
    before: 14,
    apply: (node) => {
      const given = node.outputs.filter((name) => name !== '').length
      const last = node.outputs.findLastIndex((name) => name !== '') + 1
      if (int(node, 'spatial', 1) === 0 || last > 3) return undefined
      const attributes = without(node.attributes, 'spatial')
      return given === 1
        ? { ...node, attributes }
        : { ...node, attributes: { ...attributes, training_mode: flag(true) }, outputs: node.outputs.slice(0, 3) }
    },
  },
  // Scale and bias were one number a group.
  GroupNormalization: {
    before: 21,
    apply: ({ inputs, attributes }) => {
      const [x, scale, bias] = inputs as readonly Value[]
      if (!isRanked(x)) return undefined
      const groups = int({ attributes }, 'num_groups', 1)
      const channels = x.shape[1]
      const size: Ints =
        typeof channels === 'number'
          ? [1, channels / groups]
          : concat([list([1]), div(shape(x, 1, 2), constant(groups, 'int64'))])
      const spread = (vector: Value): Value => reshape(expand(unsqueeze(vector, [1]), size), [-1])
      return groupNormalization(x, spread(scale), spread(bias), groups, {
        epsilon: float({ attributes }, 'epsilon', 1e-5),
      })
    },
  },
  GridSample: {
    before: 20,
    apply: (node) => {
      const modes: Readonly<Record<string, string>> = { bilinear: 'linear', bicubic: 'cubic' }
      const mode = text(node, 'mode', 'bilinear')
      return { ...node, attributes: { ...node.attributes, mode: asText(modes[mode] ?? mode) } }
    },
  },
  // There was no half pixel.
  RoiAlign: {
    before: 16,
    apply: (node) => ({
      ...node,
      attributes: { ...node.attributes, coordinate_transformation_mode: asText('output_half_pixel') },
    }),
  },
  Upsample: {
    before: 10,
    apply: (node) => {
      const listed = node.attributes.scales
      const scales = listed?.kind === 'floats' ? constant(listed.value, 'float32') : node.inputs[1]
      return scales ? asymmetric({ ...node, inputs: [node.inputs[0], fixed(scales)] }) : undefined
    },
  },
  Resize: {
    before: Number.POSITIVE_INFINITY,
    apply: (node) => {
      const inputs = node.inputs.map((value, i) => (i === 1 || i === 2 ? fixed(value) : value))
      const present = { ...node, inputs }
      return inputs.length === 2 && inputs[1] !== null ? asymmetric(present) : withoutNearestOfTensorflow(present)
    },
  },
  DFT: {
    before: 20,
    apply: (node) => {
      const axis = constant(int(node, 'axis', 1), 'int64')
      const inputs = [node.inputs[0], node.inputs[1] ?? null, axis]
      return { ...node, inputs, attributes: without(node.attributes, 'axis') }
    },
  },
  // The runtime takes lists of one number, but not where it knows beforehand that they are lists.
  Range: {
    before: Number.POSITIVE_INFINITY,
    apply: (node) => ({
      ...node,
      inputs: node.inputs.map((value) => (value?.shape.length === 1 ? reshape(value, []) : value)),
    }),
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

/** Operators of other domains that ONNX has by the same name since, by domain and name. */
const FOREIGN: Readonly<Record<string, ((node: OldNode) => Value) | undefined>> = {
  'com.microsoft/Gelu': ({ inputs: [x] }) => gelu(x!),
}

/**
 * Returns a node of a file of `opset` in its present form, or the value that it is; `outdated` tells that it has none, and
 * is given as it was.
 */
export function upgrade(
  node: OldNode,
  opset: number,
  domain: string,
): { readonly node: OldNode | Value; readonly upgraded: boolean; readonly outdated: boolean } {
  if (domain !== '')
    return { node: FOREIGN[`${domain}/${node.type}`]?.(node) ?? node, upgraded: false, outdated: false }
  const entry = UPGRADES[node.type]
  if (entry === undefined || opset >= entry.before) return { node, upgraded: false, outdated: false }
  const result = entry.apply(node)
  return { node: result ?? node, upgraded: result !== undefined, outdated: result === undefined }
}
