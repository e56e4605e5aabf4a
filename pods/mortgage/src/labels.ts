import { type AnyRelation, untyped } from 'mlpod/data'

/** The class of each row: 1 approved, 0 rejected. */
export async function labelsOf(rows: AnyRelation): Promise<Int32Array> {
  const { approve } = await untyped(rows).toColumns('approve')
  return Int32Array.from(approve.data as Float64Array)
}
