import type { Profile } from './types.ts'

/** Returns a profile in which no value of a cell stands: counts, shares and averages stay. */
export function withoutValues(whole: Profile): Profile {
  return {
    ...whole,
    columns: whole.columns.map(({ number, text, date, ...column }) => ({
      ...column,
      top: column.top.map(({ count }) => ({ value: null, count })),
      sketch: null,
      ...(number ? { number: { ...number, min: null, max: null, range: null, quantiles: null, histogram: null } } : {}),
      ...(text ? { text: { ...text, content: null } } : {}),
      ...(date ? { date: { ...date, min: null, max: null, histogram: null } } : {}),
    })),
    // what an expectation compares with is of the values
    alerts: whole.alerts.map((alert) => ({
      ...alert,
      expectation: alert.expectation && 'partition' in alert.expectation ? null : alert.expectation,
    })),
    interactions: [],
    time: whole.time && { ...whole.time, first: null, last: null, longestGaps: [] },
    first: [],
    sensitive: true,
  }
}
