import type { Tensor } from '@mlpod/contract'
import { openSession, type RunOptions, type Session } from '@mlpod/graph'
import { gatherRows } from './data.ts'
import type { Mask } from './layers/layer.ts'
import { filled } from './optimizers/each.ts'
import { partName, splitStep } from './splitStep.ts'
import { ROWS, type TrainingStepOptions } from './trainingStep.ts'

/**
 * Returns what runs a step in `workers` threads: each takes the gradients of its part of the batch, and their sum updates the
 * parameters here. It is fed as a compiled step of one trip is.
 */
export async function openParallel(
  options: TrainingStepOptions,
  masks: readonly Mask[],
  workers: number,
  threads: number,
): Promise<Pick<Session, 'run'> & AsyncDisposable> {
  const step = splitStep(options, workers)
  const update = await openSession(step.update, { threads })
  const open = await Promise.allSettled(
    Array.from({ length: workers }, () => openSession(step.gradients, { threads, thread: 'worker' })),
  )
  const sessions = open.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const close = async (): Promise<void> => {
    await Promise.all([update.close(), ...sessions.map((session) => session.close())])
  }
  const failed = open.find((result) => result.status === 'rejected')
  if (failed) {
    await close()
    throw failed.reason
  }
  const columns = Object.keys(options.problem.columns)
  const taken = step.gradients.inputs.map(({ name }) => name)
  const nothing = (part: number): Record<string, Tensor> =>
    Object.fromEntries(
      step.gradients.outputs.map(({ name, shape }) => [partName(part, name), filled(shape as readonly number[])]),
    )
  return {
    [Symbol.asyncDispose]: close,
    async run(feeds: Readonly<Record<string, Tensor>>, settings?: RunOptions) {
      const rows = Array.from(feeds[ROWS].data as BigInt64Array, Number)
      const length = Math.ceil(rows.length / workers)
      const partial = async (part: number): Promise<Record<string, Tensor>> => {
        const [from, to] = [Math.min(rows.length, part * length), Math.min(rows.length, (part + 1) * length)]
        if (from === to) return nothing(part)
        const own: Record<string, Tensor> = { ...feeds }
        for (const name of columns) if (feeds[name]) own[name] = gatherRows(feeds[name], rows.slice(from, to))
        for (const { name } of masks) own[name] = cut(feeds[name], from, to)
        const found = await sessions[part].run(Object.fromEntries(taken.map((name) => [name, own[name]])))
        return Object.fromEntries(Object.entries(found).map(([name, sum]) => [partName(part, name), sum]))
      }
      const sums = await Promise.all(sessions.map((_, part) => partial(part)))
      const all: Record<string, Tensor> = Object.assign({ ...feeds }, ...sums)
      // a random tensor comes for each step of a run, which is one
      for (const { name, shape } of update.inputs)
        if (shape && all[name].shape.length === shape.length + 1)
          all[name] = { ...all[name], shape: all[name].shape.slice(1) }
      return update.run(Object.fromEntries(update.inputs.map(({ name }) => [name, all[name]])), settings)
    },
  }
}

/** The rows of a mask [1, batch, ...] between two positions. */
function cut({ dtype, shape, data }: Tensor, from: number, to: number): Tensor {
  const [, , ...rest] = shape
  const width = rest.reduce((product, dim) => product * dim, 1)
  return { dtype, shape: [to - from, ...rest], data: (data as Uint8Array).slice(from * width, to * width) } as Tensor
}
