// Seconds of one training step of the MLP 784-512-256-10, batch 128, by jax-js on its WebAssembly backend, compiled by `jit`.
import { jit, nn, numpy as np, random, valueAndGrad } from '@jax-js/jax'

const shapes = [
  [784, 512],
  [512, 256],
  [256, 10],
]
let parameters = shapes.flatMap(([rows, columns], i) => [
  random.normal(random.key(i), [rows, columns]).mul(0.03),
  np.zeros([columns]),
])
const x = random.normal(random.key(9), [128, 784])
const labels = np.array(
  Array.from({ length: 128 }, (_, i) => i % 10),
  { dtype: 'int32' },
)
const y = nn.oneHot(labels, 10)

const lossOf = (p, inputs, targets) => {
  let h = inputs
  for (let i = 0; i < shapes.length; i++) {
    h = np.matmul(h, p[2 * i]).add(p[2 * i + 1])
    if (i + 1 < shapes.length) h = nn.relu(h)
  }
  return nn
    .logSoftmax(h)
    .mul(targets)
    .sum()
    .mul(-1 / 128)
}
const step = jit((p, inputs, targets) => {
  const [loss, slopes] = valueAndGrad(lossOf)(
    p.map((value) => value.ref),
    inputs,
    targets,
  )
  return [loss, p.map((value, i) => value.sub(slopes[i].mul(0.01)))]
})

const times = []
for (let k = 0; k < 40; k++) {
  const start = performance.now()
  const [loss, next] = step(parameters, x.ref, y.ref)
  parameters = next
  await loss.data()
  if (k >= 5) times.push((performance.now() - start) / 1000)
}
console.log(JSON.stringify({ 'mlp step, sgd': times.sort((a, b) => a - b)[times.length >> 1] }))
