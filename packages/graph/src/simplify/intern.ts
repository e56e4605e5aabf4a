import type { Tensor } from '@mlpod/contract'
import { schemaOf } from '../schemas/index.ts'
import type { Attribute, Operation, Value } from '../value.ts'

// Longer constants are equal only when they are the same array.
const LONGEST = 256

const attributeKeys = new WeakMap<Readonly<Record<string, Attribute>>, string>()
const arrayIds = new WeakMap<object, number>()
let arrays = 0

/** What was met before, by what it computes. */
export interface Interner {
  /** Returns the outputs remembered for an operation that computes the same. */
  find(operation: Operation): readonly Value[] | undefined
  remember(operation: Operation, results: readonly Value[]): void
}

interface Met {
  readonly operation: Operation
  readonly results: readonly Value[]
}

/** Returns an interner that has met nothing. */
export function createInterner(): Interner {
  // Operations that are equal read the same values: they are looked for among those that read the newest of them, which
  // has the fewest readers. Those that read nothing are constants.
  const readers = new Map<Value, Met[]>()
  const constants = new Map<string, readonly Value[]>()
  return {
    find(operation) {
      if (!comparable(operation)) return undefined
      const newest = newestOf(operation.inputs)
      if (newest === undefined) return constants.get(attributeKey(operation.attributes))
      return readers.get(newest)?.find((met) => equal(met.operation, operation))?.results
    },
    remember(operation, results) {
      if (!comparable(operation)) return
      const newest = newestOf(operation.inputs)
      const met = newest && readers.get(newest)
      if (newest === undefined) constants.set(attributeKey(operation.attributes), results)
      else if (met === undefined) readers.set(newest, [{ operation, results }])
      else met.push({ operation, results })
    },
  }
}

// Leaves are only like themselves, subgraphs are not compared, and what draws random numbers, as an unknown operator may, is made anew.
const comparable = ({ type, domain, inputs, bodies }: Operation): boolean => {
  const schema = schemaOf(domain, type)
  return (
    domain !== 'mlpod' &&
    bodies === undefined &&
    schema !== undefined &&
    schema.random !== true &&
    (inputs.length > 0 || type === 'Constant')
  )
}

function newestOf(inputs: Operation['inputs']): Value | undefined {
  let newest: Value | undefined
  for (const value of inputs)
    if (value !== null && (newest === undefined || value.operation.meta.serial > newest.operation.meta.serial))
      newest = value
  return newest
}

const equal = (a: Operation, b: Operation): boolean =>
  a.type === b.type &&
  a.inputs.length === b.inputs.length &&
  a.outputs.length === b.outputs.length &&
  a.inputs.every((value, i) => value === b.inputs[i]) &&
  (a.attributes === b.attributes || attributeKey(a.attributes) === attributeKey(b.attributes))

function attributeKey(attributes: Readonly<Record<string, Attribute>>): string {
  let key = attributeKeys.get(attributes)
  if (key === undefined) {
    const names = Object.keys(attributes)
    if (names.length === 0) return ''
    key = names
      .sort()
      .map((name) => `${name}=${valueKey(attributes[name])}`)
      .join(';')
    attributeKeys.set(attributes, key)
  }
  return key
}

function valueKey(attribute: Attribute): string {
  if (attribute.kind === 'tensor') return tensorKey(attribute.value)
  if (attribute.kind === 'tensors') return attribute.value.map(tensorKey).join('|')
  return Array.isArray(attribute.value) ? JSON.stringify(attribute.value.map(String)) : printed(attribute.value)
}

const printed = (value: unknown): string => (Object.is(value, -0) ? '-0' : String(value))

function tensorKey({ dtype, shape, data }: Tensor): string {
  if (data.length > LONGEST) {
    let id = arrayIds.get(data)
    if (id === undefined) {
      id = arrays++
      arrayIds.set(data, id)
    }
    return `${dtype}[${shape}]#${id}`
  }
  const elements = dtype === 'string' ? JSON.stringify(data) : Array.from(data as ArrayLike<number>, printed).join()
  return `${dtype}[${shape}]${elements}`
}
