import { PodError, type Tensor } from '@mlpod/contract'
import { compile, input, openSession, type SessionOptions } from '@mlpod/graph'
import { checkData } from './checkData.ts'
import { cutRows, joinRows, type TrainingData } from './data.ts'
import type { Fitted } from './fit.ts'
import { openJudge, type Verdict } from './judge.ts'
import type { Loss } from './losses/index.ts'
import type { Metric } from './metric.ts'
import { INPUT } from './namedNetwork.ts'
import { problemOf } from './objective.ts'

/** How a trained network is run. */
export interface PredictOptions extends Pick<SessionOptions, 'threads' | 'device' | 'runtime'> {
  /** Rows in one run; 4096 by default. */
  readonly batch?: number
}

/**
 * Returns the outputs of a trained network for rows, so many at a time: `x` [n, ...], or tensors by the names of its inputs.
 * Throws `DATA_EMPTY`, `LENGTH_MISMATCH`, and what a run throws.
 */
export async function predict(
  fitted: Pick<Fitted, 'outputs'>,
  rows: Tensor | Readonly<Record<string, Tensor>>,
  { batch = 4096, ...settings }: PredictOptions = {},
): Promise<Readonly<Record<string, Tensor>>> {
  const tensors = isTensor(rows) ? { [INPUT]: rows } : rows
  const lengths = Object.values(tensors).map(({ shape }) => shape[0])
  const n = lengths[0] ?? 0
  if (n === 0) throw new PodError('DATA_EMPTY', 'there is no row to predict')
  if (lengths.some((length) => length !== n))
    throw new PodError('LENGTH_MISMATCH', `the inputs have ${lengths.join(', ')} rows`)
  const inputs = Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape }]) => [name, input(name, dtype, ['rows', ...shape.slice(1)])]),
  )
  const model = compile({ inputs, outputs: fitted.outputs(inputs), name: 'prediction' })
  await using session = await openSession(model, settings)
  const parts: Readonly<Record<string, Tensor>>[] = []
  for (let from = 0; from < n; from += batch)
    parts.push(
      await session.run(
        Object.fromEntries(session.inputs.map(({ name }) => [name, cutRows(tensors[name], from, from + batch)])),
      ),
    )
  return Object.fromEntries(Object.keys(parts[0]).map((name) => [name, joinRows(parts.map((part) => part[name]))]))
}

const isTensor = (rows: Tensor | Readonly<Record<string, Tensor>>): rows is Tensor => typeof rows.dtype === 'string'

/** What a trained network is judged by. */
export interface EvaluateOptions extends PredictOptions {
  readonly loss: Loss | Readonly<Record<string, Loss>>
  readonly lossWeights?: Readonly<Record<string, number>>
  readonly metrics?: Readonly<Record<string, Metric>>
}

/** Returns the loss and the metrics of a trained network over rows. Throws what `fit` throws for data that cannot be. */
export async function evaluate(
  fitted: Pick<Fitted, 'outputs'>,
  data: TrainingData,
  { batch, loss, lossWeights, metrics, ...settings }: EvaluateOptions,
): Promise<Verdict> {
  const network = { apply: fitted.outputs }
  const problem = problemOf({ network, loss, lossWeights, metrics, data })
  checkData(data, problem.losses, 'the data')
  await using judge = await openJudge(problem, data, settings, batch)
  return await judge.judge({})
}
