import { aggregateEntries } from './aggregate.ts'
import { cramersEntries } from './cramers.ts'
import { distributionEntries } from './distribution.ts'
import type { Expectation, ExpectationType } from './expectation.ts'
import { mapEntries } from './map.ts'
import { orderEntries } from './order.ts'
import { outlierEntries } from './outliers.ts'
import { parsedEntries } from './parsed.ts'
import { partitionEntries } from './partition.ts'
import { patternEntries } from './patterns.ts'
import type { Entry } from './plan.ts'
import { queryEntries } from './query.ts'
import { severalEntries } from './several.ts'
import { tableEntries } from './table.ts'
import { uniqueEntries } from './unique.ts'
import { valueEntries } from './values.ts'

const table = {
  ...mapEntries,
  ...orderEntries,
  ...patternEntries,
  ...parsedEntries,
  ...outlierEntries,
  ...uniqueEntries,
  ...severalEntries,
  ...aggregateEntries,
  ...valueEntries,
  ...partitionEntries,
  ...distributionEntries,
  ...cramersEntries,
  ...tableEntries,
  ...queryEntries,
} as const satisfies Readonly<Record<ExpectationType, Entry<never>>>

/** Every expectation by its name. */
export const entries = table as unknown as Readonly<Record<ExpectationType, Entry<Expectation>>>
