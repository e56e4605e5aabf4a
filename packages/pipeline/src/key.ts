import { type Dataset, type Hash, hashBytes, hashValue, type Json } from '@mlpod/contract'
import type { NodeCode } from './code.ts'
import type { AnyNode } from './node.ts'
import type { Params } from './params.ts'
import { inputDatasets, inputParameters } from './pipeline.ts'

/** All that a run key is the hash of: equal parts, equal result. */
export interface KeyParts {
  readonly version: 1
  readonly node: string
  readonly code: Hash
  readonly packages: readonly string[]
  /** By argument: the bytes, and how they are read. */
  readonly inputs: Readonly<Record<string, { readonly hash: Hash } & Described>>
  /** By argument. */
  readonly params: Readonly<Record<string, Json>>
  /** By argument: where the result goes, and how it is written. */
  readonly outputs: Readonly<Record<string, { readonly name: string } & Described>>
  /** Run keys of the nodes before it, by name, for a node that observes them. */
  readonly observed?: Readonly<Record<string, Hash>>
  /** What its `late` returned. */
  readonly late?: Json
}

interface Described {
  readonly kind: string
  readonly describe: Json
}

/** What is known of a node when its key is made. */
export interface KeyState {
  readonly code: NodeCode
  readonly params: Params
  /** Hashes of input datasets, by argument. */
  readonly inputs: Readonly<Record<string, Hash>>
  readonly observed?: Readonly<Record<string, Hash>>
  readonly late?: Json
}

/** Returns what a node's run key is made of. Throws what `Params.value` throws. */
export function keyParts(node: AnyNode, { code, params, inputs, observed, late }: KeyState): KeyParts {
  return {
    version: 1,
    node: node.name,
    code: code.hash,
    packages: code.packages,
    inputs: Object.fromEntries(
      inputDatasets(node).map(([argument, dataset]) => [argument, { hash: inputs[argument], ...described(dataset) }]),
    ),
    params: paramsOf(node, params),
    outputs: Object.fromEntries(
      Object.entries(node.outputs).map(([argument, dataset]) => [
        argument,
        { name: dataset.name!, ...described(dataset) },
      ]),
    ),
    ...(node.observes === 'keys' && { observed: observed ?? {} }),
    ...(node.late && { late: late ?? null }),
  }
}

/** Returns what an element's run key is made of: the node's parts without the list, and the element in its place. */
export function elementParts(node: AnyNode, parts: KeyParts, item: Hash): Json {
  const each = node.each!
  const without = <T>(members: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(members).filter(([argument]) => argument !== each))
  return { ...parts, inputs: without(parts.inputs), params: without(parts.params), element: item } as unknown as Json
}

/** Returns the run key. */
export const runKey = (parts: KeyParts): Hash => hashValue(parts)

/** Returns a node's parameters by argument. Throws what `Params.value` throws. */
export const paramsOf = (node: AnyNode, params: Params): Record<string, Json> =>
  Object.fromEntries(inputParameters(node).map(([argument, parameter]) => [argument, params.value(parameter)]))

/** The seed of a node: its parameter `seed` if it reads one, else a number that its name decides, in [0, 2^32). */
export function seedOf(node: AnyNode, params: Params): number {
  const declared = inputParameters(node).find(([, parameter]) => parameter.name === 'seed')
  const value = declared && params.value(declared[1])
  return typeof value === 'number' ? value : Number.parseInt(hashBytes(node.name).slice(0, 8), 16)
}

const described = ({ kind, describe }: Dataset): Described => ({ kind, describe })
