import { type GuardMetadata, PodError, type Tensor, tensor } from '@mlpod/contract'
import { type Model, openSession } from '@mlpod/graph'
import { type BatcherOptions, batcher } from './batcher.ts'
import { type PredictRequest, tensorsOf } from './request.ts'

/** What the server says of one row. */
export interface Prediction {
  /** The label's name. */
  readonly value: string
  /** Probability of each label, by name. */
  readonly probability: Readonly<Record<string, number>>
  /** The labels that the calibrated prediction set holds. */
  readonly set: readonly string[]
  /** Out-of-distribution p-value: small where the row is unlike anything seen. */
  readonly ood: number
  readonly abstained: boolean
  /** Why it abstained, in words. */
  readonly reasons: readonly string[]
  /** Log-odds that each column adds, by column; on request. */
  readonly attributions?: Readonly<Record<string, number>>
}

type Row = PredictRequest['rows'][number]

/** Answers rows with a guarded model, in a worker thread, requests that wait together in one run. */
export interface Answerer {
  answer(
    rows: readonly Row[],
    options: Pick<PredictRequest, 'confidence' | 'attributions'>,
  ): Promise<readonly Prediction[]>
  close(): Promise<void>
}

/** Opens a guarded model for answering. Throws what `openSession` throws. */
export async function openAnswerer(
  model: Model,
  guard: GuardMetadata,
  options: BatcherOptions = {},
): Promise<Answerer> {
  const session = await openSession(model, { thread: 'worker' })
  const answers = batcher<Row, Prediction>(async (rows, lane) => {
    const { confidence, attributions } = JSON.parse(lane) as Pick<PredictRequest, 'confidence' | 'attributions'>
    const scalars: Record<string, Tensor> = { attribute: tensor('bool', [], Uint8Array.of(attributions ? 1 : 0)) }
    if (confidence !== undefined) scalars.confidence = tensor('float64', [], Float64Array.of(confidence))
    const outputs = await session.run({ ...tensorsOf(rows, guard.columns), ...scalars })
    return rows.map((_, i) => predictionOf(outputs, i, guard, attributions))
  }, options)
  return {
    async answer(rows, { confidence, attributions }) {
      if (rows.length === 0) return []
      return answers.submit(rows, JSON.stringify({ confidence, attributions }))
    },
    close: () => session.close(),
  }
}

function predictionOf(
  outputs: Readonly<Record<string, Tensor>>,
  i: number,
  guard: GuardMetadata,
  attributions: boolean,
): Prediction {
  const { names } = guard.label
  const k = names.length
  const probability = outputs.probability.data as Float32Array
  const set = outputs.set.data as Uint8Array
  const reasons = (outputs.reasons.data as BigInt64Array)[i]
  const ood = (outputs.ood_p.data as Float32Array)[i]
  const index = Number((outputs.prediction.data as BigInt64Array)[i])
  if (!Number.isFinite(probability[i * k]) || index < 0 || index >= k)
    throw new PodError('ANSWER_INVALID', 'the model gave no number for a valid row')
  const contributions = attributions ? (outputs.attributions.data as Float32Array) : undefined
  const columns = guard.columns.length
  return {
    value: names[index],
    probability: Object.fromEntries(names.map((name, j) => [name, short(probability[i * k + j])])),
    set: names.filter((_, j) => set[i * k + j] === 1),
    ood: short(ood),
    abstained: (outputs.abstain.data as Uint8Array)[i] === 1,
    reasons: guard.reasons.filter((_, bit) => (reasons >> BigInt(bit)) & 1n),
    ...(contributions
      ? {
          attributions: Object.fromEntries(
            guard.columns.map(({ name }, j) => [name, short(contributions[i * columns + j])]),
          ),
        }
      : {}),
  }
}

/** The shortest decimal that is this float32 again. */
function short(x: number): number {
  for (let digits = 6; digits <= 9; digits++) {
    const rounded = Number(x.toPrecision(digits))
    if (Math.fround(rounded) === x) return rounded
  }
  return x
}
