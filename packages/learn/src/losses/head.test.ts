import { tensor } from '@mlpod/contract'
import { compile, exp, grad, input, type Operation, openSession, parameter, reduceSum, type Value } from '@mlpod/graph'
import { expect, test } from 'vitest'
import { adaptiveLogProbabilities, adaptiveLogSoftmax, jointLossValue, linearCrossEntropy } from './index.ts'

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

test('the probabilities of an adaptive softmax sum to 1, and the loss is that of the right class', async () => {
  const draw = (name: string, ...shape: number[]): Value =>
    parameter(
      name,
      tensor(
        'float64',
        shape,
        Float64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(1.7 * (i + shape[0]))),
      ),
    )
  const head = {
    hidden: draw('hidden', 7, 4),
    head: draw('head', 4, 4),
    tails: [
      { down: draw('down0', 4, 2), up: draw('up0', 2, 2) },
      { down: draw('down1', 4, 1), up: draw('up1', 1, 3) },
    ],
  }
  const classes = [0, 1, 2, 3, 4, 5, 6]
  const target = parameter('target', tensor('int64', [7], BigInt64Array.from(classes, BigInt)))
  const logs = adaptiveLogProbabilities(head, 2)
  const losses = jointLossValue(adaptiveLogSoftmax({ cutoffs: [2, 4] }), { ...head, target }, { reduction: 'none' })
  const outputs = { logs, losses, sums: reduceSum(exp(logs), { axes: [1] }) }
  await using session = await openSession(compile({ inputs: [], outputs }))
  const found = await session.run({})
  for (const i of classes) {
    expect(found.sums.data[i]).toBeCloseTo(1, 12)
    expect(found.losses.data[i]).toBeCloseTo(-Number(found.logs.data[i * 7 + i]), 12)
  }
})
