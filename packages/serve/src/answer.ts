import { type GuardMetadata, PodError, type Tensor, tensor } from '@mlpod/contract'
import { type Model, openSession, type Session } from '@mlpod/graph'
import { type BatcherOptions, batcher, type SubmitOptions } from './batcher.ts'
import { NEEDED, type Prediction, predictionOf } from './prediction.ts'
import { type PredictRequest, tensorsOf } from './request.ts'

type Row = PredictRequest['rows'][number]
type Wanted = Pick<PredictRequest, 'confidence' | 'attributions'>

/** Answers rows with a guarded model, in a worker thread, requests that wait together in one run. */
export interface Answerer {
  /** Throws `QUEUE_FULL`, the signal's reason, `WORKER_DIED`, `RUN_FAILED`. After a death the next run opens the model again. */
  answer(rows: readonly Row[], options: Wanted & Pick<SubmitOptions, 'signal'>): Promise<readonly Prediction[]>
  /** Runs the model on rows as they are: all outputs, at the calibrated level. */
  run(rows: readonly Row[]): Promise<Readonly<Record<string, Tensor>>>
  close(): Promise<void>
}

/** Opens a guarded model for answering. Throws `MODEL_NOT_GUARDED` when it lacks an output, and what `openSession` throws. */
export async function openAnswerer(
  model: Model,
  guard: GuardMetadata,
  options: BatcherOptions = {},
): Promise<Answerer> {
  const absent = NEEDED.find((name) => !model.outputs.some((output) => output.name === name))
  if (absent)
    throw new PodError('MODEL_NOT_GUARDED', `the model has no output "${absent}"`, { hint: 'build it with guard(...)' })
  let session: Promise<Session> | undefined
  const opened = (): Promise<Session> => {
    session ??= openSession(model, { thread: 'worker' })
    return session
  }
  const run = async (feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>> => {
    const current = opened()
    try {
      return await (await current).run(feeds)
    } catch (error) {
      // a thread that has died, or a model that could not be opened again: the next run tries anew
      if ((error as PodError).code !== 'RUN_FAILED' && session === current) session = undefined
      throw error
    }
  }
  await opened()
  const answers = batcher<Row, Prediction>(async (rows, lane) => {
    const { confidence, attributions } = JSON.parse(lane) as Wanted
    const outputs = await run({
      ...tensorsOf(rows, guard.columns),
      attribute: tensor('bool', [], Uint8Array.of(attributions ? 1 : 0)),
      ...(confidence === undefined ? {} : { confidence: tensor('float64', [], Float64Array.of(confidence)) }),
    })
    return rows.map((_, i) => predictionOf(outputs, i, guard, { attributions }))
  }, options)
  return {
    async answer(rows, { confidence, attributions, signal }) {
      if (rows.length === 0) return []
      return answers.submit(rows, { lane: JSON.stringify({ confidence, attributions }), ...(signal ? { signal } : {}) })
    },
    run: (rows) => run(tensorsOf(rows, guard.columns)),
    close: async () => (await session)?.close(),
  }
}
