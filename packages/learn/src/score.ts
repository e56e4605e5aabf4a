import { PodError, type Tensor } from '@mlpod/contract'
import type { Relation } from '@mlpod/data'
import { type Model, openSession } from '@mlpod/graph'
import { cutRows, joinRows } from './data.ts'

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
      const feeds = Object.fromEntries(needed.map((name) => [name, cutRows(columns[name], from, from + batch)]))
      parts.push(await session.run({ ...feeds, ...scalars }, outputs ? { outputs } : {}))
    }
    return Object.fromEntries(Object.keys(parts[0]).map((name) => [name, joinRows(parts.map((part) => part[name]))]))
  } finally {
    await session.close()
  }
}
