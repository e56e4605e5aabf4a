import { expect, test } from 'vitest'
import reference from '../../../../conformance/data/quality.json' with { type: 'json' }
import { relationOf } from '../ingest.ts'
import { bool, float, int, rowSchema, string } from '../schema.ts'
import { classificationQuality, regressionQuality, tableQuality } from './index.ts'

const near = (found: number | null, expected: number): void => {
  expect(found).not.toBeNull()
  expect(Math.abs(found! - expected)).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(expected)))
}

test('the quality of predicted numbers equals Evidently, the best constants among it', async () => {
  const { data, quality, dummy } = reference.regression
  const table = await relationOf(data, { schema: rowSchema({ y: float(), p: float() }) })
  const found = await regressionQuality(table, { target: 'y', predicted: 'p' })
  near(found.r2, quality.r2_score)
  near(found.rmse, quality.rmse)
  near(found.error.mean, quality.mean_error)
  near(found.error.sd, quality.error_std)
  near(found.absoluteError.mean, quality.mean_abs_error)
  near(found.absoluteError.sd, quality.abs_error_std)
  near(found.percentageError.mean, quality.mean_abs_perc_error)
  near(found.percentageError.sd, quality.abs_perc_error_std)
  near(found.largestError, quality.abs_error_max)
  near(found.dummy.meanAbsoluteError, dummy.mean_abs_error_default)
  near(found.dummy.rmse, dummy.rmse_default)
  near(found.dummy.percentageError, dummy.mean_abs_perc_error_default)
  near(found.dummy.largestError, dummy.abs_error_max_default)
  const { underestimation, majority, overestimation } = found.groups
  expect(underestimation.mean! < majority.mean! && majority.mean! < overestimation.mean!).toBe(true)
})

test('targets of zero count as one error, are left out, or are divided by epsilon; the sign of a target does not matter', async () => {
  const table = await relationOf({ y: [0, -2, 4], p: [1, -1, 5] }, { schema: rowSchema({ y: float(), p: float() }) })
  const columns = { target: 'y', predicted: 'p' }
  const share = async (options: object) =>
    (await regressionQuality(table, { ...columns, ...options })).percentageError.mean
  near(await share({}), (100 * (1 + 0.5 + 0.25)) / 3)
  near(await share({ zeros: 'drop' }), (100 * 0.75) / 2)
  near(await share({ zeros: 'epsilon', epsilon: 0.5 }), (100 * (2 + 0.75)) / 3)
})

test('the quality of two classes by probability equals Evidently', async () => {
  const { data, quality } = reference.binary
  const table = await relationOf(data, { schema: rowSchema({ y: int(), p: float() }) })
  const found = await classificationQuality(table, { target: 'y', score: 'p' })
  for (const [ours, peer] of [
    ['accuracy', 'accuracy'],
    ['precision', 'precision'],
    ['recall', 'recall'],
    ['f1', 'f1'],
    ['rocAuc', 'roc_auc'],
    ['logLoss', 'log_loss'],
    ['tpr', 'tpr'],
    ['tnr', 'tnr'],
    ['fpr', 'fpr'],
    ['fnr', 'fnr'],
  ] as const)
    near(found[ours], quality[peer])
})

test('the quality of many classes, over all and by class, equals Evidently, and is grouped by the engine', async () => {
  const { data, quality, byClass } = reference.many
  const table = await relationOf(data, { schema: rowSchema({ y: string(), yhat: string() }) })
  const found = await classificationQuality(table, { target: 'y', predicted: 'yhat' })
  for (const key of ['accuracy', 'precision', 'recall', 'f1'] as const) near(found[key], quality[key])
  for (const [label, peer] of Object.entries(byClass))
    for (const key of ['precision', 'recall', 'f1', 'support'] as const) near(found.byLabel[label][key], peer[key])
  expect(found).toMatchObject({ rocAuc: null, tpr: null, n: 120 })
})

test('probabilities of many classes give an area for each class', async () => {
  const table = await relationOf(
    { y: ['a', 'b', 'c', 'a'], a: [0.8, 0.1, 0.2, 0.3], b: [0.1, 0.8, 0.2, 0.4], c: [0.1, 0.1, 0.6, 0.3] },
    { schema: rowSchema({ y: string(), a: float(), b: float(), c: float() }) },
  )
  const found = await classificationQuality(table, { target: 'y', score: { a: 'a', b: 'b', c: 'c' } })
  expect(found.confusion).toEqual([
    [1, 1, 0],
    [0, 1, 0],
    [0, 0, 1],
  ])
  near(found.byLabel.a.rocAuc, 1)
  near(found.logLoss, -(Math.log(0.8) + Math.log(0.8) + Math.log(0.6) + Math.log(0.3)) / 4)
})

test('missing answers are left out and counted; truth values are classes', async () => {
  const schema = rowSchema({ y: bool({ nullable: true }), yhat: bool({ nullable: true }) })
  const table = await relationOf({ y: [true, false, null, true], yhat: [true, null, true, false] }, { schema })
  expect(await classificationQuality(table, { target: 'y', predicted: 'yhat' })).toMatchObject({
    n: 2,
    dropped: 2,
    accuracy: 0.5,
    dummy: { accuracy: 1, logLoss: 0 },
  })
})

test('what is odd about a table equals Evidently', async () => {
  const peer = reference.table
  const table = await relationOf(
    {
      x: [1, 2, 2, null, 5, 5],
      same: [1, 2, 2, null, 5, 5],
      one: [7, 7, 7, 7, 7, 7],
      none: [null, null, null, null, null, null],
      s: ['a', 'b', 'b', null, 'c', 'c'],
      t: ['a', 'b', 'b', null, 'c', 'd'],
    },
    {
      schema: rowSchema({
        x: float({ nullable: true }),
        same: float({ nullable: true }),
        one: int(),
        none: float({ nullable: true }),
        s: string({ nullable: true }),
        t: string({ nullable: true }),
      }),
    },
  )
  const found = await tableQuality(table)
  expect(found).toMatchObject({
    rows: peer.number_of_rows,
    columns: peer.number_of_columns,
    missing: peer.number_of_missing_values,
    missingShare: peer.number_of_missing_values / 36,
    duplicatedRows: peer.number_of_duplicated_rows,
    emptyRows: peer.number_of_empty_rows,
    emptyColumns: ['none'],
    constantColumns: ['one', 'none'],
    almostConstantColumns: ['one'],
    duplicatedColumns: [{ columns: ['x', 'same'], share: 1 }],
    almostDuplicatedColumns: [],
  })
  const { almostDuplicatedColumns } = await tableQuality(table, { threshold: 0.5 })
  expect(almostDuplicatedColumns.map(({ columns }) => columns.join())).toEqual(['x,same', 's,t'])
})

test('questions that make no sense are refused, and empty tables have no quality but no error', async () => {
  const schema = rowSchema({ y: int(), p: float(), s: string() })
  const data = await relationOf({ y: [], p: [], s: [] }, { schema })
  await expect(regressionQuality(data, { target: 'y', predicted: 's' })).rejects.toThrow(/no numbers/)
  await expect(regressionQuality(data, { target: 'Y', predicted: 'p' })).rejects.toThrow(/"y"/)
  await expect(classificationQuality(data, { target: 'y' })).rejects.toThrow(/neither/)
  await expect(tableQuality(data, { threshold: 0.2 })).rejects.toThrow(/0.2/)
  expect(await regressionQuality(data, { target: 'y', predicted: 'p' })).toMatchObject({ n: 0, rmse: null })
  expect(await classificationQuality(data, { target: 'y', predicted: 'y' })).toMatchObject({ n: 0, labels: [] })
  expect(await tableQuality(data)).toMatchObject({ rows: 0, missingShare: 0, almostDuplicatedColumns: [] })
  const two = await relationOf({ y: [0, 1], p: [0.2, 0.7], s: ['a', 'b'] }, { schema })
  await expect(classificationQuality(two, { target: 's', predicted: 's' })).rejects.toThrow(/positive class "1"/)
  await expect(classificationQuality(two, { target: 's', score: 'p', positive: 'c' })).rejects.toThrow(
    /probability of "c" alone/,
  )
})
