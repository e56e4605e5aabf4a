import { expect, test } from 'vitest'
import { checkMetrics } from './index.ts'

const found = {
  rmse: 1.2,
  error: { mean: -0.1 },
  byLabel: { a: { recall: 0.9 } },
  constantColumns: ['x'],
  none: null,
  kind: 'b',
}

test('each comparison is its own result, in words', () => {
  expect(
    checkMetrics(found, {
      rmse: { lte: 1.1, gt: 0 },
      'byLabel.a.recall': { gte: 0.9 },
      constantColumns: { eq: 0, critical: false },
    }),
  ).toEqual([
    { metric: 'rmse', value: 1.2, status: 'fail', sentence: 'rmse 1.2 is at most 1.1' },
    { metric: 'rmse', value: 1.2, status: 'pass', sentence: 'rmse 1.2 is above 0' },
    { metric: 'byLabel.a.recall', value: 0.9, status: 'pass', sentence: 'byLabel.a.recall 0.9 is at least 0.9' },
    { metric: 'constantColumns', value: 1, status: 'warning', sentence: 'constantColumns 1 is 0' },
  ])
  expect(
    checkMetrics(found, { kind: { in: ['a', 'b'], notIn: ['b'] }, none: { lt: 1 } }).map(({ status }) => status),
  ).toEqual(['pass', 'fail', 'error'])
})

test('the reference is a threshold, give or take a share or an amount', () => {
  const status = (rmse: object, reference = 1.1) =>
    checkMetrics(found, { rmse }, { reference: { rmse: reference } })[0].status
  expect(status({ lte: { reference: {} } })).toBe('fail')
  expect(status({ lte: { reference: { relative: 0.1 } } })).toBe('pass')
  expect(status({ eq: { reference: { absolute: 0.05 } } })).toBe('fail')
  expect(status({ gte: { reference: { absolute: 0.2 } } }, 1.35)).toBe('pass')
  expect(() => checkMetrics(found, { rmse: { lte: { reference: {} } } })).toThrow(/none is given/)
})

test('a metric that is not there is named with the nearest one', () => {
  expect(() => checkMetrics(found, { rsme: { lte: 1 } })).toThrow(/"rmse"/)
  expect(() => checkMetrics(found, { 'error.maen': { lte: 1 } })).toThrow(/"mean"/)
  expect(() => checkMetrics(found, { error: { lte: 1 } })).toThrow(/no number/)
})
