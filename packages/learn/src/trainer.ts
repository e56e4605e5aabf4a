import { PodError, type Tensor, tensor } from '@mlpod/contract'
import type { Session } from '@mlpod/graph'
import { type Random, random } from '@mlpod/math'
import type { FitOptions } from './fit.ts'
import type { Mask } from './layers/layer.ts'
import { rateAt } from './optimizers/index.ts'
import { LOSSES, type TrainingStep } from './trainingStep.ts'

/** The tensors that training changes, by the names of the step's inputs. */
export type State = Readonly<Record<string, Tensor>>

/** Returns what runs the steps of epochs, with two sets of buffers for what a step reads and writes. */
export function newTrainer(
  { model, state: names, masks, scalarNames }: TrainingStep,
  session: Session,
  {
    data,
    optimizer,
    seed,
    batch,
    stepsPerRun,
  }: Required<Pick<FitOptions, 'data' | 'optimizer' | 'seed' | 'batch' | 'stepsPerRun'>>,
) {
  const copy = ({ dtype, shape, data }: Tensor): Tensor =>
    ({ dtype, shape, data: (data as Float32Array).slice() }) as Tensor
  const each = (make: (value: Tensor) => Tensor): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(names).map(([name, { initial }]) => [name, make(initial)]))
  let [now, next]: [State, State] = [each(copy), each(copy)]
  const written = (state: State): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(state).map(([name, value]) => [`${name} next`, value]))
  const n = data.x.shape[0]
  const order = random({ seed, path: 'order' })
  const drops = random({ seed, path: 'masks' })
  const whole = { x: data.x, y: data.y, ...(data.weights && { weights: data.weights }) }
  const used = Object.fromEntries(
    Object.entries(whole).filter(([name]) => model.inputs.some((input) => input.name === name)),
  )
  let t = 0

  async function run(rows: BigInt64Array, size: number, trips: number): Promise<Float32Array> {
    const feeds: Record<string, Tensor> = { ...used, ...now, rows: tensor('int64', [trips, size], rows) }
    const values = Array.from({ length: trips }, (_, k) =>
      optimizer.scalars(t + k + 1, rateAt(optimizer.learningRate, t + k + 1)),
    )
    for (const name of scalarNames)
      feeds[`scalar ${name}`] = tensor(
        'float32',
        [trips],
        Float32Array.from(values, (scalars) => scalars[name]),
      )
    for (const mask of masks) feeds[mask.name] = draw(drops, mask, t, trips, size)
    if (stepsPerRun > 1) feeds.trips = tensor('int64', [], BigInt64Array.of(BigInt(trips)))
    // the first run is checked, the others have the same names and types
    const results = await session.run(feeds, { into: written(next), validate: t === 0 })
    ;[now, next] = [next, now]
    t += trips
    return results[LOSSES].data as Float32Array
  }

  return {
    steps: () => t,
    current: (): State => now,
    parameters: (): Record<string, Tensor<'float32'>> =>
      Object.fromEntries(
        Object.entries(names).flatMap(([name, { path }]) => (path === undefined ? [] : [[path, copy(now[name])]])),
      ) as never,
    async epoch(epoch: number, signal?: AbortSignal): Promise<{ mean: number; learningRate: number }> {
      const permutation = order.at(String(epoch)).permutation(n)
      let [sum, at] = [0, 0]
      let paused = performance.now()
      const listen = (): void => {
        if (signal?.aborted)
          throw new PodError('TRAINING_ABORTED', `training was stopped in epoch ${epoch} after step ${t}`)
      }
      listen()
      while (at < n) {
        const size = Math.min(batch, n - at)
        const trips = size < batch ? 1 : Math.min(stepsPerRun, Math.floor((n - at) / batch))
        const losses = await run(BigInt64Array.from(permutation.subarray(at, at + size * trips), BigInt), size, trips)
        losses.forEach((loss, k) => {
          if (!Number.isFinite(loss)) throw notFinite('loss', loss, t - trips + k + 1, epoch)
          sum += loss * size
        })
        at += size * trips
        // a run blocks its thread: let signals and timers through now and then
        if (performance.now() - paused > 50) {
          await new Promise((resolve) => setImmediate(resolve))
          paused = performance.now()
        }
        listen()
      }
      return { mean: sum / n, learningRate: rateAt(optimizer.learningRate, t) }
    },
  }
}

/** Returns the error of training that ran away; `what` names what is no number. */
export const notFinite = (what: string, value: number, step: number, epoch: number): PodError =>
  new PodError('LOSS_NOT_FINITE', `the ${what} is ${value} at step ${step} (epoch ${epoch})`, {
    because: 'the parameters grew until the loss overflowed, or a value of the data did',
    hint: 'lower the learning rate, put clipByGlobalNorm(1) before the optimizer, or scale the inputs',
  })

/** Masks of some steps: four from the 64 bits of each number. */
function draw(drops: Random, { name, keep, shape }: Mask, t: number, trips: number, size: number): Tensor {
  const width = shape.reduce((product, dim) => product * dim, 1)
  const data = new Uint8Array(trips * size * width)
  const limit = Math.round(keep * 65536)
  for (let k = 0; k < trips; k++) {
    const numbers = drops.at(`${name}/${t + k + 1}`)
    const end = (k + 1) * size * width
    for (let i = k * size * width, j = 0; i < end; i += 2, j++) {
      const bits = numbers.uint32(j)
      data[i] = (bits & 0xffff) < limit ? 1 : 0
      if (i + 1 < end) data[i + 1] = bits >>> 16 < limit ? 1 : 0
    }
  }
  return { dtype: 'bool', shape: [trips, size, ...shape], data }
}
