import { type Operation, topological, type Value } from '@mlpod/graph'

/** Returns, for each value, the operations on the way to `end` that read it. */
export function readersOf(end: Value, values: readonly Value[]): ReadonlyMap<Value, readonly Operation[]> {
  const readers = new Map<Value, Operation[]>(values.map((value) => [value, []]))
  for (const operation of topological([end]))
    for (const value of new Set([...operation.inputs, ...operation.captures]))
      if (value !== null) readers.get(value)?.push(operation)
  return readers
}

/** A product alpha x w, or alpha x w^T. */
export interface Product {
  readonly x: Value
  readonly output: Value
  readonly alpha: number
  readonly transposed: boolean
}

/** Returns what an operation multiplies a weight by, or undefined when it is no product with it on the right. */
export function productWith(operation: Operation, weight: Value): Product | undefined {
  const { type, domain, inputs, outputs, attributes } = operation
  const flag = (name: string): boolean => attributes[name]?.kind === 'int' && Number(attributes[name].value) === 1
  const [x, w] = inputs
  if (domain !== '' || (type !== 'MatMul' && type !== 'Gemm') || w !== weight || x === weight || !x || flag('transA'))
    return undefined
  const alpha = attributes.alpha?.kind === 'float' ? attributes.alpha.value : 1
  return { x, output: outputs[0], alpha, transposed: flag('transB') }
}
