import type { Tensor } from '@mlpod/contract'
import { openSession, type RunOptions, type Session } from '@mlpod/graph'
import { gatherRows } from './data.ts'
import type { Mask } from './layers/layer.ts'
import { parameterName } from './optimizerGraph.ts'
import { filled } from './optimizers/each.ts'
import { partName, splitStep } from './splitStep.ts'
import { ROWS, type TrainingStepOptions } from './trainingStep.ts'

/**
 * Returns what runs a step in `workers` threads: each takes the gradients of its part of the batch, and their sum updates the
 * parameters here. It is fed as a compiled step of one trip is. What the network keeps beside its parameters (running statistics)
 * is the mean of what the parts make of it.
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
  const nothing: Readonly<Record<string, Tensor>> = Object.fromEntries(
    step.gradients.outputs.map(({ name, shape }) => [name, filled(shape as readonly number[])]),
  )
  const stateNames = step.states.map((path) => `${parameterName(path)} next`)
  return {
    [Symbol.asyncDispose]: close,
    async run(feeds: Readonly<Record<string, Tensor>>, { into = {}, ...settings }: RunOptions = {}) {
      const rows = Array.from(feeds[ROWS].data as BigInt64Array, Number)
      const length = Math.ceil(rows.length / workers)
      const spans = sessions.map((_, part) =>
        [part * length, (part + 1) * length].map((at) => Math.min(rows.length, at)),
      )
      const partial = async ([from, to]: readonly number[], part: number): Promise<Record<string, Tensor>> => {
        if (from === to) return nothing
        const own: Record<string, Tensor> = { ...feeds }
        for (const name of columns) if (feeds[name]) own[name] = gatherRows(feeds[name], rows.slice(from, to))
        for (const { name } of masks) own[name] = cut(feeds[name], from, to)
        return sessions[part].run(Object.fromEntries(taken.map((name) => [name, own[name]])))
      }
      const found = await Promise.all(spans.map(partial))
      const all: Record<string, Tensor> = { ...feeds }
      for (const [part, sums] of found.entries())
        for (const [name, sum] of Object.entries(sums)) all[partName(part, name)] = sum
      // a random tensor comes for each step of a run, which is one
      for (const { name, shape } of update.inputs)
        if (shape && all[name].shape.length === shape.length + 1)
          all[name] = { ...all[name], shape: all[name].shape.slice(1) }
      const fed = Object.fromEntries(update.inputs.map(({ name }) => [name, all[name]]))
      const own = Object.fromEntries(update.outputs.flatMap(({ name }) => (into[name] ? [[name, into[name]]] : [])))
      const results = await update.run(fed, { ...settings, into: own })
      const shares = spans.map(([from, to]) => (to - from) / rows.length)
      for (const name of stateNames)
        results[name] = mean(
          found.map((sums) => sums[name]),
          shares,
        )
      return results
    },
  }
}

/** The mean of tensors with these shares. */
function mean(tensors: readonly Tensor[], shares: readonly number[]): Tensor {
  const data = (tensors[0].data as Float32Array).map((_, i) =>
    tensors.reduce((sum, tensor, part) => sum + shares[part] * (tensor.data as Float32Array)[i], 0),
  )
  return { ...tensors[0], data } as Tensor
}

/** The rows of a mask [1, batch, ...] between two positions. */
function cut({ dtype, shape, data }: Tensor, from: number, to: number): Tensor {
  const [, , ...rest] = shape
  const width = rest.reduce((product, dim) => product * dim, 1)
  return {
    dtype,
    shape: [to - from, ...rest],
    data: (data as Uint8Array | Float32Array).slice(from * width, to * width),
  } as Tensor
}
