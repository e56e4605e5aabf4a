import { hashBytes, PodError } from '@mlpod/contract'
import type { Message } from './proto.ts'

type Graph = Message<'GraphProto'>
type TensorProto = Message<'TensorProto'>

/** Where in another file a tensor's data lies. */
export interface ExternalPlace {
  /** The file, relative to the model. */
  readonly location: string
  readonly offset: number
  /** Bytes; undefined: to the end of the file. */
  readonly length: number | undefined
}

/** Returns the bytes at a place. */
export type ReadExternal = (place: ExternalPlace) => Uint8Array

const OUTSIDE = 1

const isOutside = (tensor: TensorProto): boolean => Number(tensor.dataLocation ?? 0) === OUTSIDE

/** Returns where a tensor's data lies. Throws `MODEL_CORRUPT`. */
function placeOf(tensor: TensorProto, file: string): ExternalPlace {
  const entries = new Map((tensor.externalData ?? []).map(({ key, value }) => [key, value]))
  const location = entries.get('location')
  const whole = (key: string): number | undefined => {
    const text = entries.get(key)
    if (text === undefined) return undefined
    const number = Number(text)
    if (Number.isSafeInteger(number) && number >= 0) return number
    throw new PodError('MODEL_CORRUPT', `tensor "${tensor.name}" of ${file} has the ${key} "${text}"`, { at: file })
  }
  if (!location)
    throw new PodError('MODEL_CORRUPT', `tensor "${tensor.name}" of ${file} lies in a file without a name`, {
      at: file,
    })
  return { location, offset: whole('offset') ?? 0, length: whole('length') }
}

/** Returns all places of tensors that lie outside the model's file. */
export function externalPlaces(graph: Graph, file: string): readonly ExternalPlace[] {
  const places: ExternalPlace[] = []
  mapTensors(graph, (tensor) => {
    if (isOutside(tensor)) places.push(placeOf(tensor, file))
    return tensor
  })
  return places
}

/** Returns the graph with the data of all tensors inside. */
export const internalized = (graph: Graph, read: ReadExternal, file: string): Graph =>
  mapTensors(graph, (tensor) =>
    isOutside(tensor)
      ? { ...tensor, dataLocation: undefined, externalData: undefined, rawData: read(placeOf(tensor, file)) }
      : tensor,
  )

function mapTensors(graph: Graph, change: (tensor: TensorProto) => TensorProto): Graph {
  return {
    ...graph,
    initializer: graph.initializer?.map(change),
    node: graph.node?.map((node) => ({
      ...node,
      attribute: node.attribute?.map((attribute) => ({
        ...attribute,
        ...(attribute.t && { t: change(attribute.t) }),
        ...(attribute.tensors && { tensors: attribute.tensors.map(change) }),
        ...(attribute.g && { g: mapTensors(attribute.g, change) }),
        ...(attribute.graphs && { graphs: attribute.graphs.map((inner) => mapTensors(inner, change)) }),
      })),
    })),
  }
}

/**
 * Returns the graph with the data of its large initializers (at least `least` bytes) outside, and that data by file name.
 * A name is made of the data's hash, so that it stands for the data.
 */
export function externalized(
  graph: Graph,
  least: number,
): { readonly graph: Graph; readonly external: Readonly<Record<string, Uint8Array>> } {
  const external: Record<string, Uint8Array> = {}
  const fed = new Set(graph.input?.map(({ name }) => name))
  const initializer = graph.initializer?.map((tensor) => {
    const data = tensor.rawData
    if (data === undefined || data.byteLength < least || fed.has(tensor.name)) return tensor
    const location = `weights-${hashBytes(data).replace(/^.*:/, '').slice(0, 24)}.bin`
    external[location] = data
    const externalData = [
      { key: 'location', value: location },
      { key: 'offset', value: '0' },
      { key: 'length', value: String(data.byteLength) },
    ]
    return { ...tensor, rawData: undefined, dataLocation: OUTSIDE, externalData }
  })
  return { graph: { ...graph, initializer }, external }
}
