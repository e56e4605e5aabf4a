import { PodError, type Quantity } from '@mlpod/contract'
import { type AnyRelation, type Expression, type Relation, untyped } from '@mlpod/data'
import { answersOf } from '../guard/answers.ts'
import type { ModelAndData, ModelAndRows } from '../uncertainty/covers.ts'

/** A way in which applications may come from another world: columns replaced by expressions of themselves. */
export interface Shift {
  readonly name: string
  readonly columns: Readonly<Record<string, Expression>>
}

/** Returns the rows after the shift, the columns in their old order. */
export const shifted = (rows: AnyRelation, { columns }: Shift): Relation =>
  untyped(rows)
    .derive(columns)
    .select(...untyped(rows).columns)

/**
 * The share of shifted rows that the model flags as out of distribution (p-value at or below its level), one part a shift.
 * Throws `SHIFTS_MISSING` for an empty list.
 */
export function flaggedShare({ model, data, shifts }: ModelAndData & { readonly shifts: readonly Shift[] }): Quantity {
  if (shifts.length === 0) throw new PodError('SHIFTS_MISSING', 'there is no shift to look for')
  return {
    quantity: 'share of shifted rows flagged',
    data: { model, data },
    async measure(inputs) {
      const { model, data } = inputs as ModelAndRows
      const parts = []
      let level = 0
      for (const shift of shifts) {
        const { oodP, guard, n } = await answersOf(model, shifted(data, shift))
        level = guard.oodLevel
        parts.push({
          name: shift.name,
          measurement: { kind: 'proportion' as const, successes: oodP.filter((p) => p <= guard.oodLevel).length, n },
        })
      }
      return { parts, dropped: 0, method: `conformal out-of-distribution p-value <= ${level}` }
    },
  }
}

/** The share of rows from the same source that the model flags as out of distribution: its false alarms. */
export const falseAlarmRate = ({ model, data }: ModelAndData): Quantity => ({
  quantity: 'false alarm rate',
  data: { model, data },
  async measure(inputs) {
    const { model, data } = inputs as ModelAndRows
    const { oodP, guard, n } = await answersOf(model, data)
    return {
      whole: { kind: 'proportion', successes: oodP.filter((p) => p <= guard.oodLevel).length, n },
      dropped: 0,
      method: `conformal out-of-distribution p-value <= ${guard.oodLevel}`,
    }
  },
})
