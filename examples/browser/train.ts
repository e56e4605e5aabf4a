import { type Tensor, tensor } from '@mlpod/contract'
import { load, type Model, openSession, type Session } from '@mlpod/graph'
import * as runtime from 'onnxruntime-web'
import { initial, models, slot, spirals } from './spirals.ts'

const STEPS = 20
const RUNS = 60
const GRID = 96

runtime.env.wasm.wasmPaths = new URL('build/', location.href).href

const shown = (id: string, text: string): void => {
  document.getElementById(id)!.textContent = text
}

/** The best device of this browser. */
const device =
  'gpu' in navigator && (await (navigator as { gpu: { requestAdapter(): Promise<unknown> } }).gpu.requestAdapter())
    ? 'webgpu'
    : 'cpu'
const open = (model: Model): Promise<Session> => openSession(model, { runtime, device })

const file = new Uint8Array(await (await fetch('build/network.onnx')).arrayBuffer())
const { train, predict } = models(load(file, { file: 'network.onnx' }), STEPS)
const [training, predicting] = [await open(train), await open(predict)]
const { x, y } = spirals(400)
const canvas = document.querySelector('canvas')!
const pen = canvas.getContext('2d')!

const grid = tensor(
  'float32',
  [GRID * GRID, 2],
  Float32Array.from({ length: 2 * GRID * GRID }, (_, i) => {
    const at = Math.floor(i / 2)
    const cell = i % 2 === 0 ? at % GRID : Math.floor(at / GRID)
    return ((cell + 0.5) / GRID) * 2.2 - 1.1
  }),
)

function draw(probability: Tensor): void {
  const cell = canvas.width / GRID
  for (let i = 0; i < GRID * GRID; i++) {
    const p = Number(probability.data[i])
    pen.fillStyle = `hsl(${p > 0.5 ? 28 : 212} 62% ${97 - 17 * Math.abs(2 * p - 1)}%)`
    pen.fillRect((i % GRID) * cell, Math.floor(i / GRID) * cell, cell + 1, cell + 1)
  }
  for (let i = 0; i < y.data.length; i++) {
    const [a, b] = [x.data[2 * i], x.data[2 * i + 1]].map((value) => ((value + 1.1) / 2.2) * canvas.width)
    pen.beginPath()
    pen.arc(a, b, 3, 0, 7)
    pen.fillStyle = y.data[i] === 1 ? '#b4490f' : '#1f5fa8'
    pen.fill()
  }
}

async function run(seed: number): Promise<void> {
  document.body.dataset.state = 'training'
  const weights = initial(seed)
  let state: Record<string, Tensor> = { ...weights }
  for (const [name, { shape, data }] of Object.entries(weights))
    for (const kind of ['m', 'v'] as const)
      state[slot(kind, name)] = tensor('float32', shape, new Float32Array(data.length))
  shown('device', device === 'webgpu' ? 'WebGPU' : 'WebAssembly')
  let spent = 0
  for (let turn = 1; turn <= RUNS; turn++) {
    const start = performance.now()
    const results = await training.run({ x, y, ...state }, { validate: turn === 1 })
    spent += performance.now() - start
    state = Object.fromEntries(Object.keys(state).map((name) => [name, results[`${name} next`]]))
    const parameters = Object.fromEntries(Object.keys(weights).map((name) => [name, state[name]]))
    const { right } = await predicting.run({ x, y, ...parameters })
    const none = tensor('float32', [GRID * GRID, 1], new Float32Array(GRID * GRID))
    draw((await predicting.run({ x: grid, y: none, ...parameters })).probability)
    shown('step', String(turn * STEPS))
    shown('loss', Number(results.losses.data[STEPS - 1]).toFixed(4))
    shown('right', `${(100 * Number(right.data[0])).toFixed(1)} %`)
    shown('time', `${(spent / (turn * STEPS)).toFixed(2)} ms`)
    await new Promise((resolve) => setTimeout(resolve))
  }
  document.body.dataset.state = 'trained'
}

let seed = 7
document.getElementById('again')!.addEventListener('click', () => {
  if (document.body.dataset.state === 'trained') void run(++seed)
})
await run(seed)
