import { PodError, type Tensor, tensor } from '@mlpod/contract'
import type { Session } from '@mlpod/graph'
import { type Random, random } from '@mlpod/math'
import type { Mask } from './layers/layer.ts'
import { randomName, scalarName, slotName } from './optimizerGraph.ts'
import { type Optimizer, rateAt } from './optimizers/index.ts'
import type { RandomTensor } from './optimizers/transform.ts'
import type { Chunk } from './source.ts'
import { LOSSES, ROWS, TRIPS, type TrainingStep } from './trainingStep.ts'

/** The tensors of training, by the names of the step's inputs. */
export type State = Readonly<Record<string, Tensor>>

/** What one run gave, one number a step. */
export interface Ran {
  /** The number of the first step. */
  readonly first: number
  readonly losses: Float32Array
  readonly rates: readonly number[]
  /** Everything else that is told of each step, by name. */
  readonly extras: Readonly<Record<string, Float32Array>>
}

const copy = ({ dtype, shape, data }: Tensor): Tensor =>
  ({ dtype, shape, data: (data as Float32Array).slice() }) as Tensor

/** Returns what runs steps, with two sets of buffers for what they read and write. */
export function newTrainer(
  { model, state: names, frozen, masks, randoms, scalarNames, collected }: TrainingStep,
  session: Pick<Session, 'run'>,
  {
    optimizer,
    seed,
    stepsPerRun,
  }: { readonly optimizer: Optimizer; readonly seed: number; readonly stepsPerRun: number },
) {
  const changing = Object.keys(names).filter((name) => names[name].changes)
  const each = (make: (value: Tensor) => Tensor): Record<string, Tensor> =>
    Object.fromEntries(changing.map((name) => [name, make(names[name].initial)]))
  let still = Object.fromEntries(
    Object.entries(names).flatMap(([name, { initial, changes }]) => (changes ? [] : [[name, initial]])),
  )
  let [now, next]: [State, State] = [each(copy), each(copy)]
  const written = (state: State): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(state).map(([name, value]) => [`${name} next`, value]))
  const drops = random({ seed, path: 'masks' })
  const noise = random({ seed, path: 'noise' })
  const taken = new Set(model.inputs.map(({ name }) => name))
  let [t, factor, checked] = [0, 1, false]

  /** What the next steps are fed. */
  function feeds({ columns, rows, size, steps }: Chunk): Record<string, Tensor> {
    const used = Object.fromEntries(Object.entries(columns).filter(([name]) => taken.has(name)))
    const fed: Record<string, Tensor> = { ...used, ...still, ...now, [ROWS]: tensor('int64', [steps, size], rows) }
    const kept = (name: string): number => Number({ ...still, ...now }[slotName(name)].data[0])
    const values = Array.from({ length: steps }, (_, k) => optimizer.scalars?.({ t: t + k + 1, factor, kept }) ?? {})
    for (const name of scalarNames)
      fed[scalarName(name)] = tensor(
        'float32',
        [steps],
        Float32Array.from(values, (scalars) => scalars[name]),
      )
    for (const mask of masks)
      fed[mask.name] =
        mask.law === 'keep' ? drawMask(drops, mask, t, steps, size) : drawNoise(drops, mask, t, steps, size)
    for (const [name, wanted] of Object.entries(randoms))
      fed[randomName(name)] = drawRandom(noise.at(name), wanted, t, steps)
    if (stepsPerRun > 1) fed[TRIPS] = tensor('int64', [], BigInt64Array.of(BigInt(steps)))
    return fed
  }

  return {
    steps: (): number => t,
    /** How many steps may be in one run. */
    most: stepsPerRun,
    factor: (): number => factor,
    scale(by: number): void {
      factor *= by
    },
    /** The learning rate of a step. */
    rate: (step: number): number => rateAt(optimizer.learningRate, Math.max(1, step)) * factor,
    /** The tensors as they are now; later steps write into them. */
    current: (): State => ({ ...still, ...now }),
    /** The tensors before the last run. */
    before: (): State => ({ ...still, ...next }),
    /** Goes on from a state after so many steps. */
    restore(state: State, steps: number, scaled: number): void {
      now = Object.fromEntries(changing.map((name) => [name, copy(state[name])]))
      still = Object.fromEntries(Object.keys(still).map((name) => [name, state[name]]))
      ;[t, factor] = [steps, scaled]
    },
    /** The parameters that are trained, and those that are not, copied. */
    parameters: (state: State = { ...still, ...now }): Record<string, Tensor<'float32'>> => ({
      ...(Object.fromEntries(
        Object.entries(names).flatMap(([name, { path }]) => (path === undefined ? [] : [[path, copy(state[name])]])),
      ) as Record<string, Tensor<'float32'>>),
      ...(frozen as Record<string, Tensor<'float32'>>),
    }),
    feeds,
    /** Runs the steps of a chunk. */
    async run(chunk: Chunk): Promise<Ran> {
      const { steps } = chunk
      // the first run is checked, the others have the same names and types
      const results = await session.run(feeds(chunk), { into: written(next), validate: !checked })
      checked = true
      // a runtime that cannot write into tensors gives new ones
      const made = Object.fromEntries(changing.map((name) => [name, results[`${name} next`]]))
      ;[now, next] = [made, now]
      const first = t + 1
      t += steps
      return {
        first,
        losses: results[LOSSES].data as Float32Array,
        rates: Array.from({ length: steps }, (_, k) => rateAt(optimizer.learningRate, first + k) * factor),
        extras: Object.fromEntries(collected.map((name) => [name, results[name].data as Float32Array])),
      }
    },
  }
}

/** What runs steps. */
export type Trainer = ReturnType<typeof newTrainer>

/** Returns the error of training that ran away; `what` names what is no number. */
export const notFinite = (what: string, value: number, step: number, epoch: number, because?: string): PodError =>
  new PodError('LOSS_NOT_FINITE', `the ${what} is ${value} at step ${step} (epoch ${epoch})`, {
    because: because ?? 'the parameters grew until the loss overflowed, or a value of the data did',
    hint: 'lower the learning rate, put clipByGlobalNorm(1) before the optimizer, or scale the inputs',
  })

/** Masks of some steps: four from the 64 bits of each number. */
function drawMask(
  drops: Random,
  { name, keep, shape }: Extract<Mask, { law: 'keep' }>,
  t: number,
  trips: number,
  size: number,
): Tensor {
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

/** Noise of some steps, for each row its own. */
function drawNoise(drops: Random, { name, law, shape }: Mask, t: number, trips: number, size: number): Tensor {
  const width = size * shape.reduce((product, dim) => product * dim, 1)
  const data = new Float32Array(trips * width)
  for (let k = 0; k < trips; k++) {
    const numbers = drops.at(`${name}/${t + k + 1}`)
    const own = data.subarray(k * width, (k + 1) * width)
    if (law === 'normal') numbers.fillNormal(own)
    // 24 bits are what a number below 1 holds in single precision: more would round up to 1
    else for (let i = 0; i < width; i++) own[i] = (numbers.uint32(i) >>> 8) / 2 ** 24
  }
  return { dtype: 'float32', shape: [trips, size, ...shape], data }
}

/** Random tensors of some steps. */
function drawRandom(noise: Random, { shape, law }: RandomTensor, t: number, trips: number): Tensor {
  const width = shape.reduce((product, dim) => product * dim, 1)
  const data = new Float32Array(trips * width)
  for (let k = 0; k < trips; k++) {
    const numbers = noise.at(String(t + k + 1))
    const own = data.subarray(k * width, (k + 1) * width)
    if (law === 'normal') numbers.fillNormal(own)
    else for (let i = 0; i < width; i++) own[i] = numbers.uint32(i) & 1 ? 1 : -1
  }
  return { dtype: 'float32', shape: [trips, ...shape], data }
}
