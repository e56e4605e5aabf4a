import { PodError } from '@mlpod/contract'
import { type AnyRelation, untyped } from '@mlpod/data'
import { OUTCOME_RISKS } from './outcomeRisks.ts'
import { checkThresholds, type RiskCurves } from './riskCurve.ts'
import { thresholdCurves } from './thresholdCurve.ts'
import { BINARY_KINDS, defaultGrid, type ThresholdRiskOptions } from './thresholdRisks.ts'

/** Columns of a table of scores, and settings of their risks. */
export interface TableRiskOptions extends Omit<ThresholdRiskOptions, 'groups'> {
  readonly score: string
  /** 0 or 1, or true or false. */
  readonly label: string
  /** The column of each row's group. */
  readonly groupBy?: string
}

/**
 * Returns the risks of "class 1 if and only if score >= lambda" over a table: the engine counts rows by the thresholds that they
 * reach, their label and group, and only these counts leave it. Missing scores abstain. As `binaryRisks`, but without single
 * losses, so that bounds and tests take counts alone. Throws `COLUMN_UNKNOWN`, `CALIBRATION_EMPTY`, `LABEL_UNKNOWN`,
 * `LAMBDAS_INVALID`.
 */
export async function binaryRisksOfTable(
  table: AnyRelation,
  { score, label, groupBy, lambdas = defaultGrid, risks = {} }: TableRiskOptions,
): Promise<RiskCurves> {
  checkThresholds(lambdas)
  const { sql } = table.engine
  const number = sql.cast(sql.column(score), 'DOUBLE')
  const rows = await untyped(table)
    .derive({
      // a NaN is above all numbers to the engine
      cell: () =>
        sql.cond(
          sql.or(sql.isNull(number), sql.isNaN(number)),
          sql.literal(-1),
          lambdas
            .map((lambda) => sql.cast(sql.gte(number, sql.literal(lambda)), 'INTEGER'))
            .reduce((sum, reached) => sql.add(sum, reached) as never),
        ),
      truth: () => sql.cast(sql.column(label), 'INTEGER'),
      side: () =>
        groupBy === undefined
          ? sql.literal('')
          : sql.coalesce(sql.cast(sql.column(groupBy), 'VARCHAR'), sql.literal('')),
    })
    .groupBy(['cell', 'truth', 'side'], { rows: ({ count }) => count() })
    .rows()
  if (rows.length === 0) throw new PodError('CALIBRATION_EMPTY', 'there is no calibration row')
  for (const { truth } of rows)
    if (truth !== 0 && truth !== 1)
      throw new PodError('LABEL_UNKNOWN', `the label ${truth} in column "${label}" is neither 0 nor 1`)
  const cells = rows.map((row) => Number(row.cell))
  return thresholdCurves(
    {
      cells: Uint32Array.from(cells, (cell) => Math.max(0, cell)),
      kind: Uint32Array.from(rows, (row, i) => Number(row.truth) + (cells[i] < 0 ? 2 : 0)),
      kinds: BINARY_KINDS,
      ...(groupBy === undefined ? {} : { groups: rows.map((row) => String(row.side)) }),
      counts: rows.map((row) => Number(row.rows)),
    },
    { ...OUTCOME_RISKS, ...risks },
    lambdas,
  )
}
