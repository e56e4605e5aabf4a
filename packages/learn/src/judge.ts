import type { Tensor } from '@mlpod/contract'
import { openSession } from '@mlpod/graph'
import type { TrainingData } from './fit.ts'
import type { Layer } from './layers/layer.ts'
import type { Loss } from './losses/index.ts'
import type { State } from './trainer.ts'
import { evaluation } from './trainingStep.ts'

/** Returns what computes the loss of given parameters over all validation rows. */
export async function openJudge(layer: Layer, loss: Loss, data: TrainingData, threads: number) {
  const session = await openSession(evaluation({ layer, loss, data }), { threads })
  const rows = 4096
  return {
    [Symbol.asyncDispose]: () => session.close(),
    async loss(state: State): Promise<number> {
      let [sum, total] = [0, 0]
      const n = data.x.shape[0]
      for (let at = 0; at < n; at += rows) {
        const feeds: Record<string, Tensor> = { ...state, x: cut(data.x, at, rows), y: cut(data.y, at, rows) }
        if (data.weights) feeds.weights = cut(data.weights, at, rows)
        const fed = Object.fromEntries(session.inputs.map(({ name }) => [name, feeds[name]]))
        const found = await session.run(fed)
        sum += (found.sum.data as Float32Array)[0]
        total += (found.total.data as Float32Array)[0]
      }
      return sum / total
    },
  }
}

const cut = <T extends Tensor>({ dtype, shape, data }: T, from: number, rows: number): Tensor => {
  const to = Math.min(shape[0], from + rows)
  const width = data.length / shape[0]
  return {
    dtype,
    shape: [to - from, ...shape.slice(1)],
    data: (data as Float32Array).subarray(from * width, to * width),
  } as Tensor
}
