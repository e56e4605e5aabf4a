// Seconds of derivatives of the cross-entropy of the MLP 784-512-256-10, batch 128, one thread.
import { type Tensor, tensor } from '@mlpod/contract'
import { compile, grad, hvp, input, jvp, openSession, reduceMean, type Value } from '@mlpod/graph'
import { crossEntropy, gradientNorms, mlp, network } from '@mlpod/learn'
import { random } from '@mlpod/math'
import { median } from '../bench.ts'

const batch = 128
const { normal } = random({ seed: 0, path: 'x' })
const drawn = (shape: readonly number[], scale: number): Tensor<'float32'> => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  return tensor(
    'float32',
    shape,
    Float32Array.from({ length: size }, (_, i) => scale * normal(i)),
  )
}

const x = input('x', 'float32', ['batch', 784])
const y = input('y', 'int64', ['batch'])
const { output, parameters, values } = network(mlp([512, 256], 10), x, { seed: 0 })
const { losses } = crossEntropy().rows(output, y)
const loss = reduceMean(losses)
const weights = Object.values(parameters)
const vectors = weights.map((value, i) => input(`v${i}`, 'float32', value.shape))

const feeds: Record<string, Tensor> = {
  x: drawn([batch, 784], 1),
  y: tensor(
    'int64',
    [batch],
    BigInt64Array.from({ length: batch }, (_, i) => BigInt(i % 10)),
  ),
  ...Object.fromEntries(Object.keys(parameters).map((path) => [path, values[path]])),
  ...Object.fromEntries(weights.map((value, i) => [`v${i}`, drawn(value.shape as readonly number[], 1)])),
}

async function seconds(results: readonly Value[], fed: readonly Value[]): Promise<number> {
  const inputs = { x, y, ...parameters, ...Object.fromEntries(fed.map((value) => [value.name, value])) }
  const outputs = Object.fromEntries(results.map((value, i) => [`r${i}`, value]))
  await using session = await openSession(compile({ inputs, outputs }), { threads: 1 })
  const given = Object.fromEntries(Object.keys(inputs).map((name) => [name, feeds[name]]))
  const into = await session.run(given)
  const times: number[] = []
  for (let i = 0; i < 120; i++) {
    const start = performance.now()
    await session.run(given, { into, validate: false })
    if (i >= 20) times.push((performance.now() - start) / 1000)
  }
  return median(times)
}

const { norm } = gradientNorms(losses, weights, [x, y])
console.log(
  JSON.stringify({
    gradient: await seconds(grad(loss, weights), []),
    hvp: await seconds(hvp(loss, weights, vectors), vectors),
    jvp: await seconds(jvp([loss], weights, vectors), vectors),
    'per-example norms': await seconds([norm], []),
  }),
)
