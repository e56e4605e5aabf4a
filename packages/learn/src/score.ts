import { PodError, type Tensor, type TensorArrays } from '@mlpod/contract'
import type { Relation } from '@mlpod/data'
import { type Model, openSession } from '@mlpod/graph'

/** Settings of `score`. */
export interface ScoreOptions {
  /** The outputs wanted; all by default. */
  readonly outputs?: readonly string[]
  /** Rows in one run of the model; 4096 by default. */
  readonly batch?: number
  /** Values of inputs that are no columns. */
  readonly scalars?: Readonly<Record<string, Tensor>>
  /** Threads of the runtime; 1 by default, so that the same rows give the same bits. */
  readonly threads?: number
}

/**
 * Runs a model over the rows of a relation, in the relation's order: each input that the model requires is fed the column of
 * its name as a tensor [n, 1], missing = NaN or "". Returns the outputs, their rows joined along the first axis.
 * Throws `COLUMN_UNKNOWN` when the relation lacks a column that the model needs, and `TABLE_EMPTY` for no rows.
 */
export async function score<Row>(
  model: Model,
  rows: Relation<Row>,
  { outputs, batch = 4096, scalars = {}, threads = 1 }: ScoreOptions = {},
): Promise<Readonly<Record<string, Tensor>>> {
  const needed = model.inputs.filter(({ name, optional }) => !optional && !(name in scalars)).map(({ name }) => name)
  const columns: Readonly<Record<string, Tensor>> = await rows.tensors(...(needed as (keyof Row & string)[]))
  const n = columns[needed[0]]?.shape[0] ?? 0
  if (n === 0) throw new PodError('TABLE_EMPTY', 'there is no row to score')
  const session = await openSession(model, { threads })
  try {
    const parts: Readonly<Record<string, Tensor>>[] = []
    for (let from = 0; from < n; from += batch) {
      const feeds = Object.fromEntries(
        needed.map((name) => [name, cut(columns[name], from, Math.min(n, from + batch))]),
      )
      parts.push(await session.run({ ...feeds, ...scalars }, outputs ? { outputs } : {}))
    }
    return Object.fromEntries(Object.keys(parts[0]).map((name) => [name, join(parts.map((part) => part[name]))]))
  } finally {
    await session.close()
  }
}

/** The rows of a column [n, 1] between two positions, not copied where they are numbers. */
function cut(column: Tensor, from: number, to: number): Tensor {
  const data = column.data as Float32Array & readonly string[]
  const part = column.dtype === 'string' ? data.slice(from, to) : data.subarray(from, to)
  return { dtype: column.dtype, shape: [to - from, 1], data: part as TensorArrays[typeof column.dtype] }
}

/** Tensors of equal rows, one after the other. */
function join(parts: readonly Tensor[]): Tensor {
  const [first] = parts
  if (parts.length === 1) return first
  const shape = [parts.reduce((sum, part) => sum + part.shape[0], 0), ...first.shape.slice(1)]
  if (first.dtype === 'string')
    return { dtype: 'string', shape, data: parts.flatMap((part) => part.data as readonly string[]) }
  const Typed = first.data.constructor as new (length: number) => Float32Array
  const data = new Typed(parts.reduce((sum, part) => sum + part.data.length, 0))
  let at = 0
  for (const part of parts) {
    data.set(part.data as Float32Array, at)
    at += part.data.length
  }
  return { dtype: first.dtype, shape, data: data as unknown as TensorArrays[typeof first.dtype] }
}
