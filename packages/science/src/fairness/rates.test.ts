import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { countGroups, type GroupRate, groupRates, largestDifference, rateOf } from './rates.ts'

interface Case {
  readonly group: readonly string[]
  readonly outcome: readonly number[]
  readonly prediction: readonly number[]
  readonly byGroup: Readonly<Record<GroupRate, Readonly<Record<string, number>>>>
  readonly difference: Readonly<Record<GroupRate, number>>
  readonly equalizedOdds: number
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../conformance/science/fairness.json', import.meta.url), 'utf8'),
) as { cases: readonly Case[] }

test('group rates, their differences and equalized odds equal those of fairlearn 0.15.0', () => {
  for (const { group, outcome, prediction, byGroup, difference, equalizedOdds } of cases) {
    const counts = countGroups(prediction, outcome, group)
    for (const rate of Object.keys(groupRates) as GroupRate[]) {
      for (const count of counts) expect(rateOf(groupRates[rate](count))).toBeCloseTo(byGroup[rate][count.group], 12)
      expect(largestDifference(counts, rate)?.value).toBeCloseTo(difference[rate], 12)
    }
    const odds = Math.max(
      ...(['truePositiveRate', 'falsePositiveRate'] as const).map(
        (rate) => largestDifference(counts, rate)?.value as number,
      ),
    )
    expect(odds).toBeCloseTo(equalizedOdds, 12)
  }
})

test('a group without positives has no true positive rate, rather than a made-up zero', () => {
  const counts = countGroups([1, 0, 1, 0], [1, 1, 0, 0], ['a', 'a', 'b', 'b'])
  expect(rateOf(groupRates.truePositiveRate(counts[1]))).toBeNaN()
  expect(largestDifference(counts, 'truePositiveRate')).toBeUndefined()
})

test('rows without a group, other labels and uneven lengths are refused', () => {
  expect(() => countGroups([1], [1], [null])).toThrow(/row 0 has no group/)
  expect(() => countGroups([2], [1], ['a'])).toThrow(/2 of row 0/)
  expect(() => countGroups([1, 0], [1], ['a'])).toThrow(/do not match/)
})
