import { compile, grad, input, type Operation, type Value } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { jointLossValue, linearCrossEntropy } from './index.ts'

/** Every value that a graph computes, those of the bodies of its loops included. */
function valuesOf(outputs: readonly Value[]): ReadonlySet<Value> {
  const found = new Set<Value>()
  const seen = new Set<Operation>()
  const stack = outputs.map(({ operation }) => operation)
  while (stack.length > 0) {
    const operation = stack.pop()!
    if (seen.has(operation)) continue
    seen.add(operation)
    for (const value of operation.outputs) found.add(value)
    const bodies = Object.values(operation.bodies ?? {}).flatMap((body) => body.outputs)
    for (const value of [...operation.inputs, ...operation.captures, ...bodies])
      if (value !== null) stack.push(value.operation)
  }
  return found
}

test('neither the loss of a linear head nor its gradient holds the logits of all rows', () => {
  const [n, classes, d] = [12, 50, 3]
  const hidden = input('hidden', 'float32', [n, d])
  const weight = input('weight', 'float32', [d, classes])
  const target = input('target', 'int64', [n])
  const loss = (rowsAtOnce: number): Value =>
    jointLossValue(linearCrossEntropy({ rowsAtOnce }), { hidden, weight, target })
  const largest = (value: Value): number => {
    const gradients = grad(value, [hidden, weight])
    const sizes = [...valuesOf([value, ...gradients])].map(({ shape }) =>
      shape.reduce<number>((size, dim) => size * (typeof dim === 'number' ? dim : Number.NaN), 1),
    )
    compile({ outputs: Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) })
    return Math.max(...sizes)
  }
  expect(largest(loss(4))).toBeLessThan(n * classes)
  expect(largest(loss(n))).toBe(n * classes)
})
