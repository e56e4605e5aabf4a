import { PodError } from '@mlpod/contract'
import type { Runs } from '../runs.ts'

/** What a test of two samples gives. */
export interface TestResult {
  readonly statistic: number
  readonly pValue: number
}

/** Which difference a test looks for: of the first sample against the second. */
export type Alternative = 'two-sided' | 'less' | 'greater'

/** Throws `SAMPLE_TOO_SMALL` unless both sides have at least `least` values. */
export function checkSizes(a: Runs, b: Runs, test: string, least = 1): void {
  for (const [side, { n }] of [['first', a] as const, ['second', b] as const])
    if (n < least)
      throw new PodError('SAMPLE_TOO_SMALL', `the ${side} sample has ${n} values; ${test} needs at least ${least}`, {
        hint: 'missing values are left out before a test',
      })
}
