import type { WriteOf } from '@mlpod/contract'
import type { ListDataset } from './list.ts'
import type { Arguments, Inputs, Node, NodeContext, NodeDefinition, Outputs } from './node.ts'
import type { Parameter } from './param.ts'

/** What a `foreach` goes over: one parameter that is a list, or one list of datasets, by the name its element gets. */
export type Over = Readonly<Record<string, Parameter<readonly unknown[]> | ListDataset>>

/** One element of it. */
export type Elements<E extends Over> = {
  readonly [K in keyof E]: E[K] extends Parameter<readonly (infer Item)[]>
    ? Item
    : E[K] extends ListDataset<infer Read, infer _>
      ? Read
      : never
}

/** Lists that a `foreach` makes: `run` returns one element of each. */
export type ListOutputs = Readonly<Record<string, ListDataset>>

/** What `run` returns for one element. */
export type ReturnedElement<O extends ListOutputs> = { readonly [K in keyof O]: WriteOf<O[K]['of']> }

/** What `foreach` takes: a node's definition, and `over`. `timeoutMs` and `resources` are of one element. */
export interface ForeachDefinition<E extends Over, I extends Inputs, O extends ListOutputs, Late>
  extends Omit<NodeDefinition<I, Outputs, Late>, 'run' | 'outputs'> {
  readonly over: E
  readonly outputs: O
  readonly run: (
    args: Elements<E> & Arguments<I>,
    context: NodeContext<Late>,
  ) => ReturnedElement<O> | Promise<ReturnedElement<O>>
}

/**
 * Makes a node that runs once for each element of a list, several at a time. Each element has its own run key, made of what
 * it is and not of where it stands: a changed, added or moved element runs nothing but what is new. Its outputs are lists
 * in the same order. An element that fails does not stop the others, and they are not run again.
 */
export function foreach<
  const E extends Over,
  const O extends ListOutputs,
  const I extends Inputs = Record<never, never>,
  Late = undefined,
>({
  over,
  inputs,
  run,
  ...rest
}: Omit<ForeachDefinition<E, I, O, Late>, 'inputs'> & { readonly inputs?: I }): Node<I & E, O, Late> {
  return { kind: 'node', ...rest, each: Object.keys(over).join(' '), inputs: { ...inputs, ...over }, run } as never
}
