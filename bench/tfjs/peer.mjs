// Seconds of one training step of the MLP 784-512-256-10, batch 128, by TensorFlow.js on its WebAssembly backend.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import * as tf from '@tensorflow/tfjs'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'

console.warn = () => {}
console.info = () => {}
const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'))
setWasmPaths(join(folder, 'dist/'))
await tf.setBackend('wasm')
const x = tf.randomNormal([128, 784])
const y = tf.oneHot(
  tf.tensor1d(
    Array.from({ length: 128 }, (_, i) => i % 10),
    'int32',
  ),
  10,
)

async function seconds(optimizer) {
  const model = tf.sequential()
  model.add(tf.layers.dense({ units: 512, activation: 'relu', inputShape: [784] }))
  model.add(tf.layers.dense({ units: 256, activation: 'relu' }))
  model.add(tf.layers.dense({ units: 10 }))
  const times = []
  for (let step = 0; step < 13; step++) {
    const start = performance.now()
    const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, model.apply(x, { training: true })), true)
    await loss.data()
    loss.dispose()
    if (step >= 2) times.push((performance.now() - start) / 1000)
  }
  return times.sort((a, b) => a - b)[times.length >> 1]
}

console.log(
  JSON.stringify({
    'mlp step, sgd': await seconds(tf.train.sgd(0.01)),
    'mlp step, adam': await seconds(tf.train.adam(0.001)),
  }),
)
