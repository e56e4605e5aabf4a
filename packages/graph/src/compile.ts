import { PodError } from '@mlpod/contract'
import { emit } from './emit.ts'
import { input } from './leaf.ts'
import { assembled, type Model } from './model.ts'
import { externalized } from './onnx/external.ts'
import { expand, simplify } from './simplify/index.ts'
import { capture } from './site.ts'
import { substitute } from './substitute.ts'
import { dtypeOf, type Site, type Value } from './value.ts'
import { topological } from './walk.ts'

/** What a model is compiled from. */
export interface CompileOptions {
  /**
   * What a run feeds: inputs, parameters that become inputs, or any other value (the model then starts there). A record
   * gives the names, a list uses the values' own. Default: every `input` that the outputs need, in the order found.
   */
  readonly inputs?: readonly Value[] | Readonly<Record<string, Value>>
  /** What a run gives, by name. */
  readonly outputs: Readonly<Record<string, Value>>
  /** Free text by key, outside the model's identity. */
  readonly metadata?: Readonly<Record<string, string>>
  /** The graph's name. Default `model`. */
  readonly name?: string
  /** Default true: common subexpressions, constants and needless operations are removed, products and sums joined. */
  readonly optimize?: boolean
  /**
   * Whether large parameters (1 KiB and more, or as many bytes as are given) stay outside the model's bytes, as views of
   * their own arrays; `saveFile` writes them beside the model. Default: when all together pass 1 GiB, since no ONNX file
   * may pass 2 GiB.
   */
  readonly external?: boolean | number
}

const KIB = 1024
const MOST_INSIDE = KIB ** 3

/**
 * Returns the ONNX model of values: opset 21, IR version 10, parameters that are not inputs as initializers. The same
 * graph gives the same bytes. Throws `INPUT_NOT_LISTED`, `NAME_TAKEN`, `OUTPUT_MISSING`.
 */
export function compile({
  inputs,
  outputs,
  metadata = {},
  name = 'model',
  optimize = true,
  external,
}: CompileOptions): Model {
  const site = capture()
  if (Object.keys(outputs).length === 0)
    throw new PodError('OUTPUT_MISSING', 'a model needs at least one output', { at: site.at })
  const listed = inputs === undefined ? inputsOf(Object.values(outputs)) : named(inputs, site)
  const starts = new Map<Value, Value>()
  const formal = new Map<string, Value>()
  for (const [key, value] of listed) {
    if (formal.has(key)) throw new PodError('NAME_TAKEN', `two inputs of the model are named "${key}"`, { at: site.at })
    formal.set(key, startOf(key, value, starts))
  }
  for (const key of Object.keys(outputs))
    if (formal.has(key))
      throw new PodError('NAME_TAKEN', `an input and an output of the model are both named "${key}"`, { at: site.at })
  const values = starts.size === 0 ? Object.values(outputs) : substitute(Object.values(outputs), starts)
  const results = expand(values)
  const simple = optimize ? simplify(results) : results
  const keyed = (values: readonly Value[]) => new Map(Object.keys(outputs).map((key, i) => [key, values[i]]))
  // Simplifying may forget the name of a size: the outputs are described as they were written.
  const proto = emit(formal, keyed(simple), keyed(results), name)
  const weight = (proto.graph!.initializer ?? []).reduce((sum, { rawData }) => sum + (rawData?.byteLength ?? 0), 0)
  if (!(external ?? weight > MOST_INSIDE)) return assembled(proto, metadata)
  const outside = externalized(proto.graph!, typeof external === 'number' ? external : KIB)
  return assembled({ ...proto, graph: outside.graph }, metadata, outside.external)
}

function inputsOf(outputs: readonly Value[]): [string, Value][] {
  return topological(outputs)
    .filter(({ type, domain }) => domain === 'mlpod' && type === 'Input')
    .map(({ outputs: [value] }) => [value.name!, value])
}

function named(inputs: NonNullable<CompileOptions['inputs']>, site: Site): [string, Value][] {
  if (!Array.isArray(inputs)) return Object.entries(inputs as Readonly<Record<string, Value>>)
  return (inputs as readonly Value[]).map((value) => {
    if (value.name === undefined)
      throw new PodError('NAME_MISSING', `an input of the model is a ${value.operation.type} without a name`, {
        at: site.at,
        hint: 'give the inputs as a record: { name: value }',
      })
    return [value.name, value]
  })
}

// Leaves are inputs as they are; any other value is replaced by an input of its type where it is read.
function startOf(key: string, value: Value, starts: Map<Value, Value>): Value {
  if (value.operation.domain === 'mlpod') return value
  const start = input(key, dtypeOf(value) ?? 'float32', value.shape)
  starts.set(value, start)
  return start
}
