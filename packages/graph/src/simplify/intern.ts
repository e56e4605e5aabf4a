import type { Tensor } from '@mlpod/contract'
import { schemaOf } from '../schemas/index.ts'
import type { Attribute, Operation, Value } from '../value.ts'

// Longer constants are equal only when they are the same array.
const LONGEST = 256

const attributeKeys = new WeakMap<Readonly<Record<string, Attribute>>, string>()
const arrayIds = new WeakMap<object, number>()
let arrays = 0

/** Finds operations that compute the same: one operator, the same inputs, equal attributes. */
export class Interner {
  private readonly known = new Map<string, readonly Value[]>()

  /** Returns the outputs of an equal operation met before. */
  find(operation: Operation): readonly Value[] | undefined {
    const key = keyOf(operation)
    return key === undefined ? undefined : this.known.get(key)
  }

  remember(operation: Operation, outputs: readonly Value[]): void {
    const key = keyOf(operation)
    if (key !== undefined) this.known.set(key, outputs)
  }
}

// Leaves are themselves, subgraphs are not compared, and an unknown operator may draw random numbers.
function keyOf(operation: Operation): string | undefined {
  const { type, domain, inputs, attributes, outputs, bodies } = operation
  if (domain === 'mlpod' || bodies !== undefined || schemaOf(domain, type) === undefined) return undefined
  let key = `${type}/${outputs.length}`
  for (const value of inputs) key += value === null ? ',' : `,${value.operation.meta.serial}.${value.index}`
  return `${key};${attributeKey(attributes)}`
}

function attributeKey(attributes: Readonly<Record<string, Attribute>>): string {
  let key = attributeKeys.get(attributes)
  if (key === undefined) {
    key = Object.keys(attributes)
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
