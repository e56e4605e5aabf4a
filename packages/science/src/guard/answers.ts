import { type GuardMetadata, PodError, readGuard, type Tensor } from '@mlpod/contract'
import { type AnyRelation, untyped } from '@mlpod/data'
import type { Model } from '@mlpod/graph'
import { score } from '@mlpod/learn'

/** What a guarded model says of labelled rows, beside the truth. */
export interface Answers {
  readonly guard: GuardMetadata
  readonly n: number
  readonly classes: number
  /** Class index of the truth, -1 where it is missing. */
  readonly truth: Int32Array
  readonly prediction: Int32Array
  /** [n, classes] row-major. */
  readonly probability: Float32Array
  /** [n, classes] of 0 and 1. */
  readonly set: Uint8Array
  readonly oodP: Float32Array
  readonly abstain: Uint8Array
  /** Probability of the last class. */
  readonly positive: Float64Array
}

const known = new WeakMap<Model, WeakMap<AnyRelation, Promise<Answers>>>()

/**
 * Returns the model's answers on the rows of a relation, computed once for each pair. All claims about a model's quality read these.
 * Throws `MODEL_NOT_GUARDED`, `COLUMN_MISSING`, `LABEL_UNKNOWN` when a label is none of the model's.
 */
export function answersOf(model: Model, rows: AnyRelation): Promise<Answers> {
  const byRows = known.get(model) ?? new WeakMap<AnyRelation, Promise<Answers>>()
  known.set(model, byRows)
  const found = byRows.get(rows) ?? answer(model, rows)
  byRows.set(rows, found)
  return found
}

async function answer(model: Model, rows: AnyRelation): Promise<Answers> {
  const guard = readGuard(model.metadata)
  const [outputs, truth] = await Promise.all([
    score(model, untyped(rows), {
      outputs: ['prediction', 'probability', 'set', 'ood_p', 'abstain'],
      scalars: { attribute: off },
    }),
    labelsOf(guard, rows),
  ])
  const classes = guard.label.values.length
  const probability = outputs.probability.data as Float32Array
  return {
    guard,
    n: truth.length,
    classes,
    truth,
    prediction: Int32Array.from(outputs.prediction.data as BigInt64Array, Number),
    probability,
    set: outputs.set.data as Uint8Array,
    oodP: outputs.ood_p.data as Float32Array,
    abstain: outputs.abstain.data as Uint8Array,
    positive: Float64Array.from({ length: truth.length }, (_, i) => probability[i * classes + classes - 1]),
  }
}

/** The scalar that switches attributions off. */
export const off: Tensor = { dtype: 'bool', shape: [], data: Uint8Array.of(0) }

/** Returns the class index of each row's label, -1 where it is missing. */
export async function labelsOf({ label }: Pick<GuardMetadata, 'label'>, rows: AnyRelation): Promise<Int32Array> {
  const values = await valuesOf(rows, label.column)
  const indexOf = new Map(label.values.map((value, index) => [String(value), index]))
  return Int32Array.from(values, (value, i) => {
    if (value === null) return -1
    const index = indexOf.get(String(value))
    if (index === undefined)
      throw new PodError(
        'LABEL_UNKNOWN',
        `label "${value}" of row ${i} in column "${label.column}" is none of ${label.values.join(', ')}`,
      )
    return index
  })
}

/** Returns the values of a column as they are, null for missing. */
export async function valuesOf(rows: AnyRelation, column: string): Promise<readonly (string | number | null)[]> {
  return (await untyped(rows).select(column).rows()).map(
    (row) => (row as Readonly<Record<string, string | number | null>>)[column],
  )
}

/** Returns each row's group: the values of the `by` columns joined; missing values are a group of their own. */
export async function groupsOf(rows: AnyRelation, by: readonly string[]): Promise<readonly string[]> {
  const columns = await Promise.all(by.map((column) => valuesOf(rows, column)))
  const n = columns[0]?.length ?? 0
  return Array.from({ length: n }, (_, i) =>
    columns.map((column, j) => `${by.length > 1 ? `${by[j]}=` : ''}${column[i] ?? '(missing)'}`).join(' '),
  )
}
