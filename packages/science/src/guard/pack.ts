import { canonical, type Json, readGuard, rowJsonSchema, type Tensor } from '@mlpod/contract'
import { type AnyRelation, untyped } from '@mlpod/data'
import { type Model, withMetadata } from '@mlpod/graph'
import { score } from '@mlpod/learn'

/** The metadata keys that a packed model has beside its guard's. */
export const packKeys = {
  schema: 'mlpod.schema',
  labels: 'mlpod.labels',
  golden: 'mlpod.golden',
  lineage: 'mlpod.lineage',
  license: 'mlpod.license',
} as const

/** What a packed model says of itself beside its guarantees. */
export interface PackOptions {
  /** Rows whose answers are kept as the model's self-test; the first 16 are taken. */
  readonly golden: AnyRelation
  /** What it was made from and for. */
  readonly lineage: Readonly<Record<string, Json>>
  /** SPDX expression. */
  readonly license: string
}

/**
 * Returns the guarded model with all that a stranger needs in its metadata: the JSON Schema of a row, the labels' names, up to 16
 * golden rows with their answers, lineage and licence. Its body (and so its `bodyHash`) stays the same.
 * Throws `MODEL_NOT_GUARDED`, and `COLUMN_UNKNOWN` when the golden rows lack a column.
 */
export async function pack(model: Model, { golden, lineage, license }: PackOptions): Promise<Model> {
  const guard = readGuard(model.metadata)
  const rows = untyped(golden)
    .select(...guard.columns.map(({ name }) => name))
    .limit(16)
  const [inputs, outputs] = await Promise.all([rows.rows(), score(model, rows)])
  return withMetadata(model, {
    ...model.metadata,
    [packKeys.schema]: canonical(rowJsonSchema(guard)),
    [packKeys.labels]: canonical(guard.label.names),
    [packKeys.golden]: canonical({
      rows: inputs,
      outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, plain(value)])),
    }),
    [packKeys.lineage]: canonical(lineage),
    [packKeys.license]: license,
  })
}

const plain = ({ dtype, shape, data }: Tensor): Json => ({
  dtype,
  shape,
  data: Array.from(data as ArrayLike<number | bigint | string>) as Json[],
})
