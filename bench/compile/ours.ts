// Seconds to derive the gradient of a chain of operators by its input and a weight, and to write it as ONNX with the loss.
import { tensor } from '@mlpod/contract'
import { add, compile, grad, input, mul, parameter, reduceSum, tanh, type Value } from '@mlpod/graph'
import { median } from '../bench.ts'

function once(nodes: number): number {
  const x = input('x', 'float32', ['batch', 16])
  const w = parameter('w', tensor('float32', [16], new Float32Array(16).fill(0.5)))
  let y: Value = x
  for (let i = 0; i < nodes - 1; i++) y = i % 3 === 0 ? mul(y, w) : i % 3 === 1 ? add(y, x) : tanh(y)
  const loss = reduceSum(y)
  const start = performance.now()
  const [dx, dw] = grad(loss, [x, w])
  compile({ outputs: { loss, dx, dw } })
  return (performance.now() - start) / 1000
}

const seconds = (nodes: number, rounds: number): number => median(Array.from({ length: rounds }, () => once(nodes)))
console.log(
  JSON.stringify({ 'gradient of a graph': seconds(1000, 9), 'gradient of a large graph': seconds(10_000, 5) }),
)
